"""Matched reports in the order of their scores, accumulated into average precision for many resamples at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from physadv.library.metrics.matching import candidates, settle
from physadv.library.metrics.tables import F64, I64, Bool, Findings, Truth, stable_order

RECALLS = np.linspace(0.0, 1.0, 101)
AT_ONCE = 1 << 18  # reports times resamples held in memory together: what stays in a processor's cache
I32 = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Ranking:
    """One category's reports, best first, with what each is worth at every IoU threshold."""

    image_of: I64  # (K,)
    copy_of: I64  # (K,) 0: counts as often as its image was drawn; c: once, when that was at least c times
    right: tuple[I64, ...]  # for each IoU: the rows that found a judged object, ascending
    ignored: tuple[I64, ...]  # for each IoU: the rows that found an object that is not judged, ascending
    judged_per_image: F64  # (I,)

    def precision(self, weights: I32) -> tuple[F64, F64]:
        """``(R, T)`` 101-point average precision in every resample, 0 without judged objects; and their number (R,)."""
        judged: F64 = weights @ self.judged_per_image
        out = np.zeros((len(weights), len(self.right)))
        step = max(1, AT_ONCE // max(len(self.image_of), 1))
        for low in range(0, len(weights) if any(map(len, self.right)) else 0, step):
            rows = slice(low, low + step)
            out[rows] = self._precision(weights[rows], judged[rows])
        return out, judged

    def _precision(self, weights: I32, judged: F64) -> F64:
        drawn = weights.take(self.image_of, axis=1)
        single = np.flatnonzero(self.copy_of)
        drawn[:, single] = drawn[:, single] >= self.copy_of[single]
        reported = _running(drawn)
        reached = _recalls_reached(judged.astype(np.int64))
        out = np.zeros((len(weights), len(self.right)))
        for column, (right, ignored) in enumerate(zip(self.right, self.ignored, strict=True)):
            if not len(right):
                continue
            tried = reported.take(right, axis=1)
            if len(ignored):
                passed = np.pad(_running(drawn.take(ignored, axis=1)), ((0, 0), (1, 0)))
                tried -= passed.take(np.searchsorted(ignored, right), axis=1)
            out[:, column] = _area(_running(drawn.take(right, axis=1)), tried, reached)
        return out


def _running(values: I32) -> I32:
    """The running sum of every row, in one pass over all: along an axis, numpy takes several times as long."""
    total = np.cumsum(values.ravel(), dtype=np.int32).reshape(values.shape)
    total -= total[:, :1] - values[:, :1]
    return total


def _recalls_reached(judged: I64) -> npt.NDArray[np.int16]:
    """``(R, J)`` how many of the 101 recalls are reached with so many of ``judged`` objects found."""
    some = np.maximum(judged, 1)[:, None]
    # the smallest whole number whose share, rounded as the library rounds it, is not below the recall
    need = np.ceil(RECALLS * some).astype(np.int64)
    need += need / some < RECALLS
    need -= (need > 0) & ((need - 1) / some >= RECALLS)
    width = int(some.max()) + 2
    flat = (np.arange(len(some))[:, None] * width + need).ravel()
    steps = np.bincount(flat, minlength=len(some) * width)
    steps[width::width] -= len(RECALLS)  # all of a row's recalls lie in it: take them back where the next begins
    return np.cumsum(steps, dtype=np.int16).reshape(-1, width)


def _area(hits: I32, tried: I32, reached: npt.NDArray[np.int16]) -> F64:
    """``(R,)`` the mean over 101 recalls of the best precision at that recall or more, from the rows that are right."""
    count, width = hits.shape
    precision = hits / np.maximum(tried, 1)
    level = reached.take(hits + np.arange(count)[:, None] * reached.shape[1])
    new = np.diff(level, axis=1, prepend=np.int16(0)).ravel()
    at = np.flatnonzero(new)  # where another recall is reached; every row begins with one, the recall of 0
    best = np.maximum.reduceat(precision.ravel(), at)
    row = at // width
    lift = 2.0 * (count - 1 - row)  # keeps the rows apart while the best of all that follows is taken from the end
    best = np.maximum.accumulate((best + lift)[::-1])[::-1] - lift
    return np.bincount(row, best * new[at], minlength=count) / len(RECALLS)


def rankings(truth: Truth, findings: Findings, ious: Sequence[float], copies: int = 1) -> Iterator[Ranking]:
    """Match once an IoU; a :class:`Ranking` of each judged category, good for images drawn up to ``copies`` times."""
    categories = truth.judged_categories
    mine = findings[np.flatnonzero(np.isin(findings.category, categories))]
    pairs = candidates(truth, mine, min(ious))
    order = pairs.order[stable_order(mine.category[pairs.order].astype(np.int64))]  # by category, then as COCO does
    starts = np.searchsorted(mine.category[order], [*categories, np.iinfo(np.int32).max])
    place = np.empty(len(mine), dtype=np.int64)
    place[order] = np.arange(len(order))
    sides = [settle(truth, pairs, iou) for iou in ious]
    right = [np.sort(place[np.flatnonzero(side.matched & ~side.ignored)]) for side in sides]
    ignored = [np.sort(place[np.flatnonzero(side.ignored)]) for side in sides]
    images = int(truth.image_of_view.max(initial=-1)) + 1
    for number, (low, high) in zip(categories, pairwise(starts.tolist()), strict=True):
        judged = truth.judged & (truth.category == number)
        rows = order[low:high]
        view, score = mine.view_of[rows], mine.scores[rows]
        one = Ranking(
            truth.image_of_view[view],
            np.zeros(len(rows), dtype=np.int64),
            tuple(_between(places, low, high) for places in right),
            tuple(_between(places, low, high) for places in ignored),
            np.bincount(truth.image_of_view[truth.view_of[judged]], minlength=images).astype(np.float64),
        )
        first = np.r_[True, (view[1:] != view[:-1]) | (score[1:] != score[:-1])][: len(rows)]
        yield one if copies < 2 else _spread(one, first, copies)


def _between(places: I64, low: int, high: int) -> I64:
    begin, end = np.searchsorted(places, [low, high])
    return places[begin:end] - low


def _spread(ranking: Ranking, first: Bool, copies: int) -> Ranking:
    """The ranking with repeated rows, so that weighting them equals copying their views.

    Copies of a view come one after another in COCO's order. That matters only where a view has equal scores (blocks
    that begin at ``first``) of which some are right: such a block is repeated as a whole.
    """
    block = np.cumsum(first) - 1
    any_right = np.zeros(len(first), dtype=np.bool_)
    any_right[block[np.concatenate(ranking.right)]] = True
    mixed = any_right[block] & (np.bincount(block) > 1)[block]
    if not mixed.any():
        return ranking
    times = np.where(mixed, copies, 1)
    picks = np.repeat(np.arange(len(first)), times)
    copy_of = np.arange(len(picks)) - np.repeat(np.cumsum(times) - times, times) + 1
    copy_of[~mixed[picks]] = 0
    sorted_ = np.lexsort((picks, copy_of, block[picks]))
    picks, copy_of = picks[sorted_], copy_of[sorted_]

    def moved(rows: I64) -> I64:
        flag = np.zeros(len(first), dtype=np.bool_)
        flag[rows] = True
        return np.flatnonzero(flag[picks])

    return Ranking(
        ranking.image_of[picks],
        copy_of,
        tuple(map(moved, ranking.right)),
        tuple(map(moved, ranking.ignored)),
        ranking.judged_per_image,
    )
