"""How each family reports: what makes a score of a logit, and which pairs of box and class come out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """The habits of ``post_process_object_detection`` of a family."""

    pairs: bool = False  # the best pairs of box and class over the image, else each box as its best class
    max_reports: int | None = None  # pairs at most; None = as many as there are boxes
    softmax: bool = False  # scores are a softmax whose last class is "nothing", else a sigmoid for each class
    padded_square: bool = False  # boxes are shares of the image's longer side
    text: bool = False  # classes are text queries
    narrowest: float = 0.0  # shorter by longer side; narrower images are padded, because the package fails on them


FAMILIES = {
    "detr": Family(softmax=True),
    "yolos": Family(softmax=True, narrowest=1 / 8),
    "conditional_detr": Family(pairs=True, max_reports=100),
    "deformable_detr": Family(pairs=True, max_reports=100),
    "rt_detr": Family(pairs=True),
    "rt_detr_v2": Family(pairs=True),
    "d_fine": Family(pairs=True),
    "owlvit": Family(text=True),
    "owlv2": Family(text=True, padded_square=True),
}
"""By ``model_type`` of the configuration."""
