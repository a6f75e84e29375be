"""All numbers of one victim under one condition, from the tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from physadv.metrics.bins import Bin, bins
from physadv.metrics.matching import group_keys, overlaps, pairs_within
from physadv.metrics.outcomes import IOU, Outcome, counts, outcomes, share
from physadv.metrics.tables import Bool, Findings, Truth
from physadv.types import Score


@dataclass(frozen=True, slots=True)
class BinSummary:
    """The scores of the objects in one bin."""

    bin: Bin
    scores: tuple[Score, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """Scores over all judged objects, what became of them, and the scores by distance or size."""

    scores: tuple[Score, ...]
    outcomes: dict[str, int]
    bins: tuple[BinSummary, ...]


def own_scores(truth: Truth, findings: Findings) -> npt.NDArray[np.float64]:
    """``(M,)`` the best score of a report of the object's own label at IoU 0.5 or more; 0 where there is none."""
    best = np.zeros(len(truth.judged))
    keys, found_keys = group_keys(truth, findings)
    thing, report = pairs_within(keys, found_keys)
    overlap = overlaps(findings.boxes_xyxy_px[report], truth.boxes_xyxy_px[thing])
    near = overlap >= IOU
    np.maximum.at(best, thing[near], findings.scores[report[near]])
    return best


def eligible(truth: Truth, clean: Findings, achieved: Bool, confidence: float, *, seen_first: bool) -> Bool:
    """``(M,)`` judged objects that can become a success: not achieved without the patch already and, where the goal
    is that something stops being seen (``seen_first``), seen without the patch."""
    open_still = truth.judged & ~achieved
    if not seen_first:
        return open_still
    seen: Bool = outcomes(truth, clean, confidence) == Outcome.DETECTED
    return open_still & seen


def summarise(
    truth: Truth, findings: Findings, confidence: float, precision: tuple[Score, ...], success: tuple[Bool, Bool] | None
) -> Summary:
    """Put the numbers together. ``success`` is (achieved, eligible), or ``None`` for the clean condition."""
    outcome = outcomes(truth, findings, confidence)
    everything = np.ones(len(truth.judged), dtype=np.bool_)

    def scores(rows: Bool) -> tuple[Score, ...]:
        tried = truth.judged & rows
        found = outcome == Outcome.DETECTED
        made = [share("recall", found, tried, truth.object_of, "safer")]
        if success is not None:
            made.append(share("success", success[0], tried & success[1], truth.object_of, "more attacked"))
        return tuple(made)

    by_bin = tuple(BinSummary(group, scores(group.rows)) for group in bins(truth))
    return Summary((*precision, *scores(everything)), counts(truth, outcome), by_bin)
