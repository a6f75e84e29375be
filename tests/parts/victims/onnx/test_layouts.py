"""Every layout decodes exactly what was put into a tiny file, and says why it was recognised."""

import logging
from pathlib import Path

import numpy as np
import pytest
import torch

from physadv.core.errors import BadInput
from physadv.testing import check_victim
from tests.parts.victims.building import build_victim
from tests.parts.victims.graph_files import MEAN_SHARE, grid_centres, rows_at, write_detector

SIDE, CLASSES = 64, 3
BOX = np.array([8.0, 16.0, 40.0, 48.0])  # of the one object, in pixels
CENTRE_SIZE = np.array([24.0, 32.0, 32.0, 32.0])
GREY_IMAGE = torch.full((1, 3, SIDE, SIDE), 0.5)


def found_box(path: Path, **options: object) -> tuple[list[float], float, str]:
    """Box, score and label of the strongest detection on a grey image of the canvas's size."""
    victim = build_victim("onnx", path=str(path), confidence=0.3, **options)
    (found,) = victim.decide(victim.outputs(GREY_IMAGE))
    assert len(found.scores) == 1
    return found.boxes_xyxy_px[0].tolist(), float(found.scores[0]), victim.labels[int(found.labels[0])]


def rows(count: int, columns: int) -> np.ndarray:
    """Small dull boxes spread over the image, nothing in them."""
    table = np.zeros((1, count, columns))
    table[0, :, 0] = np.linspace(2, SIDE - 2, count)
    table[0, :, 1] = np.linspace(2, SIDE - 2, count)[::-1]
    table[0, :, 2:4] = 4
    return table


def yolov8_table(classes: int = CLASSES) -> np.ndarray:
    table = rows(rows_at(SIDE), 4 + classes)
    table[0, 5, :4], table[0, 5, 4 + 1] = CENTRE_SIZE, 0.75
    return table


def test_yolov8_columns_first(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write_detector(tmp_path / "v8.onnx", [yolov8_table().transpose(0, 2, 1)])
    with caplog.at_level(logging.INFO):
        box, score, label = found_box(path)
    assert (box, label) == (BOX.tolist(), "class1")
    assert score == pytest.approx(0.75, abs=1e-6)
    assert "layout yolov8: one output (1, 7, 84), 4 + 3 rows, no objectness" in caplog.text


def test_yolov8_rows_first_is_told_from_yolox_by_its_names(tmp_path: Path) -> None:
    path = write_detector(tmp_path / "v8.onnx", [yolov8_table()], names=("stop", "yield", "give way"))
    assert found_box(path)[::2] == (BOX.tolist(), "yield")


def test_yolov5_multiplies_objectness_and_class(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    table = rows(rows_at(SIDE, per_cell=3), 5 + CLASSES)
    table[0, 7, :4], table[0, 7, 4], table[0, 7, 5] = CENTRE_SIZE, 0.9, 0.8
    with caplog.at_level(logging.INFO):
        box, score, label = found_box(write_detector(tmp_path / "v5.onnx", [table]))
    assert (box, label) == (BOX.tolist(), "class0")
    assert score == pytest.approx(0.72, abs=1e-6)
    assert "layout yolov5" in caplog.text
    assert "three anchors a cell" in caplog.text


def test_yolox_raw_head_is_decoded(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    table = np.zeros((1, rows_at(SIDE), 5 + CLASSES))
    table[..., :2] = 0.5
    # cell (1, 2) of stride 16 is row 64 + 2 * 4 + 1; its corner is at (16, 32)
    table[0, 73, :2] = (CENTRE_SIZE[:2] - (16, 32)) / 16
    table[0, 73, 2:4] = np.log(CENTRE_SIZE[2:] / 16)
    table[0, 73, 4:6] = 0.9, 0.8
    with caplog.at_level(logging.INFO):
        box, score, _ = found_box(write_detector(tmp_path / "x.onnx", [table]), value_range=1)
    assert box == pytest.approx(BOX.tolist(), abs=1e-4)
    assert score == pytest.approx(0.72, abs=1e-6)
    assert "layout yolox" in caplog.text
    assert "boxes as offsets in cells" in caplog.text


def test_yolox_decoded_in_the_graph_is_left_as_it_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    table = np.zeros((1, rows_at(SIDE), 5 + CLASSES))
    table[0, :, :2], table[0, :, 2:4] = grid_centres(SIDE), 8
    table[0, 3, :6] = (*CENTRE_SIZE, 0.9, 0.8)
    with caplog.at_level(logging.INFO):
        box, _, _ = found_box(write_detector(tmp_path / "x.onnx", [table]), value_range=1)
    assert box == BOX.tolist()
    assert "boxes in pixels" in caplog.text


@pytest.mark.parametrize("unit", [1, SIDE])
def test_two_outputs_in_pixels_or_shares(tmp_path: Path, unit: int) -> None:
    boxes, scores = np.tile([1.0, 2.0, 9.0, 60.0], (1, 20, 1)), np.zeros((1, 20, CLASSES))
    boxes[0, 4], scores[0, 4, 2 - 1] = BOX, 0.6
    path = write_detector(tmp_path / "bs.onnx", [scores, boxes / unit])
    box, score, label = found_box(path)
    # the writer adds the share of the mean to the last column, here the boxes' bottom edge
    assert box[:3] == pytest.approx(BOX[:3].tolist(), abs=1e-4)
    assert box[3] == pytest.approx(BOX[3] + 0.5 * MEAN_SHARE * unit, abs=1e-4)
    assert (score, label) == (pytest.approx(0.6), "class1")


def test_two_outputs_with_centres_and_logits(tmp_path: Path) -> None:
    boxes, logits = np.tile([0.9, 0.9, 0.05, 0.05], (1, 20, 1)), np.full((1, 20, CLASSES), -9.0)
    boxes[0, 4], logits[0, 4, 0] = CENTRE_SIZE / SIDE, 2.0
    box, score, _ = found_box(write_detector(tmp_path / "detr.onnx", [boxes, logits]))
    assert box == pytest.approx(BOX.tolist(), abs=0.3)
    assert score == pytest.approx(0.8808, abs=1e-4)


def test_softmax_scores_lose_their_background(tmp_path: Path) -> None:
    boxes, scores = np.tile([0.0, 0.0, 9.0, 9.0], (1, 20, 1)), np.tile([1.0, 0.0, 0.0], (1, 20, 1))
    boxes[0, 4], scores[0, 4] = BOX, (0.2, 0.8, 0.0)
    victim = build_victim("onnx", path=str(write_detector(tmp_path / "bg.onnx", [boxes, scores])))
    assert len(victim.labels) == 2
    assert victim.decide(victim.outputs(GREY_IMAGE))[0].labels.tolist() == [0]


def test_finished_detections_without_suppression(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    table = np.zeros((1, 30, 6))
    table[0, 0] = (*BOX, 0.8, 11)  # COCO's 11 is a stop sign
    path = write_detector(tmp_path / "e2e.onnx", [table], column=4)
    with caplog.at_level(logging.INFO):
        box, score, label = found_box(path)
    assert (box, score, label) == (BOX.tolist(), pytest.approx(0.805), "stop sign")
    assert "without suppression" in caplog.text


def test_a_class_beyond_the_labels_is_refused(tmp_path: Path) -> None:
    table = np.zeros((1, 30, 6))
    table[0, 0] = (*BOX, 0.8, 11)
    path = write_detector(tmp_path / "e2e.onnx", [table], column=4, names=("stop", "yield"))
    with pytest.raises(BadInput, match="reports class 11, but 2 labels are known"):
        build_victim("onnx", path=str(path))


@pytest.mark.parametrize("reshape_to", [(-1, 1, 1), (1, 1, 1), (1, -1, 1)])
def test_a_graph_with_a_constant_batch_still_takes_batches(tmp_path: Path, reshape_to: tuple[int, ...]) -> None:
    table = np.zeros((1, rows_at(SIDE, per_cell=3), 5 + CLASSES))
    table[..., :4], table[..., 4:] = CENTRE_SIZE, 0.5
    victim = build_victim("onnx", path=str(write_detector(tmp_path / "d.onnx", [table], reshape_to=reshape_to)))
    assert check_victim(victim)


def test_half_precision_files_run_in_float32(tmp_path: Path) -> None:
    path = write_detector(tmp_path / "half.onnx", [yolov8_table().transpose(0, 2, 1)], half=True)
    victim = build_victim("onnx", path=str(path))
    assert victim.outputs(GREY_IMAGE).scores.dtype == torch.float32
    assert found_box(path)[0] == BOX.tolist()


def test_graphs_of_any_size_take_the_size_that_is_asked_for(tmp_path: Path) -> None:
    path = write_detector(tmp_path / "any.onnx", [yolov8_table().transpose(0, 2, 1)], side="side")
    assert found_box(path, size_px=SIDE)[0] == BOX.tolist()


def test_a_list_of_labels_must_fit(tmp_path: Path) -> None:
    path = write_detector(tmp_path / "v8.onnx", [yolov8_table().transpose(0, 2, 1)])
    labels = tmp_path / "labels.txt"
    labels.write_text("stop\nyield\nspeed limit\n")
    assert found_box(path, labels=str(labels))[2] == "yield"
    labels.write_text("stop\nyield\n")
    with pytest.raises(BadInput, match="scores 3 classes, but 2 labels are given"):
        build_victim("onnx", path=str(path), labels=str(labels))


def test_opencv_reads_the_same_file_alike(tmp_path: Path) -> None:
    path = write_detector(tmp_path / "v8.onnx", [yolov8_table().transpose(0, 2, 1)])
    torch_side, opencv_side = (build_victim(name, path=str(path)) for name in ("onnx", "opencv-dnn"))
    image = torch.rand(2, 3, 50, 80, generator=torch.Generator().manual_seed(0))
    ours, theirs = torch_side.outputs(image), opencv_side.outputs(image)
    assert torch.allclose(ours.scores, theirs.scores, atol=1e-3)
    assert torch.allclose(ours.boxes_xyxy_px, theirs.boxes_xyxy_px, atol=1e-3)
    assert opencv_side.digest == torch_side.digest
