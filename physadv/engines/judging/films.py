"""Victims that remember frames, judged on films: each of them sees every arm's film on its own, from the start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from torch import Tensor

from physadv.core.defended import defended_in, remembers
from physadv.core.protocols import Victim
from physadv.core.types import Detections, PatchImage
from physadv.engines.judging.views import JudgedView, VictimUnderTest, ViewSource


class Films:
    """The memories of the victims that have one, one an arm. Views must come in their order, none left out."""

    def __init__(self, showing: ViewSource, arms: Mapping[str, PatchImage], watched: Sequence[VictimUnderTest]) -> None:
        self._showing, self._arms = showing, arms
        self._memories: dict[tuple[int, str], Victim] = {
            (number, arm): one.victim.to(showing.device)
            for number, one in enumerate(watched)
            for arm in arms
            if remembers(one.victim)
        }

    @property
    def remembered(self) -> bool:
        """Whether any victim has a memory."""
        return bool(self._memories)

    def begin(self, view: JudgedView) -> None:
        """At the first frame that counts: forget everything, and see the frames that lead up to it."""
        if view.frame or not self._memories:
            return
        for victim in self._memories.values():
            if behind := defended_in(victim):
                behind.reset()
        for draws in view.before:
            for arm, patch in self._arms.items():
                images = self._showing.render(replace(view, draws=draws), patch)
                for (_, here), victim in self._memories.items():
                    if here == arm:
                        victim.outputs(images)

    def decided(self, number: int, arm: str, images: Tensor, from_score: float) -> tuple[Detections, ...] | None:
        """The reports of a victim that remembers for the next frame of an arm; ``None`` of one that does not."""
        victim = self._memories.get((number, arm))
        return None if victim is None else victim.decide(victim.outputs(images), from_score)
