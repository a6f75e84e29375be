"""A face in a picture, and who finds faces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from physadv.core.types import expect


@dataclass(frozen=True, slots=True)
class Face:
    """A face by its landmarks, in pixels (centres at integers), "left" as seen in the picture."""

    box_xyxy_px: Tensor  # (4,) edges
    points_px: Tensor  # (P, 2) the finder's landmarks, in its own order
    eyes_px: Tensor  # (2, 2) the middles of the left and of the right eye

    def __post_init__(self) -> None:
        expect("Face.box_xyxy_px", self.box_xyxy_px, (4,))
        expect("Face.points_px", self.points_px, ("P", 2))
        expect("Face.eyes_px", self.eyes_px, (2, 2))

    @property
    def eye_distance_px(self) -> float:
        """Between the middles of the eyes."""
        return float(torch.linalg.vector_norm(self.eyes_px[1] - self.eyes_px[0]))


class FaceFinder(Protocol):
    """Finds faces with their landmarks. Gradient does not pass through it."""

    @property
    def name(self) -> str: ...
    @property
    def digest(self) -> str:
        """A hash of its weights."""
        ...

    def find(self, image: Tensor) -> list[Face]:
        """The faces of an image ``(3, H, W)`` sRGB in [0, 1], the most certain first."""
        ...
