"""Truth and reports as flat tables: every metric is a pass over these.

A *view* is one image under one draw. Letters: ``V`` views, ``M`` objects over all views, ``D`` findings over all views.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from physadv.core.errors import BadShape

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]
Real = npt.NDArray[np.floating[Any]]
Whole = npt.NDArray[np.integer[Any]]

MAX_DETECTIONS = 100  # best reports a view and category that take part in average precision, as in COCO


def _same_length(owner: str, *columns: Real | Whole | Bool | None) -> None:
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

    def __getitem__(self, rows: Bool | I64) -> Truth:
        """Only these objects; the views stay."""
        return Truth(
            self.image_of_view, self.view_of[rows], self.object_of[rows], self.boxes_xyxy_px[rows],
            self.category[rows], self.judged[rows], self.crowd[rows],
            None if self.distance_m is None else self.distance_m[rows],
        )  # fmt: skip

    @property
    def height_px(self) -> F64:
        """``(M,)`` heights of the boxes."""
        return self.boxes_xyxy_px[:, 3] - self.boxes_xyxy_px[:, 1]

    @property
    def judged_categories(self) -> I64:
        """The categories ``(C,)`` that have at least one judged object, ascending."""
        return np.unique(self.category[self.judged])


@dataclass(frozen=True, slots=True)
class Findings:
    """Reports of one victim under one arm."""

    view_of: Whole  # (D,)
    boxes_xyxy_px: Real  # (D, 4)
    scores: Real  # (D,)
    category: Whole  # (D,)

    def __post_init__(self) -> None:
        _same_length("Findings", self.view_of, self.boxes_xyxy_px, self.scores, self.category)
        broken = ~(np.isfinite(self.boxes_xyxy_px).all(1) & np.isfinite(self.scores))
        if broken.any():
            raise BadShape(
                f"{int(broken.sum())} of {len(broken)} reports have a box or score that is not a finite number. The "
                "victim computes them: check its file, its input range and its precision."
            )

    def __getitem__(self, rows: Bool | I64) -> Findings:
        return Findings(self.view_of[rows], self.boxes_xyxy_px[rows], self.scores[rows], self.category[rows])

    def __len__(self) -> int:
        return len(self.scores)

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

    def capped(self, per_group: int = MAX_DETECTIONS) -> Findings:
        """The ``per_group`` best of each view and category, in the order they had: no more take part in any score."""
        group = group_key(self.view_of, self.category, self.span)
        return self[rank_in_group(group, best_first(self.view_of, self.scores))[0] < per_group]

    def compact(self) -> Findings:
        """28 bytes a report instead of 56: float32, as detectors compute, and int32. Loses nothing of either."""
        return Findings(
            self.view_of.astype(np.int32),
            self.boxes_xyxy_px.astype(np.float32),
            self.scores.astype(np.float32),
            self.category.astype(np.int32),
        )

    @property
    def span(self) -> int:
        """One more than the largest category."""
        return 1 + int(self.category.max(initial=-1))


def group_key(view_of: Whole, category: Whole, span: int) -> I64:
    """One number per (view, category); ``span`` is more than any category."""
    return view_of.astype(np.int64) * span + category


def stable_order(key: I64) -> I64:
    """Stable ``argsort`` of whole numbers ``(n,)`` from 0; sorting them with their place attached is several times as
    fast.
    """
    count = max(len(key), 1)
    return np.sort(key.astype(np.int64) * count + np.arange(len(key))) % count


def best_first(view_of: Whole, scores: Real) -> I64:
    """The order ``(D,)`` in which COCO ranks reports: equal scores keep the order of views, then that of the table."""
    by_view = stable_order(view_of.astype(np.int64))
    return by_view[np.argsort(-scores[by_view], kind="stable")]


def rank_in_group(group: I64, best: I64) -> tuple[I64, I64]:
    """``(D,)`` 0 for the best report of its group, 1 for the next; and the rows by group, each group ``best`` first."""
    order = best[stable_order(group[best])]
    ordered = group[order]
    first = np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(group)]
    place = np.arange(len(group))
    rank = np.empty(len(group), dtype=np.int64)
    rank[order] = place - np.maximum.accumulate(np.where(first, place, 0))
    return rank, order


def as_written(boxes_xyxy_px: Real) -> F64:
    """``(N, 4)`` left, top, width and height to 1/10,000 px: what COCO files hold, and what overlaps are taken from."""
    left_top = boxes_xyxy_px[:, :2].astype(np.float64)
    return np.concatenate([left_top, boxes_xyxy_px[:, 2:] - left_top], axis=1).round(4)
