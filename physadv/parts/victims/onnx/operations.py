"""Operations that onnx2torch lacks or gets wrong, added through its own registry.

The package has had no release since 2024; this is what present exporters write beyond it. Two kinds: newer numbers of
operations in which nothing changed but the types they take, and operations of our own, in a domain of our own, so that
they stand beside those of the package. What is not here stays refused by name (``If``, ``Loop``, quantised arithmetic).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import onnx
import torch
from onnx2torch.node_converters.registry import add_converter, get_converter
from onnx2torch.onnx_graph import OnnxGraph
from onnx2torch.onnx_node import OnnxNode
from onnx2torch.utils.common import OnnxMapping, OperationConverterResult, get_const_value
from torch import Tensor, nn
from torch.nn import functional

from physadv.parts.victims.onnx.operation_modules import (
    REDUCTIONS,
    AveragePool,
    Clip,
    Elementwise,
    Flatten,
    GridSample,
    GroupNorm,
    Pad,
    Reduce,
    ScatterElements,
    Split,
    Trilu,
)
from physadv.parts.victims.onnx.resize import Resize
from physadv.parts.victims.onnx.slice import ConstantSlice, Slice

DOMAIN = "physadv"  # of our own operations

NEWER_NUMBERS = {
    "Acos": (22,), "Asin": (22,), "Atan": (22,), "Cast": (19, 21, 23, 24), "Constant": (19, 21, 23, 24),
    "ConstantOfShape": (20, 21, 23, 24), "Conv": (22,), "ConvTranspose": (22,), "Cos": (22,), "Dropout": (22,),
    "Elu": (22,), "Equal": (19,), "EyeLike": (22,), "GlobalAveragePool": (22,),
    "GreaterOrEqual": (16,), "HardSigmoid": (22,), "HardSwish": (22,), "Identity": (19, 21, 23, 24),
    "InstanceNormalization": (22,), "IsInf": (20,), "IsNaN": (20,), "LessOrEqual": (16,), "MaxPool": (22,),
    "Reshape": (19, 21, 23, 24), "RoiAlign": (22,), "Round": (22,), "ScatterND": (18,), "Selu": (22,),
    "Shape": (19, 21, 23, 24), "Sin": (22,), "Softplus": (22,), "Softsign": (22,), "Squeeze": (23, 24), "Tan": (22,),
    "TopK": (24,), "Transpose": (21, 23, 24), "Unsqueeze": (21, 23, 24),
}  # fmt: skip
"""The same inputs and attributes as the number before; ``Cast`` gained two that only concern 8-bit floats."""

_PADS = {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}
_SAMPLES = {
    "bilinear": "bilinear",
    "linear": "bilinear",
    "nearest": "nearest",
    "bicubic": "bicubic",
    "cubic": "bicubic",
}


def _as_node(node: OnnxNode, module: nn.Module) -> OperationConverterResult:
    return OperationConverterResult(module, OnnxMapping(node.input_values, node.output_values))


def _reduce(node: OnnxNode, graph: OnnxGraph) -> OperationConverterResult:
    keep, noop = node.attributes.get("keepdims", 1), node.attributes.get("noop_with_empty_axes", 0)
    return _as_node(node, Reduce(node.operation_type, keep=bool(keep), none_is_all=not noop))


def _split(node: OnnxNode, graph: OnnxGraph) -> OperationConverterResult:
    return _as_node(node, Split(node.attributes.get("axis", 0), len(node.output_values)))


def _pad(node: OnnxNode, graph: OnnxGraph) -> OperationConverterResult:
    return _as_node(node, Pad(_known(node, "mode", "constant", _PADS)))


def _clip(node: OnnxNode, graph: OnnxGraph) -> OperationConverterResult:
    try:
        low, high = (
            float(get_const_value(name, graph)) if name else None for name in (*node.input_values[1:], "", "")[:2]
        )
    except KeyError:
        return _as_node(node, Clip())
    if (low, high) == (0, None):
        module: nn.Module = nn.ReLU()
    else:
        module = nn.Identity() if low is high is None else Elementwise(lambda x: x.clamp(low, high))
    return OperationConverterResult(module, OnnxMapping(node.input_values[:1], node.output_values))


def _grid_sample(node: OnnxNode, graph: OnnxGraph) -> OperationConverterResult:
    mode = _known(node, "mode", "linear", _SAMPLES)
    padding, align = node.attributes.get("padding_mode", "zeros"), node.attributes.get("align_corners", 0)
    return _as_node(node, GridSample(mode, padding, align=bool(align)))


def _average_pool(node: OnnxNode, graph: OnnxGraph) -> OperationConverterResult:
    options = node.attributes
    kernel = options["kernel_shape"]
    pads = options.get("pads", [0] * 2 * len(kernel))
    plain = options.get("auto_pad", "NOTSET") in ("NOTSET", "VALID") and set(options.get("dilations", [1])) == {1}
    if not plain or pads[: len(kernel)] != pads[len(kernel) :] or len(kernel) > 2:
        raise NotImplementedError("AveragePool with automatic or uneven padding, dilation or three dimensions")
    flags = (options.get("ceil_mode", 0), options.get("count_include_pad", 0))
    stride = options.get("strides", [1] * len(kernel))
    return _as_node(node, AveragePool(kernel, stride, pads[: len(kernel)], flags))


def _resize(node: OnnxNode, graph: OnnxGraph) -> OperationConverterResult:
    return _as_node(node, Resize.of(node.attributes))


def _slice(node: OnnxNode, graph: OnnxGraph) -> OperationConverterResult:
    options = node.attributes
    if "starts" in options:
        return _as_node(node, ConstantSlice(options["starts"], options["ends"], options.get("axes")))
    return _as_node(node, Slice())


def _group_norm(node: OnnxNode, graph: OnnxGraph) -> OperationConverterResult:
    return _as_node(node, GroupNorm(node.attributes["num_groups"], node.attributes.get("epsilon", 1e-5)))


def _scatter_elements(node: OnnxNode, graph: OnnxGraph) -> OperationConverterResult:
    if node.attributes.get("reduction", "none") != "none":
        raise NotImplementedError("ScatterElements with a reduction")
    return _as_node(node, ScatterElements(node.attributes.get("axis", 0)))


def _elementwise(function: Callable[[Tensor], Tensor]) -> Callable[[OnnxNode, OnnxGraph], OperationConverterResult]:
    return lambda node, graph: _as_node(node, Elementwise(function))


def _known(node: OnnxNode, name: str, usual: str, table: dict[str, str]) -> str:
    value = node.attributes.get(name, usual)
    if value not in table:
        raise NotImplementedError(f"{node.operation_type} with {name}={value}")
    return table[value]


Convert = Callable[[OnnxNode, OnnxGraph], OperationConverterResult]

OWN: dict[str, tuple[int, Convert]] = {
    "AveragePool": (7, _average_pool),
    "Clip": (11, _clip),
    "Flatten": (1, lambda node, graph: _as_node(node, Flatten(node.attributes.get("axis", 1)))),
    "Gelu": (20, lambda node, graph: _as_node(node, nn.GELU(node.attributes.get("approximate", "none")))),
    "GlobalMaxPool": (1, _elementwise(lambda x: x.amax(tuple(range(2, x.ndim)), keepdim=True))),
    "GridSample": (16, _grid_sample),
    "GroupNormalization": (21, _group_norm),
    "Mish": (18, _elementwise(functional.mish)),
    "Pad": (11, _pad),
    "Resize": (11, _resize),
    "ScatterElements": (11, _scatter_elements),
    "Size": (1, _elementwise(lambda x: torch.tensor(x.numel()))),
    "Slice": (1, _slice),
    "Split": (13, _split),
    "Swish": (24, _elementwise(functional.silu)),
    "Trilu": (14, lambda node, graph: _as_node(node, Trilu(upper=bool(node.attributes.get("upper", 1))))),
    **dict.fromkeys(REDUCTIONS, (18, _reduce)),
    "ReduceSum": (13, _reduce),
}
"""Name → the first opset in which it looks as it is converted here, and how."""


def handed_over(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy in which the operations that are ours stand in our domain; the converter knows it from then on.

    Shapes are inferred before: no one knows them for operations of a foreign domain.
    """
    register()
    model = onnx.shape_inference.infer_shapes(model)
    opset = next((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), 1)
    for node in model.graph.node:
        if node.domain in ("", "ai.onnx"):
            node.domain = DOMAIN if node.op_type in OWN and opset >= OWN[node.op_type][0] else ""
    model.opset_import.append(onnx.helper.make_opsetid(DOMAIN, 1))
    return model


@cache
def register() -> None:
    """Add all of it to onnx2torch, once a process."""
    for name, numbers in NEWER_NUMBERS.items():
        known = get_converter(name, numbers[0] - 1)
        for number in numbers:
            add_converter(name, number)(known)
    for name, (_, convert) in OWN.items():
        add_converter(name, 1, DOMAIN)(convert)
