"""The printing condition made from its options. Imports no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from physadv.parts.printing.options import InkConfig, check

if TYPE_CHECKING:
    from physadv.parts.printing.ink import Ink


def build_ink(config: InkConfig) -> Ink | None:
    """Make the printing condition, or say which option cannot be; ``None`` where print changes nothing."""
    check(config)
    if config == InkConfig():
        return None
    from physadv.parts.printing.ink import make_ink

    return make_ink(config)
