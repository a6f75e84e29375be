"""One form for all graphs, whoever exported them: sorted, weights as initializers, nothing that merely passes on.

The passes are those of onnx-ir, which the ONNX project keeps and PyTorch's own exporter rests on. Exporters with a
whole optimiser in them (onnxslim, onnxscript) were weighed and left: they write the batch that a file states into its
shapes, and this program runs more than one image at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import numpy as np
import onnx
import onnx_ir as ir
from onnx import TensorProto, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx_ir.passes import PassError
from onnx_ir.passes import common as passes

_NARROW = (TensorProto.FLOAT16, TensorProto.BFLOAT16)
# operations on weights alone that never make them larger, so that a hostile file cannot ask for all memory here
_FOLDED = frozenset(("Cast", "Identity", "Transpose", "Reshape", "Squeeze", "Unsqueeze", "DequantizeLinear"))

NORMAL_ERRORS = (PassError, ValueError, TypeError, KeyError, RuntimeError, AttributeError, IndexError)
"""Errors of passes that meet a graph they cannot handle."""


def normalised(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same function in float32. ``model`` has its weights in memory and is not changed."""
    logging.getLogger("onnx_ir").setLevel(logging.ERROR)  # it warns of what is refused with more words later
    typed = ir.from_proto(model)
    ir.passes.Sequential(
        passes.InlinePass(),
        passes.TopologicalSortPass(),
        passes.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0),
        passes.LiftSubgraphInitializersToMainGraphPass(),
        passes.RemoveInitializersFromInputsPass(),
        passes.IdentityEliminationPass(),
        passes.OutputFixPass(),
        passes.RemoveUnusedNodesPass(),
    )(typed)
    plain = ir.to_proto(typed)
    _float32_(plain)
    _fold_(plain)
    _plain_reshapes_(plain.graph)
    _own_outputs_(plain.graph)
    return plain


def operations(model: onnx.ModelProto) -> frozenset[str]:
    """The names of all operations, those inside of branches and loops included."""
    nodes = [node for graph in _graphs(model.graph) for node in graph.node]
    nodes += [node for function in model.functions for node in function.node]
    return frozenset(node.op_type for node in nodes)


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from _graphs(attribute.g)


def _float32_(model: onnx.ModelProto) -> None:
    """Turn half precision into float32, so that the graph runs and has gradients on every device."""
    for graph in _graphs(model.graph):
        for value in (*graph.input, *graph.output, *graph.value_info):
            if value.type.tensor_type.elem_type in _NARROW:
                value.type.tensor_type.elem_type = TensorProto.FLOAT
        for tensor in graph.initializer:
            _widen_(tensor)
        for node in graph.node:
            for attribute in node.attribute:
                if attribute.type == onnx.AttributeProto.TENSOR:
                    _widen_(attribute.t)
                if node.op_type in ("Cast", "EyeLike") and attribute.name in ("to", "dtype") and attribute.i in _NARROW:
                    attribute.i = TensorProto.FLOAT


def _widen_(tensor: TensorProto) -> None:
    if tensor.data_type in _NARROW:
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float32), tensor.name))


def _fold_(model: onnx.ModelProto) -> None:
    """Weights that are stored in another form (cast, turned, quantised) as what the operations get to see."""
    graph = model.graph
    known = {tensor.name: tensor for tensor in graph.initializer}
    outputs = {value.name for value in graph.output}
    kept = []
    for node in graph.node:
        if node.op_type in _FOLDED and not outputs & set(node.output) and all(name in known for name in node.input):
            values = {name: numpy_helper.to_array(known[name]) for name in node.input if name}
            (result,) = ReferenceEvaluator(_alone(node, model)).run(None, values)
            tensor = numpy_helper.from_array(np.asarray(result), node.output[0])
            _widen_(tensor)
            known[tensor.name] = graph.initializer.add()
            known[tensor.name].CopyFrom(tensor)
        else:
            kept.append(node)
    del graph.node[:]
    graph.node.extend(kept)
    used = {name for node in graph.node for name in node.input} | outputs
    used |= {name for inner in list(_graphs(graph))[1:] for node in inner.node for name in node.input}
    weights = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(weights)


def _alone(node: onnx.NodeProto, model: onnx.ModelProto) -> onnx.ModelProto:
    """A graph of one node. The evaluator knows DequantizeLinear from opset 19 on, which changed no number."""
    inputs = [onnx.ValueInfoProto(name=name) for name in node.input if name]
    outputs = [onnx.ValueInfoProto(name=name) for name in node.output]
    opsets = list(model.opset_import)
    if node.op_type == "DequantizeLinear" and all(entry.version < 19 for entry in opsets if entry.domain == ""):
        opsets = [onnx.helper.make_opsetid("", 19)]
    return onnx.helper.make_model(onnx.helper.make_graph([node], "one", inputs, outputs), opset_imports=opsets)


def _plain_reshapes_(graph: onnx.GraphProto) -> None:
    """Drop ``allowzero``, which new exporters always write: it means something only for arrays without elements."""
    known = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        shape = known.get(node.input[1]) if node.op_type == "Reshape" and len(node.input) == 2 else None
        if node.op_type == "Reshape" and not (shape is not None and (numpy_helper.to_array(shape) == 0).any()):
            kept = [attribute for attribute in node.attribute if attribute.name != "allowzero"]
            del node.attribute[:]
            node.attribute.extend(kept)


def _own_outputs_(graph: onnx.GraphProto) -> None:
    """Give every output that is one of several of its node, or no node's, a node of its own.

    The converter hands out all of a node's results where the graph asks for one of them.
    """
    single = {node.output[0] for node in graph.node if len(node.output) == 1}
    for value in graph.output:
        if value.name in single:
            continue
        inner = f"{value.name}/all"
        for node in graph.node:
            node.input[:] = [inner if name == value.name else name for name in node.input]
            node.output[:] = [inner if name == value.name else name for name in node.output]
        for tensor in graph.initializer:
            tensor.name = inner if tensor.name == value.name else tensor.name
        graph.node.append(onnx.helper.make_node("Identity", [inner], [value.name], name=f"{value.name}/own"))
