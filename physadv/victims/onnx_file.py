"""Read an ONNX file that may be anything, and say clearly what is wrong with it."""

from __future__ import annotations

import ast
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import TensorProto, numpy_helper

from physadv.digests import digest_of_file
from physadv.errors import BadInput

SIDE_PX = 640  # of graphs that take any size, unless the user says
_STAND_IN_PX = 64  # a fully convolutional graph exported for less was given any size, just to be traced
# operations that know no absolute size
_ANY_SIZE = frozenset(
    (
        "Add", "AveragePool", "BatchNormalization", "Clip", "Concat", "Constant", "Conv", "ConvTranspose", "Div",
        "Dropout", "Elu", "HardSigmoid", "HardSwish", "Identity", "LeakyRelu", "MaxPool", "Mul", "PRelu", "Relu",
        "Sigmoid", "Sub", "Tanh",
    )
)  # fmt: skip

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class OnnxFile:
    """A graph with one image input, in float32."""

    path: Path
    model: onnx.ModelProto
    input_hw: tuple[int, int]
    output_names: tuple[str, ...]
    class_names: tuple[str, ...] | None  # as the exporter noted them
    digest: str


def read_onnx(path: Path, size_px: int) -> OnnxFile:
    """Load and check; ``size_px`` is the side for graphs that take any size (0: 640)."""
    try:
        model = onnx.load(str(path), format="protobuf")
        digest = digest_of_file(path)
    except OSError as error:
        raise BadInput(f"victim.path={path} cannot be read: {error.strerror or error}") from error
    except (DecodeError, onnx.checker.ValidationError, ValueError) as error:
        raise BadInput(f"victim.path={path} is not a readable ONNX file: {_first_line(error)}") from error
    _float32_(model)
    return OnnxFile(
        path=path,
        model=model,
        input_hw=_input_hw(model, path, size_px),
        output_names=tuple(output.name for output in model.graph.output),
        class_names=_class_names(model),
        digest=digest,
    )


def _input_hw(model: onnx.ModelProto, path: Path, size_px: int) -> tuple[int, int]:
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    if len(inputs) != 1:
        raise BadInput(f"{path} takes {len(inputs)} inputs; a detector with one image input is needed")
    kind = inputs[0].type.tensor_type
    dims = [dim.dim_value for dim in kind.shape.dim]
    if kind.elem_type != TensorProto.FLOAT or len(dims) != 4 or dims[1] not in (0, 3):
        name = TensorProto.DataType.Name(kind.elem_type)
        raise BadInput(f"{path} takes {name} of shape {dims}; export it for float images (N, 3, H, W)")
    if all(node.op_type in _ANY_SIZE for node in model.graph.node):
        _forget_size_(model, inputs[0])
        dims[2:] = [0, 0] if size_px or min(dims[2:]) < _STAND_IN_PX else dims[2:]
    if size_px and any(side not in (0, size_px) for side in dims[2:]):
        raise BadInput(f"{path} only takes {dims[3]} x {dims[2]} pixels, not victim.size_px={size_px}; leave it out")
    height, width = (side or size_px or SIDE_PX for side in dims[2:])
    return height, width


def _forget_size_(model: onnx.ModelProto, image: onnx.ValueInfoProto) -> None:
    """What the exporter noted as batch, height and width, here and in all that follows."""
    del model.graph.value_info[:]
    for value in (image, *model.graph.output):
        for place, dim in enumerate(value.type.tensor_type.shape.dim):
            if place != 1:
                dim.dim_param = f"{value.name}_{place}"


def _class_names(model: onnx.ModelProto) -> tuple[str, ...] | None:
    """The ``names`` that Ultralytics exporters note: a Python dict from index to name."""
    noted = next((entry.value for entry in model.metadata_props if entry.key == "names"), "")
    try:
        names = ast.literal_eval(noted) if noted else None
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        logger.warning("the model file's class names cannot be read; give victim.labels")
        return None
    if isinstance(names, dict) and sorted(names) == list(range(len(names))):
        names = [names[index] for index in range(len(names))]
    return tuple(map(str, names)) if isinstance(names, list) and names else None


def _float32_(model: onnx.ModelProto) -> None:
    """Turn half precision into float32, so that the graph runs and has gradients on every device."""
    graph, half = model.graph, TensorProto.FLOAT16
    for value in (*graph.input, *graph.output, *graph.value_info):
        if value.type.tensor_type.elem_type == half:
            value.type.tensor_type.elem_type = TensorProto.FLOAT
    for tensor in graph.initializer:
        _widen_(tensor)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR:
                _widen_(attribute.t)
            if node.op_type == "Cast" and attribute.name == "to" and attribute.i == half:
                attribute.i = TensorProto.FLOAT


def _widen_(tensor: TensorProto) -> None:
    if tensor.data_type == TensorProto.FLOAT16:
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float32), tensor.name))


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0][:200]
