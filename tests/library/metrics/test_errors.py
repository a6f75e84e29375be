"""Every wrong report has one reason, and mending a reason wins what it cost."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from physadv.library.metrics.average_precision import own_precision
from physadv.library.metrics.errors import background_per_view, errors
from physadv.library.metrics.outcomes import Outcome, counts, outcomes
from physadv.library.metrics.tables import Findings, Truth
from tests.library.metrics.test_average_precision import random_tables
from tests.library.metrics.toy_tables import BOX, FAR, Row, found, truth_of

SHIFTED = (50.0, 0.0, 150.0, 100.0)  # IoU 1/3 with BOX
AWAY = (600.0, 600.0, 700.0, 700.0)
KINDS = ("misclassified", "duplicate", "badly localised", "both", "background", "missed")


def counted(truth: Truth, findings: Findings) -> dict[str, int]:
    return {one.kind: one.count for one in errors(truth, findings, 0.4)}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(0, BOX, 0.9, 0)], {}),
        ([], {"missed": 1}),
        ([(0, BOX, 0.9, 1)], {"misclassified": 1}),
        ([(0, BOX, 0.9, 0), (0, BOX, 0.8, 0)], {"duplicate": 1}),
        ([(0, SHIFTED, 0.9, 0)], {"badly localised": 1}),
        ([(0, SHIFTED, 0.9, 1)], {"both": 1, "missed": 1}),
        ([(0, AWAY, 0.9, 0)], {"background": 1, "missed": 1}),
        ([(0, AWAY, 0.3, 0)], {"missed": 1}),
        ([(0, BOX, 0.9, 0), (0, AWAY, 0.9, 1), (0, AWAY, 0.8, 1)], {"background": 2}),
    ],
)
def test_one_report_has_the_kind_its_place_and_label_say(rows: list[Row], expected: dict[str, int]) -> None:
    assert counted(truth_of((0, BOX, 0)), found(*rows)) == dict.fromkeys(KINDS, 0) | expected


def test_what_an_object_that_is_not_judged_explains_is_left_out() -> None:
    truth = truth_of((0, BOX, 0), (0, FAR, 1), judged=(True, False))
    rows = [(0, BOX, 0.9, 0), (0, FAR, 0.9, 1), (0, FAR, 0.8, 1), (0, FAR, 0.7, 0)]
    assert counted(truth, found(*rows)) == dict.fromkeys(KINDS, 0)


def test_a_report_inside_a_crowd_is_no_hallucination() -> None:
    crowd = replace(truth_of((0, (0.0, 0.0, 900.0, 900.0), 0), judged=(False,)), crowd=np.array([True]))
    assert background_per_view(crowd, found((0, BOX, 0.9, 1)), 0.4).tolist() == [0.0]


def test_hallucinations_are_counted_on_images_without_objects_too() -> None:
    truth = truth_of((0, BOX, 0), images=3)
    rows = [
        (0, BOX, 0.9, 0),
        (0, BOX, 0.8, 0),
        (0, SHIFTED, 0.8, 0),
        (1, BOX, 0.9, 0),
        (1, FAR, 0.9, 1),
        (2, BOX, 0.3, 0),
    ]
    assert background_per_view(truth, found(*rows), 0.4).tolist() == [0.0, 2.0, 0.0]


def test_shares_sum_to_one_and_the_draws_of_an_image_do_not_count_twice() -> None:
    truth = truth_of((0, BOX, 0), (1, BOX, 0), draws=2)
    made = errors(truth, found((0, AWAY, 0.9, 0), (1, AWAY, 0.9, 0)), 0.4)
    assert sum(one.share.value for one in made) == pytest.approx(1.0)
    assert [(one.kind, one.count, one.share.n) for one in made[4:]] == [("background", 2, 2), ("missed", 2, 2)]


def test_without_errors_the_shares_are_unknown() -> None:
    for truth in (truth_of((0, BOX, 0)), truth_of()):
        share = errors(truth, found((0, BOX, 0.9, 0)) if len(truth.judged) else found(), 0.4)[0].share
        assert math.isnan(share.value)
        assert (share.low, share.high, share.n) == (0.0, 1.0, 0)


def test_missed_objects_are_those_of_the_outcomes() -> None:
    truth, findings = random_tables(11)
    assert counted(truth, findings)["missed"] == counts(truth, outcomes(truth, findings, 0.4))["missed"]
    assert (outcomes(truth, findings, 0.4) == Outcome.MISSED).any()


@pytest.mark.parametrize(
    ("kind", "row", "won"),
    [
        ("misclassified", (0, BOX, 0.9, 1), 0.5),
        ("badly localised", (0, SHIFTED, 0.9, 0), 0.5 + 0.5 * 0.5),  # the mended report also ranks above a wrong one
        ("background", (0, AWAY, 0.9, 0), 0.25),
        ("missed", (0, AWAY, 0.9, 0), 0.25),
    ],
)
def test_mending_a_kind_wins_what_it_cost(kind: str, row: Row, won: float) -> None:
    truth = truth_of((0, BOX, 0), (1, FAR, 0), images=2)
    made = {one.kind: one.cost_ap50 for one in errors(truth, found(row, (1, FAR, 0.5, 0)), 0.4)}
    assert made[kind] == pytest.approx(won, abs=0.01)


def test_mending_never_lowers_average_precision() -> None:
    truth, findings = random_tables(12)
    base = own_precision(truth, findings)[0]
    for one in errors(truth, findings, 0.4):
        assert -1e-12 <= one.cost_ap50 <= 1 - base + 1e-12
