"""Black boxes run what cannot be converted, and none of them takes the process with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from physadv.core.access import AccessLevel
from physadv.core.errors import BadInput, BadOption, MissingExtra
from physadv.parts.victims import entries
from physadv.parts.victims.onnx import opencv_survival
from physadv.parts.victims.onnx.graph_victim import GraphVictim
from physadv.testing import check_victim
from tests.parts.victims.building import build_victim
from tests.parts.victims.graph_files import write_detector
from tests.parts.victims.onnx.test_layouts import BOX, GREY_IMAGE, SIDE, yolov8_table

TABLE = yolov8_table().transpose(0, 2, 1)


def write_suppressed(path: Path, *, opset: int = 17) -> Path:
    """Two candidates that overlap, scored by the picture's mean; what suppression leaves is ``(n, 7)``.

    Rows are image, corners, class, score, as YOLOv7 exports them; a dark picture leaves no row.
    """
    boxes = np.array([[BOX, [9.0, 17.0, 41.0, 49.0], [1.0, 1.0, 7.0, 7.0]]], np.float32)
    weights = {
        "boxes": boxes, "gains": np.array([[[0.9, 0.8, 0.1]]], np.float32), "most": np.array(9),
        "iou": np.array(0.5, np.float32), "least": np.array(0.3, np.float32),
        "column": np.array([2]), "flat": np.array([-1]), "rows": boxes[0],
        "one": np.array([-1, 1]), "axis": np.array([1]),
    }  # fmt: skip
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["gains", "mean"], ["scores"]),
        helper.make_node("NonMaxSuppression", ["boxes", "scores", "most", "iou", "least"], ["kept"]),
        helper.make_node("Gather", ["kept", "column"], ["which"], axis=1),
        helper.make_node("Reshape", ["which", "flat"], ["index"]),
        helper.make_node("Gather", ["rows", "index"], ["corners"], axis=0),
        helper.make_node("Reshape", ["scores", "flat"], ["flat_scores"]),
        helper.make_node("Gather", ["flat_scores", "index"], ["their"], axis=0),
        helper.make_node("Reshape", ["their", "one"], ["score"]),
        helper.make_node("Sub", ["score", "score"], ["zero"]),
        helper.make_node("Concat", ["zero", "corners", "zero", "score"], ["out"], axis=1),
    ]
    graph = helper.make_graph(
        nodes, "suppressed", [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["n", 7])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    helper.set_model_props(model, {"names": "{0: 'stop'}"})
    onnx.save(model, str(path))
    return path


def write_branching(path: Path) -> Path:
    """The yolov8 table behind an If that every picture takes."""
    write_detector(path, [TABLE])
    model = onnx.load(str(path))
    last = model.graph.node.pop()
    branches = {}
    for name in ("then_branch", "else_branch"):
        inner = helper.make_node("Add", list(last.input), [f"{name}_out"])
        out = helper.make_tensor_value_info(f"{name}_out", TensorProto.FLOAT, None)
        branches[name] = helper.make_graph([inner], name, [], [out])
    model.graph.node.append(helper.make_node("Cast", ["mean"], ["flag0"], to=TensorProto.BOOL))
    model.graph.node.append(helper.make_node("Reshape", ["flag0", "empty"], ["flag"]))
    model.graph.initializer.append(numpy_helper.from_array(np.array([1]), "empty"))
    model.graph.node.append(helper.make_node("If", ["flag"], list(last.output), **branches))
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 1
    onnx.save(model, str(path))
    return path


def of(backend: str, path: Path, **options: object) -> GraphVictim:
    victim = build_victim(backend, path=str(path), **options)
    assert isinstance(victim, GraphVictim)
    return victim


def test_suppression_inside_runs_and_a_picture_may_hold_nothing(tmp_path: Path) -> None:
    victim = of("onnxruntime", write_suppressed(tmp_path / "nms.onnx"))
    bright, dark = torch.ones(1, 3, SIDE, SIDE), torch.zeros(1, 3, SIDE, SIDE)
    outputs = victim.outputs(torch.cat([dark, bright, bright * 0.5]))
    assert [int((scores > 0).sum()) for scores in outputs.scores] == [0, 1, 1]
    found = victim.decide(outputs)
    assert [len(one.scores) for one in found] == [0, 1, 1]
    assert found[1].boxes_xyxy_px[0].tolist() == BOX.tolist()
    assert float(found[1].scores[0]) == pytest.approx(0.9)
    assert victim.labels == ("stop",)


@pytest.mark.parametrize(
    ("backend", "advice"), [("onnx", "nms=False.*victim=onnxruntime"), ("opencv-dnn", "victim=onnxruntime")]
)
def test_suppression_is_named_by_those_that_cannot_run_it(tmp_path: Path, backend: str, advice: str) -> None:
    with pytest.raises(BadInput, match=f"non-maximum suppression.*{advice}"):
        of(backend, write_suppressed(tmp_path / "nms.onnx"))


def test_branches_run_as_a_black_box_and_are_named_else(tmp_path: Path) -> None:
    path = write_branching(tmp_path / "if.onnx")
    victim = of("onnxruntime", path)
    assert victim.decide(victim.outputs(GREY_IMAGE))[0].boxes_xyxy_px[0].tolist() == BOX.tolist()
    with pytest.raises(BadInput, match=r"branches inside \(If\).*victim=onnxruntime"):
        of("onnx", path)


@pytest.mark.parametrize("half", [False, True])
def test_onnx_runtime_reads_the_same_file_alike(tmp_path: Path, half: bool) -> None:
    path = write_detector(tmp_path / "v8.onnx", [TABLE], half=half)
    image = torch.rand(2, 3, 50, 80, generator=torch.Generator().manual_seed(0))
    ours, theirs = (of(backend, path).outputs(image) for backend in ("onnx", "onnxruntime"))
    assert torch.allclose(ours.scores, theirs.scores, atol=1e-3)
    assert torch.allclose(ours.boxes_xyxy_px, theirs.boxes_xyxy_px, atol=0.1 if half else 1e-3)
    assert of("onnxruntime", path).digest == of("onnx", path).digest


def test_onnx_runtime_passes_the_battery_and_has_no_gradients(tmp_path: Path) -> None:
    victim = of("onnxruntime", write_detector(tmp_path / "v8.onnx", [TABLE]))
    check_victim(victim)
    assert victim.access is AccessLevel.scores


def test_torchvision_style_detections_come_without_a_batch_and_count_from_one(tmp_path: Path) -> None:
    names = ("boxes", "labels", "scores")
    path = write_suppressed(tmp_path / "m.onnx")
    model = onnx.load(str(path))
    del model.graph.output[:]
    nodes = [
        helper.make_node("Identity", ["corners"], ["boxes_out"]),
        helper.make_node("Cast", ["their"], ["whole"], to=TensorProto.INT64),
        helper.make_node("Add", ["whole", "unit"], ["labels"]),
        # never used: it stands for the second stage
        helper.make_node("RoiAlign", ["images", "corners", "index"], ["crops"], output_height=1, output_width=1),
    ]
    model.graph.node.extend(nodes)
    model.graph.initializer.append(numpy_helper.from_array(np.array(1), "unit"))
    for node in model.graph.node:
        node.input[:] = ["raw" if name == "boxes" else "pairs" if name == "scores" else name for name in node.input]
        node.output[:] = ["pairs" if name == "scores" else name for name in node.output]
        node.output[:] = ["boxes" if name == "boxes_out" else name for name in node.output]
    for tensor in model.graph.initializer:
        tensor.name = "raw" if tensor.name == "boxes" else tensor.name
    model.graph.node.append(helper.make_node("Identity", ["their"], ["scores"]))
    for name, kind in zip(names, (TensorProto.FLOAT, TensorProto.INT64, TensorProto.FLOAT), strict=True):
        model.graph.output.append(helper.make_tensor_value_info(name, kind, None))
    onnx.save(model, str(path))
    victim = of("onnxruntime", path, labels=["stop", "yield"])
    (found,) = victim.decide(victim.outputs(torch.ones(1, 3, SIDE, SIDE)))
    assert found.boxes_xyxy_px[0].tolist() == BOX.tolist()
    assert [victim.labels[int(label)] for label in found.labels] == ["stop"]


def test_onnx_runtime_refuses_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bad.onnx"
    graph = helper.make_graph(
        [helper.make_node("NoSuchThing", ["images"], ["out"])], "g",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)],
    )  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))
    with pytest.raises(BadInput, match=r"cannot be read by ONNX Runtime.*NoSuchThing") as caught:
        of("onnxruntime", path)
    assert "\n" not in str(caught.value)
    with pytest.raises(BadOption, match="no bf16"):
        of("onnxruntime", path, bf16=True)
    monkeypatch.setattr(entries, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"physadv\[onnxruntime\]"):
        of("onnxruntime", path)


def test_a_graph_that_ends_opencvs_process_is_refused_and_this_process_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opencv_survival, "_CHILD", "import os, signal; os.kill(os.getpid(), signal.SIGFPE)")
    opencv_survival._death.cache_clear()
    path = write_detector(tmp_path / "v8.onnx", [TABLE])
    with pytest.raises(BadInput, match=r"does not survive .*v8\.onnx: .* SIGFPE.*victim=onnxruntime"):
        of("opencv-dnn", path)
    opencv_survival._death.cache_clear()


def test_opencv_is_tried_once_a_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opencv_survival._death.cache_clear()
    path = write_detector(tmp_path / "v8.onnx", [TABLE])
    victim = of("opencv-dnn", path)
    monkeypatch.setattr(opencv_survival, "_CHILD", "import os, signal; os.kill(os.getpid(), signal.SIGFPE)")
    again = of("opencv-dnn", path)
    assert torch.equal(victim.outputs(GREY_IMAGE).scores, again.outputs(GREY_IMAGE).scores)
