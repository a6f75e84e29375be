"""Proofs that stand beside decisions: an attack within their bound does not change the answer, whatever it is.

Letters in shapes: ``B`` images, ``N`` objects of a batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from physadv.core.errors import BadShape
from physadv.core.labels import index_of
from physadv.core.types import SceneBatch, expect


@dataclass(frozen=True, slots=True)
class LabelCertificate:
    """Up to which size of attack the label of each picture is proven."""

    labels: Tensor  # (B,) int64 into the victim's labels
    radii: Tensor  # (B,) in the unit; 0: nothing is proven, the defence may abstain
    unit: str  # "px, side of a patch", "L2 over sRGB"

    def __post_init__(self) -> None:
        expect("LabelCertificate.labels", self.labels, ("B",), integer=True)
        expect("LabelCertificate.radii", self.radii, self.labels.shape)

    def of_objects(self, scene: SceneBatch, labels: tuple[str, ...]) -> Tensor:
        """``(N,)`` bool: the object's own label is proven of its picture; ``labels`` are the victim's."""
        own = victim_labels(scene, labels).to(self.labels.device)
        images = scene.image_of.to(self.labels.device)
        return (self.radii[images] > 0) & (self.labels[images] == own)


@dataclass(frozen=True, slots=True)
class RecallCertificate:
    """The objects that are reported under any patch within a square, wherever it is."""

    anywhere: Tensor  # (N,) bool: also with the patch on the object
    beside: Tensor  # (N,) bool: as long as the patch leaves the object's box free
    side_px: int  # of the square

    def __post_init__(self) -> None:
        for name, value in (("anywhere", self.anywhere), ("beside", self.beside)):
            if value.shape != self.anywhere.shape or value.ndim != 1 or value.dtype != torch.bool:
                raise BadShape(f"RecallCertificate.{name} must be (N,) bool, got {tuple(value.shape)} {value.dtype}")


def victim_labels(scene: SceneBatch, labels: tuple[str, ...]) -> Tensor:
    """``(N,)`` int64: the place of each object's label among the victim's; one past its last where it has none such."""
    places = [index_of(name, labels) for name in scene.label_names]
    known = [len(labels) if place is None else place for place in places]
    return torch.tensor(known, dtype=torch.int64, device=scene.labels.device)[scene.labels]
