"""Layouts that share their shapes are told apart by names, metadata and values, or asked about."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import torch

from physadv.core.errors import BadInput, BadOption
from physadv.parts.victims.conventions import ResizeMode
from physadv.parts.victims.onnx.graph_victim import GraphVictim
from tests.parts.victims.building import build_victim
from tests.parts.victims.graph_files import grid_centres, rows_at, write_detector

SIDE = 64
BOX = [8.0, 16.0, 40.0, 48.0]
CENTRE_SIZE = np.array([24.0, 32.0, 32.0, 32.0])
GREY = torch.full((1, 3, SIDE, SIDE), 0.5)


def victim_of(path: Path, **options: object) -> GraphVictim:
    victim = build_victim("onnx", path=str(path), **options)
    assert isinstance(victim, GraphVictim)
    return victim


def best(victim: GraphVictim, row: int) -> tuple[list[float], list[float]]:
    """Box and scores of one row on a grey picture."""
    outputs = victim.outputs(GREY)
    return [round(x, 1) for x in outputs.boxes_xyxy_px[0, row].tolist()], outputs.scores[0, row].tolist()


def queries(columns: int, count: int = 16, low: float = -5.0) -> tuple[np.ndarray, np.ndarray]:
    """Boxes as shares (centre and size) and logits, as transformers with queries put them out."""
    boxes = np.tile([0.8, 0.8, 0.2, 0.1], (1, count, 1))
    boxes[0, 3] = CENTRE_SIZE / SIDE
    return boxes, np.full((1, count, columns), low)


def undecided() -> tuple[np.ndarray, np.ndarray]:
    """Seven columns as of a network that was never trained: nothing low, nothing that wins."""
    return queries(7)[0], np.random.default_rng(0).normal(size=(1, 16, 7))


# two outputs ------------------------------------------------------------


@pytest.mark.parametrize("order", [("dets", "labels"), ("labels", "dets")])
def test_rf_detr_is_told_by_the_names_of_its_outputs(
    tmp_path: Path, order: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    boxes, logits = queries(4)
    logits[0, 3, 1] = 3.0
    tables = {"dets": boxes, "labels": logits}
    path = write_detector(tmp_path / "m.onnx", [tables[name] for name in order], output_names=order)
    victim = victim_of(path)
    box, scores = best(victim, 3)
    assert (victim.layout_name, len(victim.labels)) == ("rf-detr", 3)
    assert box == pytest.approx(BOX, abs=0.4)
    assert scores[1] == pytest.approx(0.9526, abs=1e-3)
    assert (victim.conventions.resize, victim.conventions.mean) == (ResizeMode.STRETCH, (0.485, 0.456, 0.406))
    assert "victim.labels=[nothing" in caplog.text  # it may be the first that is to spare
    assert len(victim_of(path, labels=["nothing", "stop", "yield", "give way"]).labels) == 4
    assert victim_of(path, labels=["stop", "yield", "give way"]).labels == ("stop", "yield", "give way")


def test_boxes_and_logits_of_four_columns_are_told_by_their_values(tmp_path: Path) -> None:
    boxes, logits = queries(4)
    logits[0, 3, 1] = 3.0
    for index, tables in enumerate(([boxes, logits], [logits, boxes])):
        path = write_detector(tmp_path / f"{index}.onnx", tables, column=0)
        assert best(victim_of(path, layout="boxes-scores"), 3)[0] == pytest.approx(BOX, abs=0.5)
    path = write_detector(tmp_path / "twice.onnx", [boxes, boxes])
    with pytest.raises(BadInput, match=r"twice\.onnx: both outputs have four columns.*victim\.outputs=\[out0,out1\]"):
        victim_of(path)
    assert victim_of(path, outputs=["out1", "out0"]).layout_name == "boxes-scores"
    with pytest.raises(BadOption, match="no output 'x'; it has out0, out1"):
        victim_of(path, outputs=["x"])


@pytest.mark.parametrize("names", [("logits", "pred_boxes"), ("pred_logits", "pred_boxes"), ("a", "b")])
@pytest.mark.parametrize("labels", [[], ["stop", "yield"]])
def test_no_object_in_the_last_column_is_no_class(tmp_path: Path, names: tuple[str, str], labels: list[str]) -> None:
    boxes, logits = queries(3, low=0.0)
    logits[..., 2] = 6.0
    logits[0, 3] = (0.0, 9.0, 1.0)
    path = write_detector(tmp_path / "detr.onnx", [logits, boxes], output_names=names, column=0)
    victim = victim_of(path, labels=labels)
    assert (victim.layout_name, len(victim.labels)) == ("detr", 2)
    assert best(victim, 0)[1] == pytest.approx([0.0025, 0.0025], abs=3e-4)
    assert best(victim, 3)[1][1] == pytest.approx(0.9995, abs=3e-4)
    assert len(victim.decide(victim.outputs(GREY))[0].scores) == 1


def test_labels_that_count_no_object_as_a_class_are_refused(tmp_path: Path) -> None:
    boxes, logits = queries(3, low=0.0)
    logits[..., 2] = 6.0
    path = write_detector(tmp_path / "detr.onnx", [logits, boxes], output_names=("logits", "pred_boxes"))
    with pytest.raises(BadInput, match=r"as 'no object' does.*Name the 2 classes, victim.labels.*victim.layout=detr"):
        victim_of(path, labels=["stop", "yield", "third"])
    assert len(victim_of(path, labels=["a", "b", "c"], layout="boxes-scores").labels) == 3


def test_what_nothing_settles_is_asked_for(tmp_path: Path) -> None:
    boxes, logits = undecided()
    path = write_detector(tmp_path / "m.onnx", [logits, boxes], output_names=("logits", "pred_boxes"), column=0)
    with pytest.raises(
        BadInput, match=r"nothing says whether the last of 7 columns is 'no object'.*victim.layout=detr"
    ):
        victim_of(path)
    assert len(victim_of(path, layout="detr").labels) == 6
    assert len(victim_of(path, layout="boxes-scores").labels) == 7
    assert len(victim_of(path, layout="rt-detr").labels) == 7


@pytest.mark.parametrize(
    ("model_type", "layout", "classes"), [("detr", "detr", 6), ("yolos", "detr", 6), ("rt_detr", "rt-detr", 7)]
)
def test_the_configuration_beside_the_file_settles_it(
    tmp_path: Path, model_type: str, layout: str, classes: int
) -> None:
    boxes, logits = undecided()
    path = write_detector(tmp_path / "model.onnx", [logits, boxes], output_names=("logits", "pred_boxes"), column=0)
    (tmp_path / "config.json").write_text(f'{{"model_type": "{model_type}"}}')
    victim = victim_of(path)
    assert (victim.layout_name, len(victim.labels)) == (layout, classes)


def test_one_score_a_class_stays_low_on_nothing_and_is_read_with_a_sigmoid(tmp_path: Path) -> None:
    boxes, logits = queries(5, low=-4.6)
    logits[0, 3, 4] = 2.0
    path = write_detector(tmp_path / "m.onnx", [logits, boxes], output_names=("logits", "pred_boxes"), column=0)
    victim = victim_of(path)
    assert (victim.layout_name, len(victim.labels)) == ("boxes-scores", 5)
    assert best(victim, 3)[1][4] == pytest.approx(0.8808, abs=1e-3)


def test_softmax_scores_with_no_object_last_lose_their_last_column(tmp_path: Path) -> None:
    boxes = np.tile([0.0, 0.0, 9.0, 9.0], (1, 20, 1))
    scores = np.tile([0.0, 0.0, 1.0], (1, 20, 1))
    boxes[0, 4], scores[0, 4] = BOX, (0.8, 0.0, 0.2)
    path = write_detector(tmp_path / "m.onnx", [boxes, scores], column=0)
    victim = victim_of(path)
    assert len(victim.labels) == 2
    assert victim.decide(victim.outputs(GREY))[0].labels.tolist() == [0]


# one table ------------------------------------------------------------


def yolo_rows(columns: int) -> np.ndarray:
    table = np.zeros((1, rows_at(SIDE), columns))
    table[0, :, :2], table[0, :, 2:4] = grid_centres(SIDE), 8
    table[0, 5, :4] = CENTRE_SIZE
    return table


def test_an_objectness_of_one_everywhere_is_yolov6(tmp_path: Path) -> None:
    table = yolo_rows(7)
    table[..., 4] = 1
    table[0, 5, 5] = 0.75
    victim = victim_of(write_detector(tmp_path / "v6.onnx", [table]))
    assert (victim.layout_name, len(victim.labels)) == ("yolov6", 2)
    assert (victim.conventions.bgr, victim.conventions.white, victim.conventions.resize) == (
        False,
        1.0,
        ResizeMode.CENTRED,
    )
    assert best(victim, 5) == (BOX, pytest.approx([0.75, 0.005], abs=1e-3))


def test_decoded_yolox_without_names_is_read_with_a_warning_that_names_the_options(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    table = yolo_rows(8)
    table[0, 5, 4:6] = 0.9, 0.8
    victim = victim_of(write_detector(tmp_path / "x.onnx", [table]))
    assert victim.layout_name == "yolox"
    assert "victim.layout=yolov8" in caplog.text
    assert "victim.layout=yolov6" in caplog.text
    assert victim_of(tmp_path / "x.onnx", layout="yolov6").conventions.bgr is False


def test_a_pose_network_is_read_without_its_keypoints(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    table = yolo_rows(4 + 1 + 6)
    table[..., 5:] = 33.0
    table[0, 5, 4] = 0.75
    turned = table.transpose(0, 2, 1)
    said = {"task": "pose", "kpt_shape": "[2, 3]"}
    path = write_detector(tmp_path / "pose.onnx", [turned], names=("person",), said=said)
    with caplog.at_level(logging.INFO):
        victim = victim_of(path)
    assert victim.labels == ("person",)
    assert best(victim, 5) == (BOX, [0.75])
    assert "6 numbers of keypoints" in caplog.text
    silent = write_detector(tmp_path / "silent.onnx", [turned])
    assert best(victim_of(silent, labels=["person"]), 5)[1] == [0.75]
    assert best(victim_of(silent, labels=["person"], task="pose"), 5)[1] == [0.75]
    with pytest.raises(BadInput, match=r"columns 6 to 11 .* leave \[0, 1\].*victim.task=pose"):
        victim_of(silent)
    with pytest.raises(BadInput, match="not all of them are scores"):
        victim_of(silent, labels=[f"c{i}" for i in range(7)])
    with pytest.raises(BadInput, match=r"pose network.*victim.labels=\[person\]"):
        victim_of(silent, task="pose")


def test_a_segmenting_network_is_read_without_its_masks(tmp_path: Path) -> None:
    table = yolo_rows(4 + 2 + 32)
    table[..., 6:] = -1.5
    table[0, 5, 5] = 0.75
    prototypes = np.zeros((1, 32, 16, 16))
    path = tmp_path / "seg.onnx"
    write_detector(path, [table.transpose(0, 2, 1), prototypes], reshape_to=(-1, 1, 1), column=0)
    victim = victim_of(path)
    assert len(victim.labels) == 2
    assert best(victim, 5)[1] == [0.0, 0.75]
    with pytest.raises(BadInput, match="scores 2 classes, but 3 labels"):
        victim_of(path, labels=["a", "b", "c"])


def test_turned_boxes_become_the_upright_ones_around_them(tmp_path: Path) -> None:
    table = yolo_rows(4 + 2 + 1)
    table[0, 5, :4] = 32, 32, 20, 10
    table[0, 5, 5], table[0, 5, 6] = 0.75, np.pi / 2
    path = write_detector(
        tmp_path / "obb.onnx", [table.transpose(0, 2, 1)], names=("a", "b"), said={"task": "obb"}, column=0
    )
    box, scores = best(victim_of(path), 5)
    assert (box, scores) == ([27.0, 22.0, 37.0, 42.0], [0.0, 0.75])


def test_rows_of_no_known_head_are_read_by_the_number_of_names_or_asked_about(tmp_path: Path) -> None:
    table = np.zeros((1, 16, 7))
    table[0, :, :4] = CENTRE_SIZE / SIDE
    table[0, 3, 5] = 0.75
    path = write_detector(tmp_path / "m.onnx", [table])
    with pytest.raises(BadInput, match=r"belong to no known head.*victim.layout=yolov5"):
        victim_of(path)
    victim = victim_of(path, labels=["a", "b", "c"])
    assert (victim.layout_name, victim.conventions.resize) == ("rt-detr", ResizeMode.STRETCH)
    assert best(victim, 3) == (BOX, pytest.approx([0, 0.75, 0.005], abs=1e-3))
    assert victim_of(path, labels=["a", "b"]).layout_name == "yolov5"


# finished detections ------------------------------------------------------------


def finished(columns: int = 6, count: int = 30) -> np.ndarray:
    table = np.zeros((1, count, columns))
    table[0, :, 4:6] = 0.1, 1
    return table


def test_centres_in_shares_are_told_by_boxes_that_would_be_inside_out(tmp_path: Path) -> None:
    table = finished()
    table[0, :, :4] = 0.9, 0.9, 0.05, 0.05
    table[0, 3, :5] = *(CENTRE_SIZE / SIDE), 0.8
    path = write_detector(tmp_path / "rt.onnx", [table], names=("stop", "yield"), column=4)
    victim = victim_of(path)
    assert (victim.layout_name, victim.conventions.resize) == ("rt-detr", ResizeMode.STRETCH)
    assert best(victim, 3) == (BOX, pytest.approx([0, 0.805], abs=1e-3))


def test_few_boxes_in_shares_are_centre_and_size_as_rt_detrs_are(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    table = finished()
    table[0, :, :4] = 0.2, 0.2, 0.3, 0.3
    path = write_detector(tmp_path / "m.onnx", [table], names=("stop", "yield"), column=4)
    assert victim_of(path).layout_name == "rt-detr"
    assert "victim.boxes=corners" in caplog.text
    assert victim_of(path, boxes="corners").conventions.resize is ResizeMode.CENTRED
    table[0, :, 2] = np.linspace(0.25, 0.9, 30)  # thirty different boxes, none of them inside out
    table[0, :, 0] = np.linspace(0.1, 0.2, 30)
    write_detector(path, [table], names=("stop", "yield"), column=4)
    assert victim_of(path).layout_name == "end-to-end"


def test_class_before_score_is_seen(tmp_path: Path) -> None:
    table = finished()
    table[0, 3, :6] = *BOX, 1, 0.8
    table[0, :, 4], table[0, 4:, 5] = 1, 0.123
    path = write_detector(tmp_path / "m.onnx", [table], names=("stop", "yield"), column=0)
    assert best(victim_of(path), 3)[1] == pytest.approx([0, 0.8])


def test_where_both_readings_are_boxes_the_option_decides_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    table = finished()
    table[0, :, :4] = 20, 20, 30, 30
    path = write_detector(tmp_path / "m.onnx", [table], names=("stop", "yield"), column=4)
    assert best(victim_of(path), 3)[0] == [20, 20, 30, 30]
    assert "victim.boxes=centres" in caplog.text
    assert best(victim_of(path, boxes="centres"), 3)[0] == [5, 5, 35, 35]


def test_classes_whose_number_shows_nowhere_are_cocos_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    table = finished()
    table[0, :, :4] = BOX
    victim = victim_of(write_detector(tmp_path / "m.onnx", [table], column=4))
    assert victim.labels[11] == "stop sign"
    assert "give victim.labels" in caplog.text


def test_boxes_scores_and_classes_in_three_outputs(tmp_path: Path) -> None:
    boxes, scores, labels = np.tile(BOX, (1, 9, 1)), np.full((1, 9, 1), 0.6), np.zeros((1, 9, 1))
    labels[0, 2] = 1
    path = write_detector(
        tmp_path / "m.onnx", [labels, boxes, scores], output_names=("labels", "boxes", "scores"), names=("a", "b")
    )
    # the writer adds a little to each output's last column: classes are rounded, the others are not
    victim = victim_of(path)
    assert victim.layout_name == "end-to-end"
    box, both = best(victim, 2)
    assert box == BOX
    assert both == pytest.approx([0, 0.605], abs=1e-3)
