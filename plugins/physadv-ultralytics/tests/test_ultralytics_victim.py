"""Candidates of every family, and the same decisions as the package's own ``predict``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from physadv.api import Candidates, Victim, generator
from physadv.testing import check_victim

FAMILIES = ("yolov8n", "yolov9t", "yolov10n", "yolo11n", "yolo12n", "yolo26n")


def untrained(family: str, **options: Any) -> Victim:
    from physadv_ultralytics import UltralyticsConfig, _build

    return _build(UltralyticsConfig(weights=f"random:{family}.yaml", **{"size_px": 64, **options}))


def pictures(height: int, width: int, count: int = 3) -> Tensor:
    """``(count, 3, height, width)`` in steps of 1/255, so that 8-bit files of them are exact."""
    randomness = generator(5, "pictures")
    octaves = [
        torch.nn.functional.interpolate(
            torch.rand(count, 3, n, n, generator=randomness), (height, width), mode="bilinear"
        )
        for n in (4, 16, 64)
    ]
    return torch.stack(octaves).mean(dim=0).mul(255).round() / 255


@pytest.fixture(scope="module", params=FAMILIES)
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained network, stored as the package stores a trained one."""
    return stored(request.param, tmp_path_factory.mktemp("weights") / f"{request.param}.pt")


def stored(architecture: str, path: Path) -> Path:
    from physadv_ultralytics import UltralyticsConfig
    from physadv_ultralytics.networks import load

    network = load(UltralyticsConfig(weights=f"random:{architecture}.yaml"), 5)
    names = dict(enumerate(["stop sign", "car", "person", "dog", "kite"]))
    network.names = names
    torch.save({"epoch": -1, "model": None, "ema": network.half(), "train_args": {"imgsz": 96}}, path)
    return path


def predicted(
    checkpoint: Path, images: Tensor, confidence: float, *, nms: bool | None = False
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Boxes, scores and classes by the package; ``nms=False`` is its way to ask for the head without suppression."""
    bgr_u8 = [image.flip(0).mul(255).round().byte().permute(1, 2, 0).contiguous().numpy() for image in images]
    found = package(checkpoint).predict(bgr_u8, conf=confidence, imgsz=96, nms=nms, verbose=False, device="cpu")
    for one in found:
        yield one.boxes.xyxy, one.boxes.conf, one.boxes.cls.long()


@cache
def package(checkpoint: Path) -> Any:
    from ultralytics import YOLO

    return YOLO(str(checkpoint))


def loaded(checkpoint: Path, **options: Any) -> Victim:
    from physadv_ultralytics import UltralyticsConfig, _build

    return _build(UltralyticsConfig(weights=str(checkpoint), **options))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_passes_the_battery(family: str) -> None:
    assert check_victim(untrained(family))


@pytest.mark.parametrize("confidence", [0.1, 0.3])
def test_decisions_are_those_of_predict(checkpoint: Path, confidence: float) -> None:
    images = pictures(72, 96)  # padded at the top and bottom, not scaled
    victim = loaded(checkpoint)
    found = victim.decide(victim.outputs(images), confidence)
    wanted = list(predicted(checkpoint, images, confidence))
    assert sum(len(scores) for _, scores, _ in wanted) >= 3  # else there is nothing to agree on
    assert len({tuple(scores.tolist()) for _, scores, _ in wanted}) == len(images)  # each picture has its own
    for ours, (boxes, scores, labels) in zip(found, wanted, strict=True):
        assert ours.labels.tolist() == labels.tolist()
        torch.testing.assert_close(ours.scores, scores, rtol=0, atol=1e-4)
        torch.testing.assert_close(ours.boxes_xyxy_px, boxes, rtol=0, atol=1e-2)


@pytest.mark.parametrize("family", ["yolov10n", "yolo26n"])
def test_the_branch_with_suppression_can_be_chosen(family: str, tmp_path: Path) -> None:
    path, images = stored(family, tmp_path / "both.pt"), pictures(96, 96, count=1)
    victim = loaded(path, nms_free=False)
    (ours,) = victim.decide(victim.outputs(images), 0.1)
    ((_, scores, labels),) = predicted(path, images, 0.1, nms=None)
    assert len(scores) >= 3
    assert ours.labels.tolist() == labels.tolist()
    torch.testing.assert_close(ours.scores, scores, rtol=0, atol=1e-4)


def test_scaled_pictures_are_scored_as_predict_scores_them(checkpoint: Path) -> None:
    images = pictures(150, 220, count=1)
    victim = loaded(checkpoint)
    (ours,) = victim.decide(victim.outputs(images), 0.1)
    ((boxes, scores, _),) = predicted(checkpoint, images, 0.1)
    assert len(scores) >= 3
    assert ours.scores[0] == pytest.approx(float(scores[0]), abs=0.02)  # predict rounds the scaled picture to 8 bit
    nearest = torch.cdist(ours.boxes_xyxy_px[:1], boxes).min()
    assert nearest < 2.0


@pytest.mark.parametrize(("height", "width"), [(96, 96), (150, 220), (33, 200), (480, 17), (64, 95)])
def test_the_letterbox_is_the_packages_own(height: int, width: int) -> None:
    from physadv_ultralytics.letterbox import letterbox
    from ultralytics.data.augment import LetterBox

    images = pictures(height, width, count=1)
    canvas, _ = letterbox(images, 128, 32)
    theirs = LetterBox(128, auto=True, stride=32)(image=images[0].permute(1, 2, 0).mul(255).round().byte().numpy())
    assert tuple(canvas.shape[-2:]) == theirs.shape[:2]
    difference = canvas[0].permute(1, 2, 0).mul(255) - torch.from_numpy(theirs).float()
    assert float(difference.abs().max()) < 1.6  # a code for rounding, and their fixed-point weights


@pytest.mark.parametrize("family", ["yolo11n", "yolov10n", "yolo26n"])
def test_the_gradient_is_the_slope_of_the_scores(family: str) -> None:
    victim = untrained(family).to(torch.float64)
    images = pictures(64, 64, count=1).double()
    direction = torch.rand(images.shape, generator=generator(1, "direction"), dtype=torch.float64) - 0.5
    leaf = images.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(total(victim, leaf), leaf)
    slope = (total(victim, images + 1e-6 * direction) - total(victim, images - 1e-6 * direction)) / 2e-6
    assert float((gradient * direction).sum()) == pytest.approx(float(slope), rel=0.02)
    assert abs(float(slope)) > 1e-6


def total(victim: Victim, images: Tensor) -> Tensor:
    return victim.outputs(images).scores.sum()


def test_heads_without_suppression_report_one_place_as_several_classes() -> None:
    victim = untrained("yolo26n", top=4)
    scores = torch.tensor([[[0.9, 0.8], [0.1, 0.2], [0.7, 0.1]]])
    (found,) = victim.decide(Candidates(torch.zeros(1, 3, 4), scores), 0.3)
    assert found.labels.tolist() == [0, 1, 0]
    assert found.scores.tolist() == pytest.approx([0.9, 0.8, 0.7])


def test_heads_with_suppression_drop_the_weaker_double_of_the_same_class() -> None:
    victim = untrained("yolo11n", iou=0.5)
    boxes = torch.tensor([[[0.0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 9], [30, 30, 40, 40]]])
    scores = torch.tensor([[[0.9, 0.1], [0.8, 0.1], [0.1, 0.7], [0.6, 0.1]]])
    (found,) = victim.decide(Candidates(boxes, scores), 0.5)
    assert found.scores.tolist() == pytest.approx([0.9, 0.7, 0.6])


def test_the_names_and_the_size_come_from_the_checkpoint(checkpoint: Path) -> None:
    victim = loaded(checkpoint)
    assert victim.labels == ("stop sign", "car", "person", "dog", "kite")
    assert victim.outputs(pictures(96, 96, count=1)).scores.shape == (1, 12 * 12 + 6 * 6 + 3 * 3, 5)


def test_an_untrained_network_repeats_with_its_seed() -> None:
    assert untrained("yolo11n", seed=1).digest == untrained("yolo11n", seed=1).digest != untrained("yolo11n").digest


def test_an_untrained_network_takes_the_labels_given(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("stop\nyield\n")
    victim = untrained("yolo11n", labels=str(tmp_path / "names.txt"))
    assert victim.labels == ("stop", "yield")
    assert victim.outputs(pictures(64, 64)).scores.shape[2] == 2
