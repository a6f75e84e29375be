"""What a defence costs where nobody attacks: the scores behind it minus the bare victim's, on the same pictures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from physadv.core.defended import defended_in
from physadv.engines.judging.scoring import JudgedVictim
from physadv.library.metrics.summary import differences
from physadv.parts.patches.controls import CLEAN

AGAINST_BARE = "against_bare"
COSTS = ("AP50", "recall")


def against_bare(one: JudgedVictim, judged: Iterable[JudgedVictim]) -> dict[str, Any]:
    """The paired differences of clean pictures, behind the defences minus bare, under :data:`AGAINST_BARE`.

    Empty for a bare victim, and where the bare one is not among those that were ``judged`` on the same objects.
    """
    behind = defended_in(one.watched.victim)
    if behind is None:
        return {}
    for other in judged:
        victim = other.watched.victim
        if defended_in(victim) is None and victim.digest == behind.bare.digest:
            rows = differences(one.measured[CLEAN], other.measured[CLEAN], victim.name)
            return {AGAINST_BARE: [row for row in rows if row.score in COSTS]}
    return {}
