"""Why reports are wrong and objects missing: the exclusive kinds of TIDE (Bolya et al. 2020), and what each costs.

A report that was not given to an object has one kind, the first that fits: *misclassified* (overlaps an object of
another label by ``iou``), *duplicate* (of its own label by ``iou``, but a better report has that one), *badly
localised* (own label, IoU from 0.1), *both* (another label, IoU from 0.1), *background* (no object of the picture by
0.1). Whoever is explained by an object that is not judged is left out. Objects are *missed* as in
:mod:`physadv.library.metrics.outcomes`. We differ from TIDE in that a report's IoU of ``iou`` explains more than one of
0.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from physadv.core.types import Score
from physadv.library.metrics.interval import wilson
from physadv.library.metrics.matching import Matches, match, overlaps, pairs_within
from physadv.library.metrics.outcomes import IOU, NEARBY_IOU, Outcome, outcomes
from physadv.library.metrics.ranking import Ranking
from physadv.library.metrics.tables import F64, I64, Bool, Findings, Truth, as_written


class ErrorType(IntEnum):
    """Of error, in the order in which they are tried."""

    MISCLASSIFIED = 0
    DUPLICATE = 1
    BADLY_LOCALISED = 2
    BOTH = 3
    BACKGROUND = 4
    MISSED = 5

    @property
    def words(self) -> str:
        """As shown to people."""
        return self.name.lower().replace("_", " ")


NO_ERROR = -1  # in columns of kinds: right, ignored, or explained by an object that is not judged


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """How often one kind of error occurs, and the AP50 that would be won if it never did."""

    kind: str
    count: int  # in all views
    share: Score  # of all errors
    cost_ap50: float  # AP at ``iou`` with these mended (TIDE's oracle), minus AP as it is


def error_kinds(truth: Truth, findings: Findings, matches: Matches, iou: float) -> tuple[npt.NDArray[np.int8], I64]:
    """``(D,)`` the :class:`ErrorType` of each finding, or ``NO_ERROR``, and the object that explains it, or -1."""
    kind = np.full(len(findings), NO_ERROR, dtype=np.int8)
    explains = np.full(len(findings), -1, dtype=np.int64)
    spare = np.flatnonzero(~matches.matched)
    kind[spare] = ErrorType.BACKGROUND
    thing, which = pairs_within(truth.view_of, findings.view_of[spare])
    report = spare[which]
    overlap = overlaps(
        as_written(findings.boxes_xyxy_px[spare])[which], as_written(truth.boxes_xyxy_px)[thing], truth.crowd[thing]
    )
    near = np.flatnonzero(overlap >= NEARBY_IOU)
    thing, report, overlap = thing[near], report[near], overlap[near]
    own, full = findings.category[report] == truth.category[thing], overlap >= iou
    rank = np.select(
        [full & ~own, full & own, own],
        [ErrorType.MISCLASSIFIED, ErrorType.DUPLICATE, ErrorType.BADLY_LOCALISED],
        ErrorType.BOTH,
    )
    best = np.lexsort((-overlap, ~truth.judged[thing], rank, report))
    first = best[np.r_[True, report[best][1:] != report[best][:-1]][: len(best)]]
    explains[report[first]] = thing[first]
    kind[report[first]] = np.where(truth.judged[thing[first]], rank[first], NO_ERROR)
    return kind, explains


def background_per_view(
    truth: Truth, findings: Findings, confidence: float, iou: float = IOU, covered: I64 | None = None
) -> F64:
    """``(V,)`` reports scored at least ``confidence`` that belong to nothing in the picture: hallucinations.

    Not matched one to one, and no object of any label, judged or not, overlapped by 0.1: a second or badly placed
    report of a real object is no hallucination. Only reports of the categories ``covered`` count (``None``: all):
    nobody has said where things of another label are.
    """
    confident = findings.above(confidence)
    kind = _told(error_kinds(truth, confident, match(truth, confident, iou), iou)[0], confident, covered)
    views = confident.view_of[kind == ErrorType.BACKGROUND]
    return np.bincount(views, minlength=len(truth.image_of_view)).astype(np.float64)


def _told(kind: npt.NDArray[np.int8], findings: Findings, covered: I64 | None) -> npt.NDArray[np.int8]:
    """The kinds, where a report of nothing is an error only if its label is one that the truth tells of."""
    if covered is None:
        return kind
    unknown = (kind == ErrorType.BACKGROUND) & ~np.isin(findings.category, covered)
    return np.where(unknown, NO_ERROR, kind).astype(np.int8)


def errors(
    truth: Truth, findings: Findings, confidence: float, iou: float = IOU, covered: I64 | None = None
) -> tuple[ErrorKind, ...]:
    """Every kind of error, counted among reports scored at least ``confidence``; background as hallucinations are.
    ``covered`` ``(C,)`` are the categories that the truth tells of.

    Shares are of all errors, with Wilson's interval; ``n`` counts errors, averaged over the draws of an image. Errors
    of one image go together, so the interval is rather too narrow. Costs are over all findings, as in average
    precision.
    """
    confident = findings.above(confidence)
    kind = _told(error_kinds(truth, confident, match(truth, confident, iou), iou)[0], confident, covered)
    missed = int((outcomes(truth, findings, confidence, iou)[truth.judged] == Outcome.MISSED).sum())
    count = [int((kind == one).sum()) for one in ErrorType if one != ErrorType.MISSED] + [missed]
    draws = len(truth.image_of_view) / max(len(np.unique(truth.image_of_view)), 1)
    n = round(sum(count) / draws) if count else 0
    cost = _costs(truth, findings, iou)
    return tuple(ErrorKind(one.words, count[one], _share(count[one], sum(count), n), cost[one]) for one in ErrorType)


def _share(count: int, total: int, n: int) -> Score:
    value = count / total if total else float("nan")
    return Score("share", value, *wilson(value * n if total else 0.0, n), n, "")


def _costs(truth: Truth, findings: Findings, iou: float) -> list[float]:
    """TIDE's oracle: mend one kind, keep the order of the scores, and see what average precision becomes.

    Misclassified and badly localised reports become right where they are the best one of an object that none found,
    and vanish otherwise; duplicates, both and background vanish; missed objects are not asked for.
    """
    findings = findings.capped()
    matches = match(truth, findings, iou)
    kind, explains = error_kinds(truth, findings, matches, iou)
    right = matches.matched & ~matches.ignored
    rank = np.empty(len(findings), dtype=np.int64)
    rank[matches.order] = np.arange(len(findings))
    plain = _precision(truth, findings.category.astype(np.int64), matches.order, right, matches.ignored, truth.judged)
    costs = []
    for one in ErrorType:
        category, hit = findings.category.astype(np.int64), right.copy()
        gone, asked = matches.ignored | (kind == one), truth.judged.copy()
        if one in (ErrorType.MISCLASSIFIED, ErrorType.BADLY_LOCALISED):
            rows = np.flatnonzero(kind == one)
            rows = rows[~matches.found[explains[rows]]]
            rows = rows[np.argsort(rank[rows])]
            mended = rows[np.unique(explains[rows], return_index=True)[1]]
            category[mended] = truth.category[explains[mended]]
            hit[mended], gone[mended] = True, False
        if one == ErrorType.MISSED:
            covered = np.unique(explains[(kind == ErrorType.MISCLASSIFIED) | (kind == ErrorType.BADLY_LOCALISED)])
            asked &= matches.found | np.isin(np.arange(len(asked)), covered)
        costs.append(_precision(truth, category, matches.order, hit, gone, asked) - plain)
    return costs


def _precision(truth: Truth, category: I64, order: I64, right: Bool, gone: Bool, asked: Bool) -> float:
    """Average precision of reports whose worth is already known; NaN when nothing is asked for."""
    values, once = [], np.ones((1, 1), dtype=np.int32)
    for number in truth.judged_categories:
        rows = order[(category[order] == number) & ~gone[order]]
        objects = float((asked & (truth.category == number)).sum())
        none = np.zeros(0, dtype=np.int64)
        zeros = np.zeros(len(rows), dtype=np.int64)
        ranking = Ranking(zeros, zeros, (np.flatnonzero(right[rows]),), (none,), np.array([objects]))
        if objects:
            values.append(float(ranking.precision(once)[0][0, 0]))
    return float(np.mean(values)) if values else float("nan")
