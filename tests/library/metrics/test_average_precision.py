"""Our match-once accumulation must be COCO's, to the last digit, with ignore regions and with ties."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from physadv.library.metrics import coco_format, ranking
from physadv.library.metrics.average_precision import (
    average_precision,
    library_average_precision,
    own_precision,
    resampled_precision,
)
from physadv.library.metrics.interval import resampled_weights
from physadv.library.metrics.matching import pairs_within
from physadv.library.metrics.tables import F64, Findings, Truth


def random_tables(seed: int, views: int = 40, crowded: bool = False) -> tuple[Truth, Findings]:
    """Objects with near misses, duplicates, wrong labels and tied scores around them."""
    rng = np.random.default_rng(seed)
    count = rng.integers(0, 6, views)
    view = np.repeat(np.arange(views), count)
    corner = rng.integers(0, 200, (len(view), 2)).astype(float)
    boxes = np.concatenate([corner, corner + rng.integers(20, 120, (len(view), 2))], 1)
    category = rng.integers(0, 3, len(view))
    judged = rng.random(len(view)) < 0.7
    judged[category == 2] = False
    crowd = ~judged & (rng.random(len(view)) < 0.5)
    truth = Truth(np.arange(views), view, np.arange(len(view)), boxes, category, judged, crowd)
    copies = rng.integers(0, len(view), 8 * len(view) if not crowded else 60 * len(view))
    jitter = rng.integers(-14, 15, (len(copies), 4)).astype(float)
    found = boxes[copies] + jitter
    found[:, 2:] = np.maximum(found[:, 2:], found[:, :2] + 1)
    scores = rng.random(len(copies)).round(2)
    labels = np.where(rng.random(len(copies)) < 0.8, category[copies], rng.integers(0, 3, len(copies)))
    order = np.argsort(view[copies], kind="stable")
    return truth, Findings(view[copies][order], found[order], scores[order], labels[order])


def as_coco(truth: Truth, findings: Findings) -> tuple[dict, list[dict]]:  # type: ignore[type-arg]
    views = len(truth.image_of_view)
    names = [f"{i}.png" for i in range(views)]
    return (
        coco_format.ground_truth(truth, names, [(400, 400)] * views, ("a", "b", "c")),
        coco_format.results(findings),
    )


@pytest.mark.parametrize(("seed", "crowded"), [(0, False), (1, False), (2, True)])
def test_one_plain_pass_equals_the_library(seed: int, crowded: bool) -> None:
    truth, findings = random_tables(seed, crowded=crowded)
    ground, results = as_coco(truth, findings)
    ap, ap50 = library_average_precision(ground, results, [1, 2])
    own = own_precision(truth, findings)
    assert own[0] == pytest.approx(ap50, abs=1e-9)
    assert own.mean() == pytest.approx(ap, abs=1e-9)


def test_the_library_agrees_with_the_reference_implementation() -> None:
    import contextlib
    import io

    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    ground, results = as_coco(*random_tables(3))
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = ground
        truth.createIndex()
        reference = COCOeval(truth, truth.loadRes(results), "bbox")
        reference.params.catIds = [1, 2]
        reference.evaluate()
        reference.accumulate()
        reference.summarize()
    assert library_average_precision(ground, results, [1, 2]) == pytest.approx(reference.stats[:2], abs=1e-12)


def copied(truth: Truth, findings: Findings, weights: F64) -> tuple[Truth, Findings]:
    """The data set with every image as often as ``weights`` says, its views copied under new numbers."""
    views = np.repeat(np.arange(len(truth.image_of_view)), weights[truth.image_of_view].astype(int))
    new, rows = pairs_within(views, truth.view_of)
    copies, picks = pairs_within(views, findings.view_of)
    again = Truth(
        truth.image_of_view[views], new, np.arange(len(rows)), truth.boxes_xyxy_px[rows], truth.category[rows],
        truth.judged[rows], truth.crowd[rows],
    )  # fmt: skip
    return again, Findings(copies, findings.boxes_xyxy_px[picks], findings.scores[picks], findings.category[picks])


@pytest.mark.parametrize("draws", [1, 3])
@pytest.mark.parametrize("seed", range(4))
def test_every_resample_equals_the_library_on_the_copied_images(seed: int, draws: int) -> None:
    """With ties, crowds, objects that are not judged, images without objects or reports, and several draws."""
    truth, findings = random_tables(seed, views=24)
    truth = replace(truth, image_of_view=truth.image_of_view % (24 // draws))
    weights = resampled_weights(24 // draws, 6, torch.Generator().manual_seed(seed))
    ours = resampled_precision(truth, findings, weights)
    for row, own in zip(weights, ours, strict=True):
        ground, results = as_coco(*copied(truth, findings, row))
        assert (own.mean(), own[0]) == pytest.approx(library_average_precision(ground, results, [1, 2]), abs=1e-9)


def test_few_resamples_at_a_time_give_what_all_at_once_give(monkeypatch: pytest.MonkeyPatch) -> None:
    truth, findings = random_tables(7)
    weights = resampled_weights(40, 50, torch.Generator().manual_seed(0))
    together = resampled_precision(truth, findings, weights)
    monkeypatch.setattr(ranking, "AT_ONCE", 1)
    assert resampled_precision(truth, findings, weights) == pytest.approx(together, abs=1e-12)


def test_findings_and_dictionaries_give_the_library_the_same() -> None:
    truth, findings = random_tables(8, crowded=True)
    ground, results = as_coco(truth, findings)
    assert library_average_precision(ground, findings, [1, 2]) == library_average_precision(ground, results, [1, 2])


def test_without_the_library_the_value_is_our_own() -> None:
    truth, findings = random_tables(9)
    weights = resampled_weights(40, 10, torch.Generator().manual_seed(0))
    library = library_average_precision(*as_coco(truth, findings), [1, 2])
    for own, told in zip(average_precision(truth, findings, weights), library, strict=True):
        assert own.value == pytest.approx(told, abs=1e-9)


def test_the_interval_surrounds_the_value() -> None:
    truth, findings = random_tables(5)
    weights = resampled_weights(len(truth.image_of_view), 200, torch.Generator().manual_seed(0))
    ground, results = as_coco(truth, findings)
    library = library_average_precision(ground, results, [1, 2])
    for score in average_precision(truth, findings, weights, library):
        assert score.low < score.value < score.high
        assert score.n == truth.judged.sum()


def test_nothing_reported_is_zero_and_nothing_judged_is_unknown() -> None:
    truth, findings = random_tables(6)
    ground, _ = as_coco(truth, findings)
    assert library_average_precision(ground, [], [1, 2]) == (0.0, 0.0)
    empty = Truth(
        truth.image_of_view, truth.view_of, truth.object_of, truth.boxes_xyxy_px, truth.category,
        np.zeros_like(truth.judged), truth.crowd,
    )  # fmt: skip
    ground, results = as_coco(empty, findings)
    assert all(math.isnan(v) for v in library_average_precision(ground, results, []))
