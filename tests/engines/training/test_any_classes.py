"""Detectors of any classes: photos in both formats, what teaches nothing, the threshold, what files tell."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from physadv.core.errors import BadInput, BadOption
from physadv.core.types import Candidates, Detections
from physadv.engines.training.assign import Targets, detection_loss
from physadv.engines.training.augment import Variation, blend, mosaic, view
from physadv.engines.training.batches import EpochBatches, TrainingData
from physadv.engines.training.detector import split, train_detector
from physadv.engines.training.detector_figures import by_height, chosen_threshold
from physadv.engines.training.detector_state import fingerprint
from physadv.engines.training.drawn import drawn_cutouts
from physadv.engines.training.options import TrainConfig
from physadv.engines.training.photos import LabelledPicture, read_photos
from physadv.parts.victims.options import SignNanoConfig
from physadv.parts.victims.sign_nano import SignNano, load_sign_nano
from physadv.parts.victims.sign_nano_net import grid

CPU = torch.device("cpu")
CUPS = TrainConfig(
    labels=["cup"], epochs=1, batch=2, size_px=64, renders=0, widths=[8, 8, 16, 16, 16], blocks=[0, 1, 1, 0],
    apart=0.25, bf16=False, workers=0, pasted=0.5, blend=0.5, mirror=0.5, squeeze=0.2, antialias=True, faint=False,
)  # fmt: skip


def marked(*boxes: list[float], vague: list[list[float]] | None = None) -> LabelledPicture:
    """A dark picture with a bright rectangle in each box."""
    rgb = np.full((80, 120, 3), 20, np.uint8)
    for x0, y0, x1, y1 in boxes:
        rgb[int(y0) : int(y1), int(x0) : int(x1)] = 220
    crowds = np.array(vague or [], np.float32).reshape(-1, 4)
    return LabelledPicture(rgb, np.array(boxes, np.float32).reshape(-1, 4), np.zeros(len(boxes), np.int64), crowds)


@pytest.fixture
def cups(tmp_path: Path) -> Path:
    """Eight photos with YOLO labels, half of them empty."""
    for part in ("images", "labels"):
        (tmp_path / "cups" / part).mkdir(parents=True)
    (tmp_path / "cups" / "data.yaml").write_text("names: [cup, fork]\n")
    rng = np.random.default_rng(0)
    for number in range(8):
        picture = marked([40, 30, 70, 50]) if number % 2 else marked()
        noisy = picture.rgb_u8 + rng.integers(0, 30, picture.rgb_u8.shape, np.uint8)
        cv2.imwrite(str(tmp_path / "cups" / "images" / f"{number}.png"), noisy)
        line = f"0 {55 / 120} {40 / 80} {30 / 120} {20 / 80}\n" if number % 2 else ""
        (tmp_path / "cups" / "labels" / f"{number}.txt").write_text(line)
    return tmp_path / "cups"


def test_a_mirrored_view_takes_boxes_and_crowds_along() -> None:
    picture = marked([10, 30, 30, 50], vague=[[80, 0, 110, 20]])
    seen = view(picture, 96, np.random.default_rng(0), zoom=(0.8, 0.8), turn_deg=0, variation=Variation(mirror=1.0))
    ((x0, _, x1, _),) = seen.boxes_xyxy_px.tolist()
    bright = np.argwhere(seen.rgb_u8[..., 0] > 150)[:, 1]
    assert abs(x0 - bright.min()) < 1.5
    assert abs(x1 - bright.max() - 1) < 1.5
    assert (seen.vague_xyxy_px[:, 2] < x0).all()


@pytest.mark.parametrize("seed", range(3))
def test_a_squeezed_and_halved_view_keeps_the_box_on_the_object(seed: int) -> None:
    variation = Variation(squeeze=0.5, antialias=True)
    seen = view(
        marked([40, 20, 80, 60]), 64, np.random.default_rng(seed), zoom=(0.4, 0.5), turn_deg=0, variation=variation
    )
    bright = np.argwhere(seen.rgb_u8[..., 0] > 150)[:, ::-1]
    np.testing.assert_allclose(
        seen.boxes_xyxy_px, [np.concatenate([bright.min(0), bright.max(0) + 1])] * len(seen.labels), atol=1.5
    )


def test_what_is_hardly_in_view_is_background_or_teaches_nothing() -> None:
    """A small object in a mosaic: with ``faint`` it is forgotten, else its place becomes vague."""
    tiny = marked([40, 30, 50, 38])
    counts = []
    for faint in (True, False):
        rng = np.random.default_rng(0)
        tiles = [mosaic([tiny] * 4, 64, rng, Variation(faint_is_background=faint)) for _ in range(6)]
        counts.append(sum(len(tile.vague_xyxy_px) for tile in tiles))
    assert counts[0] == 0
    assert counts[1] > 0


def test_an_empty_picture_shines_through_without_moving_boxes() -> None:
    mixed = blend(marked([40, 30, 70, 50]), marked(), np.random.default_rng(0))
    assert mixed.rgb_u8[40, 50, 0] < 220
    np.testing.assert_array_equal(mixed.boxes_xyxy_px, [[40, 30, 70, 50]])


def test_nothing_in_a_crowd_is_taught_to_be_background() -> None:
    points, strides = grid(64, 64, CPU)
    boxes = torch.cat([points - strides, points + strides], -1)[None]
    logits = torch.zeros(1, len(points), 1, requires_grad=True)
    nowhere = torch.tensor([[[-1e4, -1e4, -9999.0, -9999.0]]])
    crowd = torch.tensor([[[0.0, 0.0, 32.0, 64.0]]])
    targets = Targets(
        nowhere, torch.zeros(1, 1, dtype=torch.int64), torch.zeros(1, 1, dtype=torch.bool),
        torch.ones(1, 1, dtype=torch.bool), crowd,
    )  # fmt: skip
    detection_loss(boxes, logits, points, strides, targets).backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    taught = logits.grad[0, :, 0] != 0
    assert torch.equal(taught, points[:, 0] > 32)


def test_yolo_folders_are_read_as_coco_folders_are(cups: Path) -> None:
    read = read_photos(cups, ("cup",))
    assert read.known.tolist() == [True]
    assert [len(p.labels) for p in read.pictures] == [0, 1] * 4
    np.testing.assert_allclose(read.pictures[1].boxes_xyxy_px, [[40, 30, 70, 50]], atol=0.01)


def test_photos_are_kept_apart_with_objects_and_without(cups: Path) -> None:
    config = replace(CUPS, photos=str(cups))
    training, apart = split(config)
    assert training is not None
    assert apart is not None
    assert [sum(bool(len(p.labels)) for p in part.pictures) for part in (training, apart)] == [3, 1]
    assert [len(part.pictures) for part in (training, apart)] == [6, 2]
    again = split(config)[1]
    assert again is not None
    assert all(np.array_equal(a.rgb_u8, b.rgb_u8) for a, b in zip(apart.pictures, again.pictures, strict=True))


def test_an_epoch_sees_the_share_of_empty_photos_that_was_asked_for() -> None:
    photos = tuple([marked([40, 30, 70, 50])] * 4 + [marked()] * 4)
    data = TrainingData(photos, np.ones(1, bool), ())
    batches = EpochBatches(replace(CUPS, empties=0.5, batch=6), data, 0)
    assert len(batches) == 1
    members = [number for _, number in batches._order()]
    assert len(members) == 6
    assert {0, 1, 2, 3} <= set(members)


def test_the_settings_of_a_sign_training_are_told_as_ever() -> None:
    """A checkpoint of the time when there were only signs goes on."""
    first = {
        "photos": "", "epochs": 60, "batch": 16, "size_px": 320, "learning_rate": 3e-3, "weight_decay": 0.02,
        "renders": 1200, "renders_an_epoch": 400, "distance_m": [3.5, 42.0], "mosaic": 0.35, "average": 0.998,
        "bf16": True, "seed": 0,
    }  # fmt: skip
    assert fingerprint(TrainConfig()) == hashlib.sha256(json.dumps(first, sort_keys=True).encode()).hexdigest()
    assert fingerprint(TrainConfig(labels=["cup"])) != fingerprint(TrainConfig())


class _Told:
    """Reports what the pictures' first pixels say: one box, at this score."""

    labels = ("person",)

    def outputs(self, images: Tensor) -> Candidates:
        return Candidates(torch.tensor([[[40.0, 30.0, 70.0, 50.0]]]), images[:, :1, 0, :1])

    def decide(self, outputs: Candidates, confidence: float) -> tuple[Detections, ...]:
        kept = outputs.scores[0, :, 0] >= confidence
        labels = torch.zeros(int(kept.sum()), dtype=torch.int64)
        return (Detections(outputs.boxes_xyxy_px[0][kept], outputs.scores[0, kept, 0], labels),)


TOLD = cast(SignNano, _Told())


def told(score: float, *boxes: list[float]) -> LabelledPicture:
    """A picture for which ``_Told`` reports a box with this score."""
    picture = marked(*boxes)
    picture.rgb_u8[0, 0] = round(score * 255)
    return picture


def test_the_threshold_is_where_f1_is_best_and_empty_photos_are_quiet() -> None:
    box = [40.0, 30.0, 70.0, 50.0]
    people = [told(0.9, box), told(0.6, box), told(0.5, box), told(0.4, box)]
    assert chosen_threshold(TOLD, [*people, told(0.3)], [0]) == pytest.approx(0.3)
    quiet = chosen_threshold(TOLD, [*people, *[told(0.1)] * 18, told(0.7)], [0])
    assert quiet == pytest.approx(0.7)  # one alarm in nineteen is too many


def test_small_objects_count_neither_way_from_a_height_on() -> None:
    box = [40.0, 30.0, 70.0, 50.0]
    table = by_height(TOLD, [told(0.9, box), told(0.8, [0, 0, 100, 75])], [0])
    assert table["all"][1] == pytest.approx(0.5, abs=0.01)
    assert table["all"][2] == 2
    assert table["60 px and more"][1:] == (0.0, 1)
    assert "100 px and more" not in table


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (replace(CUPS, photos="p", labels=["cup", "cup"]), "different names"),
        (replace(CUPS, photos="p", widths=[8, 8, 16]), "five even numbers"),
        (replace(CUPS, photos="p", blocks=[1]), "four counts"),
        (replace(CUPS, photos="p", drawings=["moon"], renders=3), "some of road, street"),
        (replace(CUPS, photos="p", apart=0.9), "train.apart"),
        (replace(CUPS, photos="p", mirror=2.0), "train.mirror"),
        (replace(CUPS, photos="p", zoom=[2.0, 1.0]), "train.zoom"),
    ],
)
def test_a_bad_option_is_refused(config: TrainConfig, said: str) -> None:
    with pytest.raises(BadOption, match=said):
        config.check()


def test_drawn_people_are_cut_out_for_detectors_that_know_people() -> None:
    (person,) = drawn_cutouts(TrainConfig(labels=["dog", "person"], drawn_cutouts=1))
    assert person.label == 1
    assert person.rgb_u8.shape[:2] == person.alpha.shape
    assert 0.2 < (person.alpha > 0.5).mean() < 0.9
    with pytest.raises(BadOption, match="no person"):
        drawn_cutouts(replace(CUPS, drawn_cutouts=1))


@pytest.fixture
def trained(cups: Path, tmp_path: Path) -> tuple[dict[str, Any], Path]:
    """A detector of cups after one epoch."""
    config = replace(CUPS, photos=str(cups), validate=str(cups))
    return train_detector(config, CPU, tmp_path / "out"), tmp_path / "out" / "sign-nano.safetensors"


def test_a_detector_of_cups_tells_its_shape_and_threshold_and_is_trained_on(
    trained: tuple[dict[str, Any], Path], cups: Path, tmp_path: Path
) -> None:
    figures, weights = trained
    victim = load_sign_nano(SignNanoConfig(weights=str(weights), confidence=None))
    assert victim.labels == ("cup",)
    assert victim.confidence == pytest.approx(figures["threshold"])
    card = weights.with_suffix(".md").read_text()
    assert "Detects cup" in card
    assert f"Threshold: {figures['threshold']:.2f}" in card
    assert "sign" not in card.replace("sign-nano", "")
    more = replace(CUPS, photos=str(cups), begin=str(weights), seed=1)
    assert train_detector(more, CPU, tmp_path / "more")["digest"] != figures["digest"]
    assert figures["digest"] in (tmp_path / "more" / "sign-nano.md").read_text()
    with pytest.raises(BadInput, match="widths"):
        train_detector(replace(more, widths=[8, 8, 16, 16, 32]), CPU, tmp_path / "wider")
    with pytest.raises(BadInput, match="tells cup"):
        train_detector(replace(more, labels=["fork"]), CPU, tmp_path / "forks")


def test_every_option_is_told_apart_by_the_fingerprint() -> None:
    usual = TrainConfig()
    free = {"workers", "photos_licence", "validate", "held_out_renders", "judged_px"}
    changed = {"labels": ["x"], "begin": "x", "drawings": ["street"], "mirror": 0.5, "faint": False}
    for name, value in changed.items():
        assert name in asdict(usual)
        assert name not in free
        assert fingerprint(replace(usual, **{name: value})) != fingerprint(usual)  # type: ignore[arg-type]
