"""What was there and what was reported, as flat tables: every metric is a pass over these.

A *view* is one image under one draw. Letters: ``V`` views, ``M`` objects over all views, ``D`` findings over all views.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from physadv.errors import BadShape

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]


def _same_length(owner: str, *columns: F64 | I64 | Bool | None) -> None:
    lengths = {len(column) for column in columns if column is not None}
    if len(lengths) > 1:
        raise BadShape(f"the columns of {owner} must be equally long, got lengths {sorted(lengths)}")


@dataclass(frozen=True, slots=True)
class Truth:
    """The objects of every view. Reports that match one that is not judged are neither right nor wrong."""

    image_of_view: I64  # (V,) views of one image are not independent: they are resampled together
    view_of: I64  # (M,)
    object_of: I64  # (M,) the same number for the same object in another draw
    boxes_xyxy_px: F64  # (M, 4)
    category: I64  # (M,)
    judged: Bool  # (M,) wears the patch, and counts
    crowd: Bool  # (M,) one box around many objects; never judged
    distance_m: F64 | None = None  # (M,) camera to object, where known

    def __post_init__(self) -> None:
        columns = (
            self.view_of,
            self.object_of,
            self.boxes_xyxy_px,
            self.category,
            self.judged,
            self.crowd,
            self.distance_m,
        )
        _same_length("Truth", *columns)

    @classmethod
    def joined(cls, parts: Sequence[Truth]) -> Truth:
        """The parts one after another; distance is known only if every part knows it. At least one part."""
        distances = [part.distance_m for part in parts if part.distance_m is not None]
        return cls(
            np.concatenate([part.image_of_view for part in parts]),
            np.concatenate([part.view_of for part in parts]),
            np.concatenate([part.object_of for part in parts]),
            np.concatenate([part.boxes_xyxy_px for part in parts]),
            np.concatenate([part.category for part in parts]),
            np.concatenate([part.judged for part in parts]),
            np.concatenate([part.crowd for part in parts]),
            np.concatenate(distances) if len(distances) == len(parts) else None,
        )

    @property
    def height_px(self) -> F64:
        """``(M,)`` heights of the boxes."""
        return self.boxes_xyxy_px[:, 3] - self.boxes_xyxy_px[:, 1]

    @property
    def judged_categories(self) -> I64:
        """The categories that have at least one judged object, ascending."""
        return np.unique(self.category[self.judged])


@dataclass(frozen=True, slots=True)
class Findings:
    """What one victim reported under one condition."""

    view_of: I64  # (D,)
    boxes_xyxy_px: F64  # (D, 4)
    scores: F64  # (D,)
    category: I64  # (D,)

    def __post_init__(self) -> None:
        _same_length("Findings", self.view_of, self.boxes_xyxy_px, self.scores, self.category)

    def __getitem__(self, rows: Bool | I64) -> Findings:
        return Findings(self.view_of[rows], self.boxes_xyxy_px[rows], self.scores[rows], self.category[rows])

    @classmethod
    def joined(cls, parts: Sequence[Findings]) -> Findings:
        """The parts one after another. At least one part."""
        return cls(
            np.concatenate([part.view_of for part in parts]),
            np.concatenate([part.boxes_xyxy_px for part in parts]),
            np.concatenate([part.scores for part in parts]),
            np.concatenate([part.category for part in parts]),
        )

    def above(self, confidence: float) -> Findings:
        """Only those scored at least ``confidence``."""
        return self[self.scores >= confidence]
