"""Films for toy detectors: each frame says which of 4 × 4 cells hold a board."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from physadv.core.protocols import Defense
from physadv.core.types import Candidates, Detections
from physadv.testing import ToyGridDetector

SIDE = 32


def frame(*cells: int, red: float = 1.0) -> Tensor:
    """``(3,32,32)``: a board in each of these cells, numbered row by row."""
    grid = torch.zeros(3, 4, 4)
    for cell in cells:
        grid[0, cell // 4, cell % 4] = red
    return grid.repeat_interleave(SIDE // 4, 1).repeat_interleave(SIDE // 4, 2)


@dataclass(frozen=True)
class ScriptedDetector(ToyGridDetector):
    """Reports in every frame what its script says, whatever is to be seen."""

    script: list[list[tuple[float, float, float, float]]] = field(default_factory=list)

    def outputs(self, images: Tensor) -> Candidates:
        boxes = torch.tensor(self.script.pop(0)).reshape(1, -1, 4)
        return Candidates(boxes, torch.tensor([0.9, 0.0]).expand(1, boxes.shape[1], 2))


def cells_of(found: Detections) -> set[int]:
    """The cells in which boards are reported."""
    middles = (found.boxes_xyxy_px[:, :2] + found.boxes_xyxy_px[:, 2:]) / 2 // (SIDE // 4)
    return {int(x) + 4 * int(y) for x, y in middles.tolist()}


def shown(defense: Defense, film: Iterable[Tensor]) -> list[set[int]]:
    """The cells reported in every frame of one film."""
    victim = defense.around(ToyGridDetector())
    return [cells_of(victim.decide(victim.outputs(image[None]))[0]) for image in film]
