"""The file as it is deployed, run by ONNX Runtime: any operation set, branches and suppression inside, half precision.

A black box: scores without gradients. The graph is not touched.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import torch
from onnxruntime.capi import onnxruntime_pybind11_state as state
from torch import Tensor, nn
from torch.nn import functional

from physadv.core.access import AccessLevel
from physadv.core.errors import BadInput
from physadv.parts.victims.classifier import Classifier
from physadv.parts.victims.onnx.file import OnnxFile, read_onnx
from physadv.parts.victims.onnx.graph_probe import suppressions
from physadv.parts.victims.onnx.graph_victim import GraphVictim, as_taken, assemble
from physadv.parts.victims.options import OnnxRuntimeConfig

_ERRORS = (
    state.Fail, state.InvalidArgument, state.InvalidGraph, state.InvalidProtobuf, state.NoSuchFile,
    state.NotImplemented, state.RuntimeException, state.EPFail, RuntimeError, ValueError,
)  # fmt: skip
_SILENT = 4  # of its own log, which speaks on the terminal otherwise


def build(config: OnnxRuntimeConfig) -> GraphVictim | Classifier:
    """Read the file with ONNX Runtime; layout, classes and conventions as for the ``onnx`` victim."""
    file = read_onnx(Path(config.path), config.size_px, config.outputs, as_it_is=True)
    network = as_taken(OnnxRuntimeNetwork(file), file)
    return assemble(file, config, network, backend="onnxruntime", access=AccessLevel.scores)


class OnnxRuntimeNetwork(nn.Module):
    """A session behind torch tensors. Images go in one by one, because graphs often hold a batch of one."""

    def __init__(self, file: OnnxFile) -> None:
        super().__init__()
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _SILENT
        options.intra_op_num_threads = torch.get_num_threads()
        try:
            self._session = onnxruntime.InferenceSession(str(file.path), options, providers=["CPUExecutionProvider"])
        except _ERRORS as error:
            raise BadInput(f"{file.path} cannot be read by {_version()}: {_reason(error)}") from error
        self._image, self._outputs, self._others = file.image_input, list(file.output_names), file.constants
        self._type = np.float16 if file.half else np.float32
        self._suppresses = bool(suppressions(file.operations))

    @torch.no_grad()
    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """``(B,3,H,W)`` as the network wants it, to all its outputs ``(B, …)``, without gradient."""
        singles = [self._one(pixel) for pixel in pixels.unsqueeze(1)]
        return tuple(_stacked(column).to(pixels.device) for column in zip(*singles, strict=True))

    def _one(self, pixel: Tensor) -> tuple[Tensor, ...]:
        feed = {self._image: np.ascontiguousarray(pixel.detach().cpu().numpy(), dtype=self._type), **self._others}
        try:
            outputs = self._session.run(self._outputs, feed)
        except _ERRORS as error:
            raise BadInput(f"{_version()} cannot run this model: {_reason(error)}") from error
        tensors = [torch.from_numpy(np.array(output, dtype=np.float32)) for output in outputs]
        if self._suppresses and all(tensor.ndim <= 2 for tensor in tensors):  # detections of the one image, no batch
            tensors = [tensor.unsqueeze(0) for tensor in tensors]
        return tuple(tensors)


def _stacked(images: tuple[Tensor, ...]) -> Tensor:
    """As many rows for every image as the longest has: what is added is zero, and no detection."""
    rows = max((image.shape[1] for image in images if image.ndim > 1), default=0)
    filled = [
        functional.pad(image, (*(0, 0) * (image.ndim - 2), 0, rows - image.shape[1])) if image.ndim > 1 else image
        for image in images
    ]
    return torch.cat(filled)


def _version() -> str:
    return f"ONNX Runtime {onnxruntime.__version__}"


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
