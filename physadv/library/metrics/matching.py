"""Which report belongs to which object: COCO's greedy matching, all views and categories at once.

Groups (one view, one category) do not influence one another, so the matching advances every group by one rank of the
score order at a time, over one flat list of overlapping pairs. The list is made once for all IoU thresholds.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from physadv.library.metrics.tables import (
    F64,
    I64,
    MAX_DETECTIONS,
    Bool,
    Findings,
    Truth,
    Whole,
    as_written,
    best_first,
    group_key,
    rank_in_group,
    stable_order,
)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Every report with every object it might be given to, in the order in which they are tried."""

    finding: I64  # (P,)
    thing: I64  # (P,)
    overlap: F64  # (P,)
    rank_of_pair: I64  # (P,) ascending
    order: I64  # (K,) findings that take part, best first; ties keep the order of views
    count: int  # D


@dataclass(frozen=True, slots=True)
class Matches:
    """The outcome of one matching. ``order`` sorts findings as COCO does; the other rows follow the tables' order."""

    order: I64  # (K,) findings that took part, best first; ties keep the order of views
    chosen: I64  # (D,) the object that was found, judged or not; -1 for none
    matched: Bool  # (D,) found an object, judged or not
    ignored: Bool  # (D,) matched to an object that is not judged
    found: Bool  # (M,) judged objects that were found


def overlaps(boxes_xywh: F64, others_xywh: F64, crowd: Bool | None = None) -> F64:
    """``(P,)`` IoU of paired ``(P, 4)`` boxes; where the other is a crowd, the share of the first that lies inside."""
    shared = np.ones(len(boxes_xywh))
    for low in (0, 1):
        near = np.minimum(boxes_xywh[:, low] + boxes_xywh[:, low + 2], others_xywh[:, low] + others_xywh[:, low + 2])
        shared *= (near - np.maximum(boxes_xywh[:, low], others_xywh[:, low])).clip(0)
    area, other = boxes_xywh[:, 2] * boxes_xywh[:, 3], others_xywh[:, 2] * others_xywh[:, 3]
    union = area + other - shared if crowd is None else np.where(crowd, area, area + other - shared)
    share: F64 = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return share


def pairs_within(left: Whole, right: Whole, by_key: I64 | None = None) -> tuple[I64, I64]:
    """All pairs ``(i, j)`` with ``left[i] == right[j]``, ordered by ``i``, then ``j``.

    ``by_key`` sorts ``right``, where that is known; equal keys then come in its order.
    """
    by_key = stable_order(right.astype(np.int64)) if by_key is None else by_key
    ordered = right[by_key]
    start = np.searchsorted(ordered, left, "left")
    count = np.searchsorted(ordered, left, "right") - start
    i = np.repeat(np.arange(len(left)), count)
    within = np.arange(len(i)) - np.repeat(np.cumsum(count) - count, count)
    return i, by_key[np.repeat(start, count) + within]


def group_keys(truth: Truth, findings: Findings) -> tuple[I64, I64]:
    """One number per (view, category) for every object and every finding."""
    span = max(findings.span, 1 + int(truth.category.max(initial=-1)))
    return group_key(truth.view_of, truth.category, span), group_key(findings.view_of, findings.category, span)


def candidates(truth: Truth, findings: Findings, iou: float, per_group: int = MAX_DETECTIONS) -> Pairs:
    """Pairs of one view and category that overlap by at least ``iou``, best-scored report first.

    A report tries judged objects first, then the one it overlaps most; equal overlap: the later object, as in COCO.
    """
    object_group, finding_group = group_keys(truth, findings)
    order = best_first(findings.view_of, findings.scores)
    rank, by_group = rank_in_group(finding_group, order)
    thing, finding = pairs_within(object_group, finding_group, by_group)
    boxes, others = as_written(findings.boxes_xyxy_px), as_written(truth.boxes_xyxy_px)
    left, right = boxes[:, 0].take(finding), others[:, 0].take(thing)
    beside = (left < right + others[:, 2].take(thing)) & (right < left + boxes[:, 2].take(finding))
    finding, thing = finding[beside], thing[beside]  # most pairs of a crowded picture end here
    overlap = overlaps(boxes[finding], others[thing], truth.crowd[thing] if truth.crowd.any() else None)
    keep = np.flatnonzero(overlap >= min(iou, 1 - 1e-10))[::-1]  # the later object first
    keep = keep[rank[finding[keep]] < per_group]
    finding, thing, overlap = finding[keep], thing[keep], overlap[keep]
    turn = (rank[finding] * len(findings) + finding) * 2 + ~truth.judged[thing]
    best = np.lexsort((-overlap, turn))
    finding, thing = finding[best], thing[best]
    return Pairs(finding, thing, overlap[best], rank[finding], order[rank[order] < per_group], len(findings))


def settle(truth: Truth, pairs: Pairs, iou: float) -> Matches:
    """Give each finding, best first, the first of its pairs whose object is still free and overlaps by ``iou``.

    Crowds may be taken again and again.
    """
    keep = np.flatnonzero(pairs.overlap >= min(iou, 1 - 1e-10))
    finding, thing, rank = pairs.finding[keep], pairs.thing[keep], pairs.rank_of_pair[keep]
    crowd = truth.crowd[thing]
    chosen = np.full(pairs.count, -1, dtype=np.int64)
    taken = np.zeros(len(truth.judged), dtype=np.bool_)
    bounds = np.searchsorted(rank, np.arange(rank.max(initial=-1) + 2), "left")
    for low, high in pairwise(bounds.tolist()):
        things = thing[low:high]
        free = np.flatnonzero(crowd[low:high] | ~taken[things])
        who, what = finding[low:high][free], things[free]
        first = np.ones(len(who), dtype=np.bool_)
        first[1:] = who[1:] != who[:-1]
        chosen[who[first]] = what[first]
        taken[what[first]] = True
    matched = chosen >= 0
    ignored = matched.copy()
    ignored[matched] = ~truth.judged[chosen[matched]]
    return Matches(pairs.order, chosen, matched, ignored, taken & truth.judged)


def match(truth: Truth, findings: Findings, iou: float, per_group: int = MAX_DETECTIONS) -> Matches:
    """Give each finding, best first, the free object it overlaps most; at least ``iou``, of its own view and category.

    Objects that are not judged are taken only when no judged one fits. Crowds may be taken again and again, and what
    counts is how much of the finding lies inside. Only the ``per_group`` best findings of a group take part.
    """
    return settle(truth, candidates(truth, findings, iou, per_group), iou)
