"""Read an ONNX file that may be anything, and say clearly what is wrong with it."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from numpy.typing import ArrayLike
from onnx import TensorProto, numpy_helper
from onnx.external_data_helper import ExternalDataInfo, uses_external_data

from physadv.core.errors import BadInput, BadOption
from physadv.library.files.digests import digest_of_file
from physadv.library.files.reading import check_file
from physadv.parts.victims.onnx.facts import Facts, facts_of
from physadv.parts.victims.onnx.normal import NORMAL_ERRORS, normalised, operations

SIDE_PX = 640  # of graphs that take any size, unless the user or the file says
_LARGEST_PX = 8192  # a side; a slip in the graph would otherwise take all memory
_STAND_IN_PX = 64  # a fully convolutional graph exported for less was given any size, just to be traced
# operations that know no absolute size
_ANY_SIZE = frozenset(
    (
        "Add", "AveragePool", "BatchNormalization", "Clip", "Concat", "Constant", "Conv", "ConvTranspose", "Div",
        "Dropout", "Elu", "HardSigmoid", "HardSwish", "Identity", "LeakyRelu", "MaxPool", "Mul", "PRelu", "Relu",
        "Sigmoid", "Sub", "Tanh",
    )
)  # fmt: skip
_FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16)

logger = logging.getLogger(__name__)

MAX_BYTES = 2**31  # the most that one ONNX file can hold; larger weights lie beside it


@dataclass(frozen=True)
class OnnxFile:
    """A graph with one image input; in normal form and in float32 unless it was asked for as it is."""

    path: Path
    model: onnx.ModelProto
    input_hw: tuple[int, int]
    output_names: tuple[str, ...]
    class_names: tuple[str, ...] | None  # as the exporter noted them
    digest: str
    grey: bool = False  # it takes one channel
    facts: Facts = field(default_factory=Facts)
    operations: frozenset[str] = frozenset()
    image_input: str = ""  # its name
    constants: dict[str, np.ndarray] = field(default_factory=dict)  # for the other inputs
    half: bool = False  # the image is taken in half precision, where the graph is left as it is


def read_onnx(path: Path, size_px: int, wanted: Sequence[str] = (), *, as_it_is: bool = False) -> OnnxFile:
    """Load and check; ``size_px`` is the side for graphs that take any size (0: the file's, else 640).

    ``wanted`` names the outputs that count, in their order. ``as_it_is``: the graph is not touched. Raises
    :class:`BadInput` for a file that holds no valid graph.
    """
    if path.exists() and not path.is_dir():
        check_file(path, MAX_BYTES)  # a pipe has no end
    try:
        bare = onnx.load(str(path), format="protobuf", load_external_data=False)
        beside = _external_files(bare, path)
        model = onnx.load(str(path), format="protobuf") if beside else bare
    except OSError as error:
        raise BadInput(f"victim.path={path} cannot be read: {error.strerror or error}") from error
    except (DecodeError, onnx.checker.ValidationError, ValueError) as error:
        raise BadInput(f"victim.path={path} is not a readable ONNX file: {_first_line(error)}") from error
    if not model.graph.node:
        raise BadInput(f"victim.path={path} holds no network (no operation in its graph); copy or export it again")
    facts = facts_of(model, path)
    digest = _digest(path, (*beside, *facts.files))
    if not as_it_is:
        try:
            model = normalised(model)
        except NORMAL_ERRORS as error:
            raise BadInput(f"victim.path={path} is not a valid ONNX graph: {_first_line(error)}") from error
    image, others = _inputs(model, path)
    grey, half = image.type.tensor_type.shape.dim[1].dim_value == 1, image.type.tensor_type.elem_type
    hw, name = _input_hw(model, image, path, size_px, facts, as_it_is=as_it_is), image.name
    constants = {value.name: _constant(value, path, hw) for value in others}
    if constants and not as_it_is:
        _bind_(model, image, constants)
    _choose_outputs_(model, wanted, path)
    return OnnxFile(
        path=path, model=model, input_hw=hw, output_names=tuple(output.name for output in model.graph.output),
        class_names=facts.names, digest=digest, facts=facts, operations=operations(model), image_input=name,
        grey=grey, constants=constants, half=half == TensorProto.FLOAT16,
    )  # fmt: skip


def _external_files(model: onnx.ModelProto, path: Path) -> tuple[Path, ...]:
    """The files beside the graph in which its weights lie."""
    tensors = list(model.graph.initializer)
    for node in model.graph.node:
        tensors += [a.t for a in node.attribute if a.type == onnx.AttributeProto.TENSOR]
    names = {ExternalDataInfo(tensor).location for tensor in tensors if uses_external_data(tensor)}
    return tuple(path.parent / name for name in sorted(names))


def _digest(path: Path, others: Sequence[Path]) -> str:
    """Of all bytes that make the network: of the file alone where it stands alone."""
    own = digest_of_file(path)
    if not others:
        return own
    try:
        parts = [own, *(f"{file.name} {digest_of_file(file)}" for file in others)]
    except OSError as error:
        raise BadInput(f"{error.filename} belongs to {path} and cannot be read: {error.strerror}") from error
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _inputs(model: onnx.ModelProto, path: Path) -> tuple[onnx.ValueInfoProto, list[onnx.ValueInfoProto]]:
    """The image, and inputs whose value follows from its size. Raise :class:`BadInput` for anything else."""
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    images = [value for value in inputs if len(value.type.tensor_type.shape.dim) == 4]
    others = [value for value in inputs if not images or value is not images[0]]
    strange = [value.name for value in others if value.name not in _CONSTANTS]
    if not inputs or (len(inputs) != 1 and (strange or not images)):
        raise BadInput(
            f"{path} takes {len(inputs)} inputs ({', '.join(value.name for value in inputs)}); "
            "a model with one image input is needed: export it without its post-processing"
        )
    image = (images or inputs)[0]
    kind = image.type.tensor_type
    dims = [dim.dim_value for dim in kind.shape.dim]
    if kind.elem_type not in _FLOATS or len(dims) != 4 or dims[1] not in (0, 1, 3):
        name = TensorProto.DataType.Name(kind.elem_type)
        raise BadInput(f"{path} takes {name} of shape {dims}; export it for float images (N, 3, H, W) or (N, 1, H, W)")
    return image, others


_CONSTANTS: dict[str, Callable[[int, int], ArrayLike]] = {
    "orig_target_sizes": lambda h, w: [[w, h]],  # RT-DETR and D-FINE
    "pixel_mask": lambda h, w: np.ones((1, h, w)),  # DETR of transformers: every pixel is picture
    "im_shape": lambda h, w: [[h, w]],  # Paddle
    "scale_factor": lambda h, w: [[1, 1]],  # Paddle: the picture was scaled by nothing
}
"""Inputs besides the image that are known by their names, for a canvas of height h and width w."""


def _constant(value: onnx.ValueInfoProto, path: Path, hw: tuple[int, int]) -> np.ndarray:
    kind = value.type.tensor_type
    array = np.asarray(_CONSTANTS[value.name](*hw)).astype(onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type))
    dims = [dim.dim_value for dim in kind.shape.dim]
    if len(dims) == 3 and all(side > 1 for side in dims[1:]) and tuple(dims[1:]) != array.shape[1:]:
        array = np.ones((1, *dims[1:]), array.dtype)  # a mask of another size is resized inside
    if len(dims) != array.ndim:
        raise BadInput(f"{path}: input {value.name} has {len(dims)} dimensions, {array.ndim} are known; export it anew")
    return array


def _bind_(model: onnx.ModelProto, image: onnx.ValueInfoProto, constants: dict[str, np.ndarray]) -> None:
    """Make the other inputs weights of the graph."""
    model.graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in constants.items())
    kept = onnx.ValueInfoProto()
    kept.CopyFrom(image)
    del model.graph.input[:]
    model.graph.input.append(kept)


def _choose_outputs_(model: onnx.ModelProto, wanted: Sequence[str], path: Path) -> None:
    """Only those of ``wanted``, in its order; all of them where nothing is wanted."""
    have = {output.name: output for output in model.graph.output}
    if strange := [name for name in wanted if name not in have]:
        raise BadOption(f"victim.outputs: {path} has no output {strange[0]!r}; it has {', '.join(have)}")
    if wanted:
        chosen = [have[name] for name in wanted]
        del model.graph.output[:]
        model.graph.output.extend(chosen)


def _input_hw(
    model: onnx.ModelProto, image: onnx.ValueInfoProto, path: Path, size_px: int, facts: Facts, *, as_it_is: bool
) -> tuple[int, int]:
    dims = [max(dim.dim_value, 0) for dim in image.type.tensor_type.shape.dim]  # some exporters write -1 for any size
    if not as_it_is and all(node.op_type in _ANY_SIZE for node in model.graph.node):
        _forget_size_(model, image)
        dims[2:] = [0, 0] if size_px or min(dims[2:]) < _STAND_IN_PX else dims[2:]
    if size_px and any(side not in (0, size_px) for side in dims[2:]):
        raise BadInput(f"{path} only takes {dims[3]} x {dims[2]} pixels, not victim.size_px={size_px}; leave it out")
    said = facts.size_hw or (SIDE_PX, SIDE_PX)
    height, width = (side or size_px or stated for side, stated in zip(dims[2:], said, strict=True))
    if max(height, width) > _LARGEST_PX:
        raise BadInput(
            f"{path} takes pictures of {width} x {height} pixels; more than {_LARGEST_PX} a side are not fed to it. "
            "Export it for smaller ones, or for any size"
        )
    return height, width


def _forget_size_(model: onnx.ModelProto, image: onnx.ValueInfoProto) -> None:
    """Forget the batch, height and width that the exporter noted, here and in all that follows."""
    del model.graph.value_info[:]
    for value in (image, *model.graph.output):
        for place, dim in enumerate(value.type.tensor_type.shape.dim):
            if place != 1:
                dim.dim_param = f"{value.name}_{place}"


def _first_line(error: BaseException) -> str:
    """The innermost reason, on one line."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error).strip().split("\n", 1)[0][:200]
