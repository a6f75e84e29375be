"""Any detector from an ONNX file as a torch module with gradients (conversion by onnx2torch)."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from pathlib import Path

import onnx
import torch
from onnx2torch import convert
from torch import Tensor, nn

from physadv.core.access import AccessLevel
from physadv.core.errors import BadInput
from physadv.parts.victims.classifier import Classifier
from physadv.parts.victims.frozen import freeze
from physadv.parts.victims.onnx.file import OnnxFile, read_onnx
from physadv.parts.victims.onnx.graph_probe import suppressions
from physadv.parts.victims.onnx.graph_victim import RUN_ERRORS, GraphVictim, as_taken, assemble, probe_images, run_probe
from physadv.parts.victims.onnx.operations import handed_over
from physadv.parts.victims.options import CenterFaceConfig, OnnxConfig

logger = logging.getLogger(__name__)

Outputs = tuple[Tensor, ...]


def build(config: OnnxConfig) -> GraphVictim | Classifier:
    """Read, convert, probe. Raise :class:`BadInput` for whatever is no detector or classifier that can be run."""
    seen, file = network_of(config)
    return assemble(file, config, seen, backend="onnx", access=AccessLevel.gradients)


def network_of(config: OnnxConfig) -> tuple[nn.Module, OnnxFile]:
    """The file's graph as a module, tried out and taking batches, whatever it is for."""
    file = read_onnx(Path(config.path), config.size_px, config.outputs)
    network = OnnxNetwork(_converted(file), bf16=config.bf16)
    seen = as_taken(network, file)
    run_probe(seen, file, f" Export it without post-processing, {_BLACK_BOX}")
    network.batching = _batching(seen, network, file)
    return seen, file


def build_centerface(path: str, config: CenterFaceConfig) -> GraphVictim:
    """CenterFace under a name that does not depend on where its file lies."""
    options = OnnxConfig(
        path=path, layout="centerface", size_px=config.size_px, confidence=config.confidence, iou=config.iou,
        bf16=config.bf16,
    )  # fmt: skip
    victim = build(options)
    assert isinstance(victim, GraphVictim)  # the layout was asked for
    victim.operation = replace(victim.operation, name="centerface")
    return victim


class Batching(Enum):
    """How a graph takes several images. Exported graphs often carry a constant batch of one inside."""

    TOGETHER = "as one batch"
    MAPPED = "vectorised over a constant batch of one"
    ONE_BY_ONE = "one by one"


class OnnxNetwork(nn.Module):
    """The converted graph: images in, the tuple of its outputs out, in float32."""

    def __init__(self, graph: nn.Module, *, bf16: bool) -> None:
        super().__init__()
        self.graph, self.bf16, self.batching = freeze(graph), bf16, Batching.TOGETHER

    def forward(self, pixels: Tensor) -> Outputs:
        """``(B,3,H,W)`` as the network wants it, to all its outputs ``(B, …)`` in float32."""
        with torch.autocast(pixels.device.type, dtype=torch.bfloat16, enabled=self.bf16):
            outputs = _BATCHED[self.batching](self._run, pixels)
        return tuple(output.float() for output in outputs)

    def _run(self, pixels: Tensor) -> Outputs:
        outputs = self.graph(pixels)
        return tuple(outputs) if isinstance(outputs, (list, tuple)) else (outputs,)


def _mapped(run: Callable[[Tensor], Outputs], pixels: Tensor) -> Outputs:
    """Each image sees a batch of one, as the graph was exported for, yet the arithmetic is done for all together."""
    outputs: Outputs = torch.vmap(run)(pixels.unsqueeze(1))
    return tuple(output.flatten(0, 1) for output in outputs)


def _one_by_one(run: Callable[[Tensor], Outputs], pixels: Tensor) -> Outputs:
    singles = [run(pixel) for pixel in pixels.unsqueeze(1)]
    return tuple(torch.cat(column) for column in zip(*singles, strict=True))


_BATCHED: dict[Batching, Callable[[Callable[[Tensor], Outputs], Tensor], Outputs]] = {
    Batching.TOGETHER: lambda run, pixels: run(pixels),
    Batching.MAPPED: _mapped,
    Batching.ONE_BY_ONE: _one_by_one,
}


@torch.no_grad()
def _batching(seen: nn.Module, network: OnnxNetwork, file: OnnxFile) -> Batching:
    """The first way in which batches of two and three give what single images give."""
    images = probe_images(3, file.input_hw)
    network.batching = Batching.ONE_BY_ONE
    singles = seen(images)
    for way in (Batching.TOGETHER, Batching.MAPPED):
        network.batching = way
        if all(_agrees(seen, images[:count], tuple(o[:count] for o in singles), network.bf16) for count in (2, 3)):
            break
    else:
        way = Batching.ONE_BY_ONE
    if way is not Batching.TOGETHER:
        logger.info("%s cannot take a batch as it is; images are run %s", file.path.name, way.value)
    return way


def _agrees(network: nn.Module, images: Tensor, singles: Outputs, bf16: bool) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # vmap warns where it would be as slow as a loop
            outputs: Outputs = network(images)
    except (*RUN_ERRORS, Warning):
        return False
    tolerance = 0.1 if bf16 else 1e-3
    return len(outputs) == len(singles) and all(
        output.shape == single.shape and torch.allclose(output, single, rtol=tolerance, atol=tolerance)
        for output, single in zip(outputs, singles, strict=True)
    )


def _converted(file: OnnxFile) -> nn.Module:
    if inside := suppressions(file.operations):
        raise BadInput(
            f"{file.path} ends in non-maximum suppression ({', '.join(inside)}), behind which there are no gradients. "
            f"Export it without (nms=False), {_BLACK_BOX}"
        )
    if branches := sorted(_BRANCHES & file.operations):
        raise BadInput(
            f"{file.path} branches inside ({', '.join(branches)}), which has no gradient here. "
            f"Export it without, {_BLACK_BOX}"
        )
    try:
        module: nn.Module = convert(handed_over(file.model))
    except NotImplementedError as error:
        raise BadInput(
            f"{file.path} (opset {_opset(file.model)}) uses an operation that has no gradient here: {_line(error)}. "
            f"{_ADVICE}"
        ) from error
    except (*RUN_ERRORS, onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        _refuse_invalid(file)
        raise BadInput(
            f"{file.path} (opset {_opset(file.model)}) cannot be converted: {type(error).__name__}: {_line(error)}. "
            f"{_ADVICE}"
        ) from error
    return module


def _refuse_invalid(file: OnnxFile) -> None:
    try:
        onnx.checker.check_model(file.model)
    except (onnx.checker.ValidationError, ValueError) as error:
        raise BadInput(f"{file.path} is not a valid ONNX graph: {_line(error)}") from error


_BRANCHES = frozenset(("If", "Loop", "Scan"))
_BLACK_BOX = "or judge with it as a black box: victim=onnxruntime"
_ADVICE = f"Export it without post-processing (opset 9 to 24), {_BLACK_BOX}"


def _opset(model: onnx.ModelProto) -> int:
    return next((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), 0)


def _line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0][:200]
