"""Random resizing and padding: Xie et al., "Mitigating Adversarial Effects Through Randomization", ICLR 2018."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from physadv.core.access import Task
from physadv.core.defended import RandomlyDefended
from physadv.core.defense_kind import DefenseKind
from physadv.core.protocols import Victim
from physadv.core.wrapped import Inner, InnerDecision
from physadv.parts.defenses.options import ResizePadConfig


class ResizePad:
    """Shows the victim a picture that is enlarged by chance and lies anywhere on a larger canvas."""

    kind = DefenseKind.random

    def __init__(self, config: ResizePadConfig) -> None:
        self.config = config

    @property
    def name(self) -> str:
        return f"resize-pad-{self.config.largest:g}"

    def around(self, victim: Victim[Any, Any]) -> Victim[Any, Any]:
        """The victim that sees the canvas; boxes come back in the picture's own pixels."""
        return Resized(victim, self, self.config)


class Resized(RandomlyDefended[Inner, InnerDecision]):
    """The victim behind random resizing and padding."""

    def __init__(self, victim: Victim[Inner, InnerDecision], defense: ResizePad, config: ResizePadConfig) -> None:
        super().__init__(victim, defense, asdict(config))
        self.config, self._resizes = config, defense

    def passed_on(self, images: Tensor) -> Tensor:
        """The canvases, ``(B,3,⌈largest·H⌉,⌈largest·W⌉)``."""
        return self._laid(images)[0]

    def outputs(self, images: Tensor) -> Inner:
        """The victim's on the canvases, with boxes where the objects are in ``images``."""
        canvases, corners, scales = self._laid(images)
        outputs: Any = self.victim.outputs(canvases)
        if self.task is not Task.detection:
            return outputs  # type: ignore[no-any-return]
        boxes = (outputs.boxes_xyxy_px - corners.repeat(1, 2)[:, None]) / scales.repeat(1, 2)[:, None]
        height, width = images.shape[-2:]
        edges = boxes.new_tensor([width, height, width, height])
        back: Any = replace(outputs, boxes_xyxy_px=boxes.minimum(edges).clamp_min(0))
        return back  # type: ignore[no-any-return]

    def to(self, device: torch.device | str) -> Resized[Inner, InnerDecision]:
        """The same on another device."""
        return Resized(self.victim.to(device), self._resizes, self.config)

    def _laid(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The canvases; left and top of the pictures on them and by what these were multiplied, both ``(B,2)``."""
        height, width = images.shape[-2:]
        tall, wide = (math.ceil(round(self.config.largest * side, 6)) for side in (height, width))
        made, corners, scales = [], [], []
        for image, generator in zip(images, self.generators(images, self.config.seed), strict=True):
            share, x, y = torch.rand(3, generator=generator).tolist()
            size = [min(side + int(share * (room - side + 1)), room) for side, room in ((height, tall), (width, wide))]
            left, top = (
                int(place * (room - side + 1)) for place, room, side in ((x, wide, size[1]), (y, tall, size[0]))
            )
            larger = F.interpolate(image[None], size, mode="bilinear", align_corners=False)
            around = (left, wide - size[1] - left, top, tall - size[0] - top)
            made.append(F.pad(larger, around, value=self.config.padding))
            corners.append([left, top])
            scales.append([size[1] / width, size[0] / height])
        places, factors = (images.new_tensor(numbers) for numbers in (corners, scales))
        return torch.cat(made), places.view(-1, 2), factors.view(-1, 2)
