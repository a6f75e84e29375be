"""Which report belongs to which object: COCO's greedy matching, all views and categories at once.

Groups (one view, one category) do not influence one another, so the matching advances every group by one rank of the
score order at a time, over one flat list of overlapping pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from physadv.metrics.tables import F64, I64, Bool, Findings, Truth


@dataclass(frozen=True, slots=True)
class Matches:
    """The outcome of one matching. ``order`` sorts findings as COCO does; the other rows follow the tables' order."""

    order: I64  # (K,) findings that took part, best first; ties keep the order of views
    matched: Bool  # (D,) found an object, judged or not
    ignored: Bool  # (D,) matched to an object that is not judged
    found: Bool  # (M,) judged objects that were found


def overlaps(boxes: F64, others: F64, crowd: Bool | None = None) -> F64:
    """``(P,)`` IoU of paired ``(P, 4)`` boxes; where the other is a crowd, the share of the first that lies inside."""
    wide = np.minimum(boxes[:, 2], others[:, 2]) - np.maximum(boxes[:, 0], others[:, 0])
    tall = np.minimum(boxes[:, 3], others[:, 3]) - np.maximum(boxes[:, 1], others[:, 1])
    shared = wide.clip(0) * tall.clip(0)
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    other = (others[:, 2] - others[:, 0]) * (others[:, 3] - others[:, 1])
    union = area + other - shared if crowd is None else np.where(crowd, area, area + other - shared)
    share: F64 = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return share


def pairs_within(left: I64, right: I64) -> tuple[I64, I64]:
    """All pairs ``(i, j)`` with ``left[i] == right[j]``, ordered by ``i``, then ``j``."""
    by_key = np.argsort(right, kind="stable")
    start = np.searchsorted(right[by_key], left, "left")
    count = np.searchsorted(right[by_key], left, "right") - start
    i = np.repeat(np.arange(len(left)), count)
    within = np.arange(len(i)) - np.repeat(np.cumsum(count) - count, count)
    return i, by_key[np.repeat(start, count) + within]


def group_keys(truth: Truth, findings: Findings) -> tuple[I64, I64]:
    """One number per (view, category) for every object and every finding."""
    span = 1 + max((int(c.max()) for c in (truth.category, findings.category) if len(c)), default=0)
    return truth.view_of * span + truth.category, findings.view_of * span + findings.category


def rank_in_group(group: I64, scores: F64) -> I64:
    """``(D,)`` 0 for the best-scored finding of its group, 1 for the next; ties keep their order."""
    order = np.lexsort((np.arange(len(group)), -scores, group))
    starts = np.searchsorted(group[order], group[order], "left")
    rank = np.empty(len(group), dtype=np.int64)
    rank[order] = np.arange(len(group)) - starts
    return rank


def match(truth: Truth, findings: Findings, iou: float, per_group: int = 100) -> Matches:
    """Give each finding, best first, the free object it overlaps most; at least ``iou``, of its own view and category.

    Objects that are not judged are taken only when no judged one fits. Crowds may be taken again and again, and what
    counts is how much of the finding lies inside. Only the ``per_group`` best findings of a group take part.
    """
    object_group, finding_group = group_keys(truth, findings)
    rank = rank_in_group(finding_group, findings.scores)
    finding, thing = pairs_within(finding_group, object_group)
    crowd = truth.crowd[thing]
    overlap = overlaps(findings.boxes_xyxy_px[finding], truth.boxes_xyxy_px[thing], crowd)
    keep = (overlap >= min(iou, 1 - 1e-10)) & (rank[finding] < per_group)
    finding, thing, overlap = finding[keep], thing[keep], overlap[keep]
    # the first of each finding's pairs that is still free is its match; equal overlap: the later object, as in COCO
    best = np.lexsort((-thing, -overlap, ~truth.judged[thing], finding, rank[finding]))
    finding, thing = finding[best], thing[best]
    chosen = np.full(len(rank), -1, dtype=np.int64)
    taken = np.zeros(len(truth.judged), dtype=np.bool_)
    bounds = np.searchsorted(rank[finding], np.arange(rank[finding].max(initial=-1) + 2), "left")
    for low, high in pairwise(bounds):
        free = low + np.flatnonzero(truth.crowd[thing[low:high]] | ~taken[thing[low:high]])
        _, first = np.unique(finding[free], return_index=True)
        chosen[finding[free[first]]] = thing[free[first]]
        taken[thing[free[first]]] = True
    matched = chosen >= 0
    ignored = matched.copy()
    ignored[matched] = ~truth.judged[chosen[matched]]
    order = np.lexsort((rank, findings.view_of, -findings.scores))
    return Matches(order[rank[order] < per_group], matched, ignored, taken & truth.judged)
