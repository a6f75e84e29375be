"""A file that is not a detector is refused in one clear line, whatever it is."""

import os
import pickle
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from physadv.core.errors import BadInput, BadOption, PhysadvError
from physadv.parts.victims.onnx.file import read_onnx
from tests.parts.victims.building import build_victim
from tests.parts.victims.graph_files import write_detector


def write_graph(path: Path, nodes: list[onnx.NodeProto], shape: list[int], kind: int = TensorProto.FLOAT) -> Path:
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("images", kind, shape)],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return path


def refused(path: Path, match: str, victim: str = "onnx", **options: object) -> None:
    with pytest.raises(PhysadvError, match=match) as caught:
        build_victim(victim, path=str(path), **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("victim", ["onnx", "opencv-dnn"])
def test_files_that_are_no_graphs(tmp_path: Path, victim: str) -> None:
    refused(tmp_path / "missing.onnx", "cannot be read: No such file", victim)
    refused(tmp_path, "cannot be read", victim)
    junk = tmp_path / "junk.onnx"
    for content in (b"", b"\x00" * 64, b"hello, this is text", pickle.dumps({"a": print}), b"\x08\x07" * 5000):
        junk.write_bytes(content)
        refused(junk, "junk.onnx", victim)


def test_a_truncated_file(tmp_path: Path) -> None:
    path = write_detector(tmp_path / "d.onnx", [np.zeros((1, 84, 7))])
    whole = path.read_bytes()
    for share in (0.2, 0.5, 0.9):
        path.write_bytes(whole[: int(len(whole) * share)])
        refused(path, "d.onnx")


def test_one_number_an_image(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], axes=[1, 2, 3]),
        helper.make_node("Flatten", ["mean"], ["out"]),
    ]
    refused(write_graph(tmp_path / "c.onnx", nodes, [1, 3, 32, 32]), r"does not look like a detector.*\(1, 1\)")


def test_inputs_that_are_no_float_images(tmp_path: Path) -> None:
    identity = [helper.make_node("Cast", ["images"], ["out"], to=TensorProto.FLOAT)]
    refused(write_graph(tmp_path / "a.onnx", identity, [1, 32, 32, 3]), "export it for float images")
    refused(write_graph(tmp_path / "b.onnx", identity, [1, 3, 32, 32], TensorProto.UINT8), "takes UINT8")
    refused(write_graph(tmp_path / "d.onnx", identity, [8]), "export it for float images")


def test_an_operation_without_conversion_is_named(tmp_path: Path) -> None:
    nodes = [helper.make_node("Det", ["images"], ["out"])]
    refused(write_graph(tmp_path / "det.onnx", nodes, [1, 3, 32, 32]), "operation.*Det")


def test_a_graph_that_cannot_run(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Constant", [], ["shape"], value=onnx.numpy_helper.from_array(np.array([7, 7]))),
        helper.make_node("Reshape", ["images", "shape"], ["out"]),
    ]
    refused(write_graph(tmp_path / "r.onnx", nodes, [1, 3, 32, 32]), "cannot be (run|converted)")


@pytest.mark.parametrize("victim", ["onnx", "opencv-dnn"])
def test_a_graph_that_is_not_valid(tmp_path: Path, victim: str) -> None:
    nodes = [helper.make_node("Add", ["images", "nowhere"], ["out"])]
    refused(write_graph(tmp_path / "n.onnx", nodes, [1, 3, 32, 32]), "n.onnx (is not a valid|cannot be)", victim)


def test_a_layout_that_does_not_fit_is_refused_with_the_shapes(tmp_path: Path) -> None:
    path = write_detector(tmp_path / "d.onnx", [np.zeros((1, 7, 84))])
    refused(path, r"does not have layout nanodet: its outputs are \(1, 7, 84\)", layout="nanodet")


def test_not_finite_outputs_are_refused(tmp_path: Path) -> None:
    refused(write_detector(tmp_path / "d.onnx", [np.full((1, 7, 84), np.nan)]), "not finite")


def test_a_fixed_size_cannot_be_changed(tmp_path: Path) -> None:
    path = write_detector(tmp_path / "d.onnx", [np.zeros((1, 7, 84))])
    refused(path, "only takes 64 x 64 pixels, not victim.size_px=320", size_px=320)


def test_labels_that_cannot_be_read(tmp_path: Path) -> None:
    path = write_detector(tmp_path / "d.onnx", [np.zeros((1, 7, 84))])
    for name, content in (("a.json", "{"), ("b.json", '{"a": 1}'), ("c.json", "[1, 2, 3]"), ("d.txt", "\n\n")):
        (tmp_path / name).write_text(content)
        refused(path, name, labels=str(tmp_path / name))
    (tmp_path / "e.txt").write_bytes(b"\xff\xfe\x00")
    refused(path, "not text", labels=str(tmp_path / "e.txt"))
    refused(path, "cannot be read", labels=str(tmp_path / "missing.txt"))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"path": "x.onnx", "layout": "yolo99"},
        {"path": "x.onnx", "confidence": 2.0},
        {"path": "x.onnx", "mean": [1.0, 2.0]},
        {"path": "x.onnx", "std": [1.0, 0.0, 1.0]},
        {"path": "x.onnx", "channels": "hsv"},
        {"path": "x.onnx", "value_range": 100.0},
    ],
)
def test_options_out_of_range_are_refused_before_the_file_is_read(options: dict[str, object]) -> None:
    with pytest.raises(BadOption, match="victim"):
        build_victim("onnx", **options)


def test_bf16_is_not_for_opencv() -> None:
    with pytest.raises(BadOption, match="bf16"):
        build_victim("opencv-dnn", path="x.onnx", bf16=True)


def test_bad_input_is_what_callers_catch(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        build_victim("onnx", path=str(tmp_path / "missing.onnx"))


def test_raw_yolov5_heads_are_read_only_when_asked_for(tmp_path: Path) -> None:
    maps = [np.full((1, 24, side, side), -9.0) for side in (8, 4, 2)]
    path = write_detector(tmp_path / "raw.onnx", maps, reshape_to=(-1, 1, 1, 1))
    refused(path, "does not look like a detector")
    assert build_victim("onnx", path=str(path), layout="yolov5-heads").labels == ("class0", "class1", "class2")
    refused(write_detector(tmp_path / "d.onnx", [np.zeros((1, 7, 84))]), "does not have layout", layout="yolov5-heads")


def _pooled(path: Path, shape: list[int]) -> Path:
    nodes = [
        helper.make_node("GlobalAveragePool", ["images"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["out"]),
    ]
    return write_graph(path, nodes, shape)


@pytest.mark.parametrize("victim", ["onnx", "opencv-dnn"])
def test_a_slip_in_the_size_of_the_picture_does_not_take_all_memory(tmp_path: Path, victim: str) -> None:
    refused(_pooled(tmp_path / "c.onnx", [1, 3, 100_000, 64]), "pictures of 64 x 100000 pixels", victim)


def test_a_size_of_minus_one_is_any_size(tmp_path: Path) -> None:
    path = _pooled(tmp_path / "c.onnx", [1, 3, -1, -1])
    assert read_onnx(path, 0).input_hw == read_onnx(path, 0, as_it_is=True).input_hw == (640, 640)


@pytest.mark.parametrize("victim", ["onnx", "opencv-dnn"])
def test_a_file_without_a_network_is_not_told_of_its_inputs(tmp_path: Path, victim: str) -> None:
    (tmp_path / "empty.onnx").touch()
    refused(tmp_path / "empty.onnx", "holds no network", victim)


def test_names_in_the_file_come_on_one_line(tmp_path: Path) -> None:
    names = {"names": repr({0: "st\u202eop\nsign\x1b[31m", 1: " yield "})}
    path = write_detector(tmp_path / "d.onnx", [np.zeros((1, 6, 84))], said=names)
    assert read_onnx(path, 64).class_names == ("st op sign [31m", "yield")


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.onnx")
    with pytest.raises(BadInput, match="a device or a pipe"):
        read_onnx(tmp_path / "pipe.onnx", 0)
