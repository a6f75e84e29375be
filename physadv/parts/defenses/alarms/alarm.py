"""An alarm from any localiser: the victim answers as ever, and pictures in which a patch is found are told.

The score is the localiser's highest mean of 3 × 3 blocks: of what they offer, the peak tells attacked pictures from
clean ones best, better than the area of the mask. An attack has to be silent, too: its evasion is how far blocks are
above what is safe, wherever in the picture, all at once, for the peak alone would be one after another.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from physadv.core.defended import Defended
from physadv.core.defense_kind import DefenseKind
from physadv.core.protocols import Defense, Evasion, Victim
from physadv.core.types import SceneBatch
from physadv.core.wrapped import Inner, InnerDecision
from physadv.library.metrics.alarms import threshold_at
from physadv.parts.defenses.localisation.blocks import means_around
from physadv.parts.defenses.localisation.clean_pictures import clean_photos
from physadv.parts.defenses.localisation.localised import SAFE, Localiser, Together


class Alarm:
    """Watches with a localiser, and removes nothing."""

    kind = DefenseKind.alarm

    def __init__(self, of: str, localiser: Localiser, threshold: float) -> None:
        """``of`` names the localiser; an alarm is what exceeds ``threshold``."""
        self.of, self.localiser, self.threshold = of, localiser, threshold

    @property
    def name(self) -> str:
        return f"alarm-{self.of}-{self.threshold:.3g}"

    def around(self, victim: Victim[Any, Any]) -> Victim[Any, Any]:
        """The victim, of whichever task, with an alarm."""
        return Alarmed(victim, self, self.localiser, self.threshold)


class Alarmed(Defended[Inner, InnerDecision]):
    """The victim as it is, beside an alarm."""

    def __init__(
        self, victim: Victim[Inner, InnerDecision], defense: Defense, localiser: Localiser, threshold: float
    ) -> None:
        super().__init__(victim, defense, {"threshold": threshold}, localiser.weights)
        self.localiser, self.threshold = localiser, threshold

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        """The victim's and the localiser's."""
        return (*self.victim.networks, *self.localiser.networks)

    @property
    def evasion(self) -> Evasion | None:
        """To be silent, and what the defences inside ask."""
        further = super().evasion
        return Silent(self) if further is None else Together((Silent(self), further))

    def alarm(self, images: Tensor) -> Tensor:
        """``(B,)``: the highest score over the threshold, so that above 1 there is an alarm."""
        own = peak(self.localiser, images) / self.threshold
        further = super().alarm(images)
        return own if further is None else own.maximum(further)

    def to(self, device: torch.device | str) -> Alarmed[Inner, InnerDecision]:
        """The same on another device."""
        return Alarmed(self.victim.to(device), self.defense, self.localiser.to(device), self.threshold)


class Silent:
    """The evasion of an alarm: a score that stays below the threshold."""

    def __init__(self, behind: Alarmed[Any, Any]) -> None:
        self._behind = behind

    def loss(self, images: Tensor, scene: SceneBatch) -> Tensor:
        """``(B,)``: by how many thresholds the blocks that are too high are so, on average; 0 where none is."""
        score = means_around(self._behind.localiser.localise(images))
        excess = (score / self._behind.threshold - SAFE).relu()
        return excess.sum((1, 2, 3)) / (excess > 0).sum((1, 2, 3)).clamp_min(1)


def peak(localiser: Localiser, images: Tensor) -> Tensor:
    """``(B,)``: the highest mean of 3 × 3 blocks. Gradient flows to ``images``."""
    return means_around(localiser.localise(images)).amax((1, 2, 3))


@torch.no_grad()
def threshold_from(folder: str, size_px: int, localiser: Localiser, rate: float) -> float:
    """The threshold that at most this share of the photos in ``folder`` exceeds.

    Raises :class:`BadInput` where there is no such folder, or too few photos in it.
    """
    peaks = [float(peak(localiser, photo)) for photo in clean_photos(folder, size_px)]
    return threshold_at(np.array(peaks), rate)
