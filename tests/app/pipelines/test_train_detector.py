"""Training the reference detector: assignment and loss in tiny exact cases, one short run, and its resumption."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from physadv.core.errors import BadInput, BadOption, BadOutput
from physadv.engines.training.assign import Targets, assign, detection_loss, pairwise_iou
from physadv.engines.training.augment import mosaic, occlude, recolour, view
from physadv.engines.training.batches import EpochBatches, TrainingData
from physadv.engines.training.detector import TrainProgress, train_detector
from physadv.engines.training.drawn import draw_renders
from physadv.engines.training.options import TrainConfig
from physadv.engines.training.photos import LabelledPicture, read_photos
from physadv.library.roads.signs import LABELS
from physadv.parts.victims.sign_nano_net import grid
from tests.running import physadv

CPU = torch.device("cpu")
SMOKE = TrainConfig(
    epochs=2, batch=2, size_px=64, renders=6, renders_an_epoch=4, held_out_renders=6, bf16=False, workers=0
)


def one_object(box: list[float], label: int, classes: int = 3) -> Targets:
    """A batch of one image with one object, padded to two."""
    boxes = torch.tensor([[box, [-1e4, -1e4, -9999.0, -9999.0]]])
    return Targets(
        boxes, torch.tensor([[label, 0]]), torch.tensor([[True, False]]), torch.ones(1, classes, dtype=torch.bool)
    )


def test_iou_of_known_boxes() -> None:
    a, b = torch.tensor([[[0.0, 0.0, 2.0, 2.0]]]), torch.tensor([[[1.0, 0.0, 3.0, 2.0], [0.0, 0.0, 2.0, 2.0]]])
    torch.testing.assert_close(pairwise_iou(a, b), torch.tensor([[[1 / 3, 1.0]]]))


def test_only_cells_near_the_object_are_responsible_and_never_for_padding() -> None:
    points, strides = grid(64, 64, CPU)
    boxes = torch.cat([points - strides, points + strides], -1)[None]
    targets = one_object([8.0, 8.0, 24.0, 24.0], label=1)
    responsible, which = assign(boxes, torch.zeros(1, len(points), 3), points, strides, targets)
    assert responsible.any()
    assert (which[responsible] == 0).all()
    near = (points - 16).abs().amax(-1) < 2.5 * strides[:, 0]
    inside = ((points > 8) & (points < 24)).all(-1)
    assert not (responsible[0] & ~near & ~inside).any()


def test_an_image_without_objects_teaches_only_the_background() -> None:
    points, strides = grid(64, 64, CPU)
    boxes = torch.cat([points - strides, points + strides], -1)[None].requires_grad_()
    logits = torch.zeros(1, len(points), 3, requires_grad=True)
    empty = replace(one_object([0.0, 0.0, 1.0, 1.0], label=0), real=torch.zeros(1, 2, dtype=torch.bool))
    detection_loss(boxes, logits, points, strides, empty).backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert (logits.grad > 0).all()


def test_labels_that_nobody_annotated_teach_nothing() -> None:
    points, strides = grid(64, 64, CPU)
    boxes = torch.cat([points - strides, points + strides], -1)[None]
    logits = torch.zeros(1, len(points), 3, requires_grad=True)
    targets = one_object([8.0, 8.0, 24.0, 24.0], label=1)
    targets = replace(targets, known=torch.tensor([[True, True, False]]))
    detection_loss(boxes, logits, points, strides, targets).backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert (logits.grad[..., 2] == 0).all()
    assert (logits.grad[..., 0] != 0).any()


@pytest.fixture
def marked() -> LabelledPicture:
    """A dark picture with one bright rectangle, which is the object."""
    rgb = np.full((80, 120, 3), 20, np.uint8)
    rgb[30:50, 40:70] = 220
    return LabelledPicture(rgb, np.array([[40, 30, 70, 50]], np.float32), np.array([1]))


@pytest.mark.parametrize("seed", range(6))
def test_the_box_follows_the_object_through_a_view(marked: LabelledPicture, seed: int) -> None:
    seen = view(marked, 96, np.random.default_rng(seed), zoom=(0.8, 1.3), turn_deg=0)
    bright = np.argwhere(seen.rgb_u8[..., 0] > 170)[:, ::-1]
    assert len(seen.labels) == (1 if len(bright) > 200 else len(seen.labels))
    for box in seen.boxes_xyxy_px:
        drawn = np.concatenate([bright.min(0), bright.max(0) + 1])
        np.testing.assert_allclose(box, drawn, atol=1.2)


def test_augmentation_keeps_boxes_inside_and_pictures_unharmed(marked: LabelledPicture) -> None:
    before, rng = marked.rgb_u8.copy(), np.random.default_rng(0)
    for _ in range(10):
        seen = occlude(recolour(mosaic([marked] * 4, 96, rng), rng), rng)
        assert len(seen.boxes_xyxy_px) == len(seen.labels)
        assert ((seen.boxes_xyxy_px >= 0) & (seen.boxes_xyxy_px <= 96)).all()
    np.testing.assert_array_equal(marked.rgb_u8, before)


@pytest.mark.slow
def test_a_batch_depends_on_seed_epoch_and_number_only() -> None:
    data = TrainingData((), np.ones(len(LABELS), bool), draw_renders(SMOKE, 6))
    batches = EpochBatches(SMOKE, data, epoch=0)
    assert len(batches) == 2
    assert torch.equal(batches[1][0], batches[1][0])
    assert not torch.equal(batches[0][0], EpochBatches(SMOKE, data, epoch=1)[0][0])


@pytest.fixture
def photos(tmp_path: Path, marked: LabelledPicture) -> Path:
    """A COCO folder with one photo, a label we know under another spelling, and one that we do not know."""
    folder = tmp_path / "photos"
    (folder / "images").mkdir(parents=True)
    cv2.imwrite(str(folder / "images" / "a.png"), marked.rgb_u8)
    truth = {
        "images": [{"id": 7, "file_name": "a.png", "width": 120, "height": 80}],
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 3, "bbox": [40, 30, 30, 20]},
            {"id": 2, "image_id": 7, "category_id": 4, "bbox": [0, 0, 9, 9]},
        ],
        "categories": [{"id": 3, "name": "stop"}, {"id": 4, "name": "giraffe"}],
    }
    (folder / "annotations.json").write_text(json.dumps(truth))
    return folder


def test_photos_are_read_with_the_labels_that_the_detector_knows(photos: Path) -> None:
    read = read_photos(photos, LABELS)
    assert read.known.tolist() == [False, True, False, False, False, False]
    np.testing.assert_array_equal(read.pictures[0].boxes_xyxy_px, [[40, 30, 70, 50]])
    (photos / "images" / "a.png").write_bytes(b"no image")
    with pytest.raises(BadInput, match=r"a\.png.* is not an image"):
        read_photos(photos, LABELS)
    with pytest.raises(BadInput, match="no such folder"):
        read_photos(photos / "nowhere", LABELS)


@pytest.mark.parametrize(
    ("where", "entry", "named"),
    [
        ("annotations", {"bbox": None}, "bbox of annotation 1"),
        ("annotations", {"bbox": ["a", 0, 1, 1]}, "bbox of annotation"),
        ("images", {"file_name": 5}, r"'file_name' of image .* must be text, got 5"),
        ("images", {"file_name": "../../a.png"}, "leads out"),
    ],
)
def test_bad_annotations_stop_training_in_one_line(
    photos: Path, where: str, entry: dict[str, object], named: str
) -> None:
    path = photos / "annotations.json"
    content = json.loads(path.read_text())
    content[where][0] |= entry
    path.write_text(json.dumps(content))
    with pytest.raises(BadInput, match=named):
        read_photos(photos, LABELS)


@pytest.mark.slow
def test_a_stopped_training_goes_on_to_the_same_weights(photos: Path, tmp_path: Path) -> None:
    config = replace(SMOKE, photos=str(photos), validate=str(photos))

    class Stopped(Exception):
        pass

    def stop_in_epoch_two(progress: TrainProgress) -> None:
        if progress.epoch == 2:
            raise Stopped

    with pytest.raises(Stopped):
        train_detector(config, CPU, tmp_path / "stopped", stop_in_epoch_two)
    resumed = train_detector(config, CPU, tmp_path / "stopped")
    straight = train_detector(config, CPU, tmp_path / "straight")
    assert resumed["digest"] == straight["digest"]
    card = (tmp_path / "straight" / "sign-nano.md").read_text()
    assert straight["digest"] in card
    assert "stop sign" in card
    with pytest.raises(BadOutput, match="other settings"):
        train_detector(replace(config, seed=1), CPU, tmp_path / "straight")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (replace(SMOKE, size_px=100), "multiple of 32"),
        (replace(SMOKE, renders_an_epoch=0), "nothing to train on"),
        (replace(SMOKE, learning_rate=5.0), "learning_rate"),
    ],
)
def test_a_bad_option_is_refused_before_anything_is_written(config: TrainConfig, said: str, tmp_path: Path) -> None:
    with pytest.raises(BadOption, match=said):
        train_detector(config, CPU, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_the_preset_of_the_people_detector_runs_in_its_smallest_form(tmp_path: Path) -> None:
    done = physadv("train", "detector", "experiment=person_nano", "size=smoke", "progress=false", f"out={tmp_path}/run")
    assert done.returncode == 0, done.stderr[-2000:]
    card = (tmp_path / "run" / "person-nano.md").read_text()
    assert "A demonstration victim" in card
    assert "physadv train detector experiment=person_nano" in card
