"""Matched reports in the order of their scores, accumulated into average precision for many resamples at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from physadv.metrics.matching import candidates, settle
from physadv.metrics.tables import F64, I64, Bool, Findings, Truth

RECALLS = np.linspace(0.0, 1.0, 101)
AT_ONCE = 1 << 21  # reports times resamples held in memory together: 16 MiB a column


@dataclass(frozen=True, slots=True)
class Ranking:
    """One category's reports, best first, with what each is worth at every IoU threshold."""

    image_of: I64  # (K,)
    copy_of: I64  # (K,) 0: counts as often as its image was drawn; c: once, when that was at least c times
    right: tuple[I64, ...]  # for each IoU: the rows that found a judged object, ascending
    ignored: tuple[I64, ...]  # for each IoU: the rows that found an object that is not judged, ascending
    judged_per_image: F64  # (I,)

    def precision(self, weights: F64) -> tuple[F64, F64]:
        """``(R, T)`` 101-point average precision in every resample, 0 without judged objects; and their number (R,)."""
        judged = weights @ self.judged_per_image
        out = np.zeros((len(weights), len(self.right)))
        step = max(1, AT_ONCE // max(len(self.image_of), 1))
        for low in range(0, len(weights) if any(map(len, self.right)) else 0, step):
            rows = slice(low, low + step)
            out[rows] = self._precision(weights[rows], judged[rows])
        return out, judged

    def _precision(self, weights: F64, judged: F64) -> F64:
        drawn = weights[:, self.image_of]
        single = np.flatnonzero(self.copy_of)
        drawn[:, single] = drawn[:, single] >= self.copy_of[single]
        reported = np.cumsum(drawn, axis=1)
        reached = _recalls_reached(judged.astype(np.int64))
        out = np.zeros((len(weights), len(self.right)))
        for column, (right, ignored) in enumerate(zip(self.right, self.ignored, strict=True)):
            hits = np.cumsum(drawn[:, right], axis=1)
            tried = reported[:, right]
            if len(ignored):
                passed = np.cumsum(np.pad(drawn[:, ignored], ((0, 0), (1, 0))), axis=1)
                tried -= passed[:, np.searchsorted(ignored, right)]
            out[:, column] = _area(hits, tried, reached)
        return out


def _recalls_reached(judged: I64) -> I64:
    """``(R, J)`` how many of the 101 recalls are reached with so many of ``judged`` objects found."""
    some = np.maximum(judged, 1)[:, None]
    # the smallest whole number whose share, rounded as the library rounds it, is not below the recall
    need = np.ceil(RECALLS * some).astype(np.int64)
    need += need / some < RECALLS
    need -= (need > 0) & ((need - 1) / some >= RECALLS)
    width = int(some.max()) + 2
    flat = (np.arange(len(some))[:, None] * width + need).ravel()
    return np.cumsum(np.bincount(flat, minlength=len(some) * width).reshape(-1, width), axis=1)


def _area(hits: F64, tried: F64, reached: I64) -> F64:
    """``(R,)`` the mean over 101 recalls of the best precision at that recall or more, from the rows that are right."""
    if not hits.shape[1]:
        return np.zeros(len(hits))
    precision = hits / np.maximum(tried, 1)
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    width = reached.shape[1]
    count = reached.ravel()[hits.astype(np.int64) + np.arange(len(hits))[:, None] * width]
    new = np.diff(count, axis=1, prepend=0)
    area: F64 = np.einsum("rt,rt->r", envelope, new) / len(RECALLS)
    return area


def rankings(truth: Truth, findings: Findings, ious: Sequence[float], copies: int = 1) -> Iterator[Ranking]:
    """Match once an IoU; a :class:`Ranking` of each judged category, good for images drawn up to ``copies`` times."""
    images = int(truth.image_of_view.max(initial=-1)) + 1
    mine = findings[np.isin(findings.category, truth.judged_categories)]
    pairs = candidates(truth, mine, min(ious))
    matches = [settle(truth, pairs, iou) for iou in ious]
    right = [m.matched & ~m.ignored for m in matches]
    category = mine.category[pairs.order]
    for number in truth.judged_categories:
        rows = pairs.order[category == number]
        judged = truth.judged & (truth.category == number)
        view, score = mine.view_of[rows], mine.scores[rows]
        wanted = np.logical_or.reduce([one[rows] for one in right]) if len(rows) else np.zeros(0, np.bool_)
        picks, copy_of = _spread(np.r_[True, (view[1:] != view[:-1]) | (score[1:] != score[:-1])][: len(rows)],
                                 wanted, copies)  # fmt: skip
        rows = rows[picks]
        yield Ranking(
            truth.image_of_view[mine.view_of[rows]],
            copy_of,
            tuple(np.flatnonzero(one[rows]) for one in right),
            tuple(np.flatnonzero(m.ignored[rows]) for m in matches),
            np.bincount(truth.image_of_view[truth.view_of[judged]], minlength=images).astype(np.float64),
        )


def _spread(first: Bool, right: Bool, copies: int) -> tuple[I64, I64]:
    """Rows to take, and their copy, so that weighting them equals copying their views.

    Copies of a view come one after another in COCO's order. That matters only where a view has equal scores (blocks
    that begin at ``first``) of which some are right: such a block is repeated as a whole.
    """
    block = np.cumsum(first) - 1
    size, any_right = np.bincount(block), np.bincount(block, right)
    mixed = ((size > 1) & (any_right > 0))[block] if len(block) else np.zeros(0, np.bool_)
    if copies < 2 or not mixed.any():
        return np.arange(len(first)), np.zeros(len(first), dtype=np.int64)
    times = np.where(mixed, copies, 1)
    picks = np.repeat(np.arange(len(first)), times)
    copy_of = np.arange(len(picks)) - np.repeat(np.cumsum(times) - times, times) + 1
    copy_of[~mixed[picks]] = 0
    order = np.lexsort((picks, copy_of, block[picks]))
    return picks[order], copy_of[order]
