"""The numbers of an arm, and their paired differences."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from physadv.core.types import Score
from physadv.library.metrics.interval import resampled_weights
from physadv.library.metrics.summary import MeasuredSummary, differences, summarise
from physadv.library.metrics.tables import F64, Bool, Findings, Truth
from tests.library.metrics.test_average_precision import as_coco, copied, random_tables
from tests.library.metrics.toy_tables import BOX, FAR, found, truth_of


def measured(
    truth: Truth, findings: Findings, clean: Findings | None = None, **more: Bool | bool | F64
) -> MeasuredSummary:
    weights = more.pop("weights", np.ones((5, len(set(truth.image_of_view.tolist())))))
    success = None if clean is None else (np.zeros(len(truth.judged), np.bool_), truth.judged)
    return summarise(truth, findings, 0.4, weights, None, success=success, clean=clean, **more)  # type: ignore[arg-type]


def score(of: MeasuredSummary, name: str) -> Score:
    return next(one for one in of.summary.scores if one.name == name)


def test_confidence_is_that_of_objects_seen_clean_and_its_drop_is_paired() -> None:
    truth = truth_of((0, BOX, 0), (1, BOX, 0), (1, FAR, 0), images=2)
    clean = found((0, BOX, 0.9, 0), (1, BOX, 0.7, 0), (1, FAR, 0.1, 0))  # the last one is not seen
    here = found((0, BOX, 0.2, 0), (1, FAR, 0.9, 0))
    of = measured(truth, here, clean)
    assert score(of, "confidence").value == pytest.approx(0.1)
    assert score(of, "confidence drop").value == pytest.approx(0.7)
    assert score(of, "confidence").n == 2


def test_the_clean_arm_has_neither_success_nor_drop() -> None:
    names = [one.name for one in measured(truth_of((0, BOX, 0)), found((0, BOX, 0.9, 0))).summary.scores]
    assert names == ["AP", "AP50", "recall", "hallucinations", "confidence"]


def test_robust_accuracy_takes_the_best_label_however_unsure() -> None:
    truth = truth_of((0, BOX, 0), (1, BOX, 1), images=2)
    of = measured(truth, found((0, BOX, 0.2, 0), (0, BOX, 0.1, 1), (1, BOX, 0.3, 0)), classifier=True)
    assert (score(of, "robust accuracy").value, score(of, "robust accuracy").n) == (0.5, 2)
    assert score(measured(truth, found(), classifier=True), "robust accuracy").value == 0.0


def test_hallucinations_are_an_image_with_images_as_n() -> None:
    truth = truth_of((0, BOX, 0), images=2, draws=2)
    rows = [(view, FAR, 0.9, 0) for view in (0, 1, 2)]
    hallucinations = score(measured(truth, found(*rows)), "hallucinations")
    assert (hallucinations.value, hallucinations.n) == (0.75, 2)


def test_no_hallucination_at_all_still_leaves_room_for_some() -> None:
    none = score(measured(truth_of(images=100), found()), "hallucinations")
    assert (none.value, none.low, none.n) == (0.0, 0.0, 100)
    assert none.high == pytest.approx(0.0369, abs=1e-4)


def test_without_objects_nothing_is_known_but_hallucinations() -> None:
    of = measured(truth_of(images=2), found((0, BOX, 0.9, 0)), found())
    for one in of.summary.scores:
        assert math.isnan(one.value) == (one.name != "hallucinations"), one.name
        assert one.n == (2 if one.name == "hallucinations" else 0)


def test_a_looser_threshold_finds_more() -> None:
    truth, shifted = truth_of((0, BOX, 0)), found((0, (40.0, 0.0, 140.0, 100.0), 0.9, 0))
    assert score(measured(truth, shifted), "recall").value == 0.0
    assert summarise(
        truth, shifted, 0.4, np.ones((1, 1)), None, success=None, clean=None, iou=0.4
    ).summary.outcomes["detected"] == 1  # fmt: skip


def test_every_replicate_is_the_score_of_the_copied_images() -> None:
    truth, findings = random_tables(21, views=16)
    _, clean = random_tables(21, views=16)
    clean = clean[np.arange(0, len(clean.scores), 2)]
    weights = resampled_weights(16, 4, torch.Generator().manual_seed(0))
    of = measured(truth, findings, clean, weights=weights)
    for row, drawn in enumerate(weights):
        again, reports = copied(truth, findings, drawn)
        there = measured(
            again, reports, copied(truth, clean, drawn)[1], weights=np.ones((1, again.image_of_view.max() + 1))
        )
        for one in there.summary.scores:
            assert of.replicates[one.name][row] == pytest.approx(one.value, abs=1e-9), one.name


def test_an_arm_differs_from_itself_by_nothing() -> None:
    truth, findings = random_tables(22)
    of = measured(truth, findings, findings, weights=resampled_weights(40, 50, torch.Generator().manual_seed(0)))
    made = differences(of, of, "itself")
    assert {one.score for one in made} == {one.name for one in of.summary.scores}
    assert all(one.value == 0.0 and one.low <= 0.0 <= one.high for one in made)


def test_six_of_six_is_no_certainty() -> None:
    """Square-and-add of Wilson's intervals of 0/6 and 6/6: the bootstrap would say exactly -1."""
    truth = truth_of(*((view, BOX, 0) for view in range(6)), images=6)
    seen = found(*((view, BOX, 0.9, 0) for view in range(6)))
    made = differences(measured(truth, found(), seen), measured(truth, seen), "clean")
    recall = next(one for one in made if one.score == "recall")
    assert (recall.value, recall.low) == (-1.0, -1.0)
    assert recall.high == pytest.approx(-1 + math.hypot(0.3903, 0.3903), abs=1e-3)


def test_a_paired_difference_is_surer_than_either_score() -> None:
    """Half of the pictures are hard: that varies from resample to resample, but for both arms alike."""
    rows = [(view, BOX, 0.9, 0) for view in range(100) if view % 2]
    truth = truth_of(*((view, BOX, 0) for view in range(100)), images=100)
    weights = resampled_weights(100, 400, torch.Generator().manual_seed(0))
    here, there = (measured(truth, found(*some), weights=weights) for some in (rows[:-2], rows))
    paired = next(one for one in differences(here, there, "clean") if one.score == "recall")
    assert paired.value == pytest.approx(-0.02)
    assert paired.high - paired.low < 0.5 * (score(there, "recall").high - score(there, "recall").low)
    assert (paired.minus, paired.n, paired.higher_is) == ("clean", 100, "safer")


def test_only_scores_of_both_arms_are_compared() -> None:
    truth = truth_of((0, BOX, 0))
    patched = measured(truth, found(), found((0, BOX, 0.9, 0)))
    names = [one.score for one in differences(patched, measured(truth, found((0, BOX, 0.9, 0))), "clean")]
    assert "success" not in names
    assert "recall" in names


def test_the_files_give_the_quoted_precision() -> None:
    from physadv.library.metrics.average_precision import library_average_precision

    truth, findings = random_tables(23)
    of = measured(truth, findings)
    told = library_average_precision(*as_coco(truth, findings), [1, 2])
    assert (score(of, "AP").value, score(of, "AP50").value) == pytest.approx(told, abs=1e-9)
