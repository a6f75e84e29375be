"""The same ONNX file run by OpenCV, as many products deploy it: a black box without gradients."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
from torch import Tensor, nn

from physadv.core.access import AccessLevel
from physadv.core.errors import BadInput
from physadv.parts.victims.classifier import Classifier
from physadv.parts.victims.onnx.file import OnnxFile, read_onnx
from physadv.parts.victims.onnx.graph_probe import suppressions
from physadv.parts.victims.onnx.graph_victim import GraphVictim, as_taken, assemble
from physadv.parts.victims.onnx.opencv_survival import survive
from physadv.parts.victims.options import OpenCvConfig


def build(config: OpenCvConfig) -> GraphVictim | Classifier:
    """Read the file with OpenCV; layout, classes and conventions as for the ``onnx`` victim."""
    file = read_onnx(Path(config.path), config.size_px, config.outputs)
    network = as_taken(OpenCvNetwork(file), file)
    return assemble(file, config, network, backend="opencv-dnn", access=AccessLevel.scores)


class OpenCvNetwork(nn.Module):
    """OpenCV's network behind torch tensors. Images go in one by one, because graphs often hold a batch of one."""

    def __init__(self, file: OnnxFile) -> None:
        super().__init__()
        _refuse_invalid(file)
        graph = file.model.SerializeToString()
        survive(graph, file)
        try:
            self._net = cv2.dnn.readNetFromONNX(np.frombuffer(graph, dtype=np.uint8))
        except (cv2.error, ValueError) as error:
            raise BadInput(f"{file.path} cannot be read by OpenCV {cv2.__version__}: {_reason(error)}") from error
        self._names = _in_graph_order(tuple(self._net.getUnconnectedOutLayersNames()), file.output_names)

    @torch.no_grad()
    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """``(B,3,H,W)`` as the network wants it, to all its outputs ``(B, …)``, without gradient."""
        singles = [self._one(pixel) for pixel in pixels.unsqueeze(1)]
        return tuple(torch.cat(column).to(pixels.device) for column in zip(*singles, strict=True))

    def _one(self, pixel: Tensor) -> tuple[Tensor, ...]:
        self._net.setInput(np.ascontiguousarray(pixel.detach().cpu().numpy(), dtype=np.float32))
        try:
            outputs = self._net.forward(self._names)
        except cv2.error as error:
            raise BadInput(f"OpenCV {cv2.__version__} cannot run this model: {_reason(error)}") from error
        # OpenCV reuses its buffers for the next image
        return tuple(torch.from_numpy(np.array(output, dtype=np.float32)) for output in outputs)


def _refuse_invalid(file: OnnxFile) -> None:
    """OpenCV ends the process on some graphs, so they are refused before."""
    if suppressions(file.operations):
        raise BadInput(
            f"{file.path} ends in non-maximum suppression, on which OpenCV {cv2.__version__} ends the process where a "
            "picture holds nothing. Export it without (nms=False), or judge with victim=onnxruntime"
        )
    try:
        onnx.checker.check_model(file.model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError, ValueError) as error:
        raise BadInput(f"{file.path} is not a valid ONNX graph: {_reason(error)}") from error


def _in_graph_order(found: tuple[str, ...], wanted: tuple[str, ...]) -> tuple[str, ...]:
    """OpenCV lists outputs in its own order and may prefix them (``onnx_node_output_0!792``)."""
    place = {name: index for index, name in enumerate(wanted)}
    return tuple(sorted(found, key=lambda name: place.get(name.rsplit("!", 1)[-1], len(wanted))))


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
