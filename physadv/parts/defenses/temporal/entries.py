"""Rows of defences that remember frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from physadv.core.hookspecs import Entry, hookimpl
from physadv.parts.defenses.temporal.options import HoldConfig, VoteConfig

if TYPE_CHECKING:
    from physadv.core.protocols import Defense


def _vote(config: VoteConfig) -> Defense:
    from physadv.parts.defenses.temporal.vote import Vote

    return Vote(config)


def _hold(config: HoldConfig) -> Defense:
    from physadv.parts.defenses.temporal.hold import Hold

    return Hold(config)


@hookimpl
def physadv_defenses() -> list[Entry[Any, Defense]]:
    return [
        Entry("vote", VoteConfig, _vote, "in films, what k of the last n frames report"),
        Entry(
            "hold", HoldConfig, _hold, "in films, a box that vanishes while its neighbours stay is held",
            "cf. Wang et al., NDSS 2025",
        ),
    ]  # fmt: skip
