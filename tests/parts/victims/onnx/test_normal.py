"""Whatever form an exporter chose, the graph that is converted is the same function in one form."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from onnx2torch import convert

from physadv.parts.victims.onnx.normal import normalised, operations
from physadv.parts.victims.onnx.operations import handed_over

IMAGE = np.random.default_rng(0).normal(size=(1, 3, 8, 8)).astype(np.float32)
KERNEL = np.random.default_rng(1).normal(size=(4, 3, 3, 3)).astype(np.float32)


def model_of(
    nodes: list[onnx.NodeProto], outputs: list[str], weights: dict[str, np.ndarray], **options: int
) -> onnx.ModelProto:
    kind = options.get("kind", TensorProto.FLOAT)
    graph = helper.make_graph(
        nodes, "graph", [helper.make_tensor_value_info("images", kind, IMAGE.shape)],
        [helper.make_tensor_value_info(name, options.get("out", TensorProto.FLOAT), None) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", options.get("opset", 18))], ir_version=10)


def same(model: onnx.ModelProto, reference: onnx.ModelProto, atol: float = 1e-5) -> None:
    """The converted normal form gives what ONNX Runtime gives for a graph of the usual form."""
    session = onnxruntime.InferenceSession(reference.SerializeToString(), providers=["CPUExecutionProvider"])
    outputs = convert(handed_over(normalised(model)))(torch.tensor(IMAGE))
    outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
    for output, wanted in zip(outputs, session.run(None, {"images": IMAGE}), strict=True):
        assert np.allclose(output.detach().numpy(), wanted, atol=atol)


def node(kind: str, inputs: str, outputs: str, **options: object) -> onnx.NodeProto:
    return helper.make_node(kind, inputs.split(), outputs.split(), **options)


USUAL = model_of([node("Conv", "images kernel", "map"), node("Relu", "map", "out")], ["out"], {"kernel": KERNEL})


def test_nodes_in_any_order_are_sorted() -> None:
    same(
        model_of([node("Relu", "map", "out"), node("Conv", "images kernel", "map")], ["out"], {"kernel": KERNEL}), USUAL
    )


def test_weights_that_are_constants_become_initializers() -> None:
    constant = helper.make_node("Constant", [], ["kernel"], value=numpy_helper.from_array(KERNEL))
    same(model_of([constant, *USUAL.graph.node], ["out"], {}), USUAL)


def test_weights_behind_identities_casts_and_turns_are_folded() -> None:
    turned = KERNEL.transpose(1, 0, 2, 3).astype(np.float64)
    nodes = [
        node("Identity", "a", "b"),
        node("Cast", "b", "c", to=TensorProto.FLOAT),
        node("Transpose", "c", "kernel", perm=[1, 0, 2, 3]),
    ]
    model = model_of([*nodes, *USUAL.graph.node], ["out"], {"a": np.ascontiguousarray(turned)})
    assert operations(normalised(model)) == {"Conv", "Relu"}
    same(model, USUAL)


def test_weights_that_are_stored_quantised_are_read_as_numbers() -> None:
    scale = np.abs(KERNEL).max() / 127
    stored = np.round(KERNEL / scale).astype(np.int8)
    weights = {"q": stored, "scale": np.array(scale, np.float32), "zero": np.array(0, np.int8)}
    usual = model_of(list(USUAL.graph.node), ["out"], {"kernel": stored.astype(np.float32) * np.float32(scale)})
    same(model_of([node("DequantizeLinear", "q scale zero", "kernel"), *USUAL.graph.node], ["out"], weights), usual)


@pytest.mark.parametrize("inside", [False, True], ids=["throughout", "with casts last"])
def test_half_precision_becomes_float32(inside: bool) -> None:
    half = TensorProto.FLOAT16
    weights = {"kernel": KERNEL.astype(np.float16)}
    rounded = model_of(list(USUAL.graph.node), ["out"], {"kernel": weights["kernel"].astype(np.float32)})
    if not inside:
        same(model_of(list(USUAL.graph.node), ["out"], weights, kind=half, out=half), rounded)
        return
    nodes = [
        node("Conv", "half kernel", "map"),
        node("Relu", "map", "thin"),
        node("Cast", "images", "half", to=half),
        node("Cast", "thin", "out", to=TensorProto.FLOAT),
    ]
    same(model_of(nodes, ["out"], weights), rounded)


def test_outputs_that_share_a_node_stay_apart() -> None:
    parts = [node("Split", "map", "first second", axis=1, num_outputs=2)]
    model = model_of([node("Conv", "images kernel", "map"), *parts], ["second", "first"], {"kernel": KERNEL})
    same(model, model)


def test_an_output_that_is_an_input_or_a_weight_is_given_out() -> None:
    model = model_of([node("Identity", "images", "same")], ["same", "kernel"], {"kernel": KERNEL})
    outputs = convert(handed_over(normalised(model)))(torch.tensor(IMAGE))
    assert np.array_equal(outputs[0].numpy(), IMAGE)
    assert np.array_equal(outputs[1].numpy(), KERNEL)


def test_bounds_that_are_computed_clip() -> None:
    nodes = [node("ReduceMean", "images axes", "low", keepdims=0), node("Clip", "images low", "out")]
    model = model_of(nodes, ["out"], {"axes": np.array([1, 2, 3])})
    same(model, model)


def test_allowzero_is_no_obstacle() -> None:
    model = model_of([node("Reshape", "images shape", "out", allowzero=1)], ["out"], {"shape": np.array([1, -1])})
    same(model, model)


def test_operations_inside_of_branches_are_seen() -> None:
    inner = helper.make_graph(
        [node("Det", "images", "d")], "then", [], [helper.make_tensor_value_info("d", TensorProto.FLOAT, None)]
    )
    branch = helper.make_node("If", ["flag"], ["out"], then_branch=inner, else_branch=inner)
    model = model_of([branch], ["out"], {"flag": np.array(True)})
    assert {"If", "Det"} <= operations(model)


def test_the_model_that_is_given_is_left_as_it_is() -> None:
    before = USUAL.SerializeToString(deterministic=True)
    normalised(USUAL)
    assert USUAL.SerializeToString(deterministic=True) == before
