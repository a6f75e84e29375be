"""No defence: the bare victim, as a row beside the defended ones."""

from __future__ import annotations

from typing import Any

from physadv.core.defense_kind import DefenseKind
from physadv.core.protocols import Victim


class Undefended:
    """Leaves the victim as it is."""

    name, kind = "none", DefenseKind.smooth

    def around(self, victim: Victim[Any, Any]) -> Victim[Any, Any]:
        """The victim itself."""
        return victim
