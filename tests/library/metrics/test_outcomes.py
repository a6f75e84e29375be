"""Every object comes to exactly one outcome."""

from __future__ import annotations

import math

import numpy as np
import pytest

from physadv.core.types import Score
from physadv.library.metrics.bins import bins
from physadv.library.metrics.outcomes import Outcome, counts, outcomes, share
from physadv.library.metrics.summary import eligible, own_scores, summarise
from physadv.library.metrics.tables import Bool, Findings, Truth

BOX = (0.0, 0.0, 100.0, 100.0)


def truth_of(*boxes: tuple[float, ...], judged: tuple[bool, ...] | None = None) -> Truth:
    n = len(boxes)
    flags = np.array(judged if judged is not None else (True,) * n)
    zeros = np.zeros(n, dtype=np.int64)
    return Truth(np.zeros(1, dtype=np.int64), zeros, np.arange(n), np.array(boxes, dtype=float), zeros, flags, ~flags)


def found(*rows: tuple[tuple[float, ...], float, int]) -> Findings:
    return Findings(
        np.zeros(len(rows), dtype=np.int64),
        np.array([r[0] for r in rows], dtype=float).reshape(-1, 4),
        np.array([r[1] for r in rows], dtype=float),
        np.array([r[2] for r in rows], dtype=np.int64),
    )


def success(truth: Truth, achieved: Bool, tried: Bool) -> Score:
    return share("success", achieved, tried & truth.judged, truth, "more attacked")


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        ([], Outcome.MISSED),
        ([(BOX, 0.9, 0)], Outcome.DETECTED),
        ([(BOX, 0.39, 0)], Outcome.MISSED),
        ([(BOX, 0.9, 1)], Outcome.MISCLASSIFIED),
        ([(BOX, 0.9, 1), (BOX, 0.5, 0)], Outcome.DETECTED),
        ([((0, 0, 100, 49), 0.9, 0)], Outcome.BADLY_LOCALISED),
        ([((0, 0, 100, 50), 0.9, 0)], Outcome.DETECTED),
        ([((0, 0, 100, 49), 0.9, 0), (BOX, 0.8, 1)], Outcome.MISCLASSIFIED),
        ([((95, 95, 195, 195), 0.9, 0)], Outcome.MISSED),
    ],
)
def test_one_object_has_the_outcome_its_reports_say(
    reports: list[tuple[tuple[float, ...], float, int]], expected: Outcome
) -> None:
    assert outcomes(truth_of(BOX), found(*reports), 0.4).tolist() == [expected]


def test_one_report_cannot_detect_two_objects() -> None:
    truth = truth_of(BOX, (10.0, 0.0, 110.0, 100.0))
    outcome = outcomes(truth, found((BOX, 0.9, 0)), 0.4)
    # the report belongs to the first object, so it does not count as a bad box of the second
    assert outcome.tolist() == [Outcome.DETECTED, Outcome.MISSED]
    assert counts(truth, outcome) == {"detected": 1, "misclassified": 0, "badly localised": 0, "missed": 1}


def test_objects_that_are_not_judged_are_not_counted() -> None:
    truth = truth_of(BOX, (300.0, 0.0, 400.0, 100.0), judged=(True, False))
    assert sum(counts(truth, outcomes(truth, found(), 0.4)).values()) == 1
    summary = summarise(truth, found((BOX, 0.5, 0)), 0.4, np.ones((3, 1)), None, success=None, clean=None).summary
    recall = next(score for score in summary.scores if score.name == "recall")
    assert (recall.value, recall.n) == (1.0, 1)


def test_what_was_missed_on_the_clean_image_is_no_success() -> None:
    truth = truth_of(BOX, (300.0, 0.0, 400.0, 100.0))
    clean, nothing = found((BOX, 0.9, 0)), np.zeros(2, dtype=np.bool_)
    tried = eligible(truth, clean, nothing, 0.4, seen_first=True)
    score = success(truth, np.array([True, True]), tried)
    assert (score.value, score.n) == (1.0, 1)
    assert eligible(truth, clean, nothing, 0.4, seen_first=False).all()
    assert own_scores(truth, clean).tolist() == [0.9, 0.0]


def test_success_without_anything_seen_is_unknown() -> None:
    score = success(truth_of(BOX), np.array([True]), np.array([False]))
    assert math.isnan(score.value)
    assert (score.low, score.high, score.n) == (0.0, 1.0, 0)


def test_draws_of_one_object_do_not_count_as_several_objects() -> None:
    truth = Truth(
        np.zeros(4, dtype=np.int64), np.arange(4), np.zeros(4, dtype=np.int64), np.array([BOX] * 4),
        np.zeros(4, dtype=np.int64), np.ones(4, dtype=np.bool_),
        np.zeros(4, dtype=np.bool_),
    )  # fmt: skip
    score = success(truth, np.array([True, True, True, False]), np.ones(4, dtype=np.bool_))
    assert (score.value, score.n) == (0.75, 1)
    assert score.high - score.low > 0.7


def test_bins_go_by_distance_where_it_is_known_and_by_height_otherwise() -> None:
    truth = truth_of(BOX, (0.0, 0.0, 10.0, 40.0))
    assert [b.words for b in bins(truth)] == ["32–64 px", "96–128 px"]
    far = Truth(
        truth.image_of_view, truth.view_of, truth.object_of, truth.boxes_xyxy_px, truth.category, truth.judged,
        truth.crowd, np.array([3.0, 500.0]),
    )  # fmt: skip
    assert [b.words for b in bins(far)] == ["0–5 m", "≥ 100 m"]
    assert sum(b.rows.sum() for b in bins(far)) == 2
