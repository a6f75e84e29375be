"""Face detectors whose outputs no other family shares: YuNet and CenterFace."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from physadv.core.errors import BadInput
from physadv.parts.victims.conventions import Conventions, ResizeMode
from physadv.parts.victims.onnx.graph_decoders import MAX_EXPONENT, Hw, cells, corners
from physadv.parts.victims.onnx.graph_probe import FACE, GraphLayout, Probe, cell_count

YUNET_STRIDES = (8, 16, 32)
CENTERFACE_STRIDE = 4
COARSEST_STRIDE = 32  # of both, inside

_YUNET = Conventions(bgr=True, white=255.0, resize=ResizeMode.LETTERBOX, pad=0.0)
_CENTERFACE = Conventions(white=255.0, resize=ResizeMode.LETTERBOX, pad=0.0)


class YuNetHead(nn.Module):
    """Class, objectness, box and five landmarks at each stride; score = sqrt(class · objectness).

    Source: Wu et al. 2023, "YuNet: A Tiny Millisecond-level Face Detector", as OpenCV's ``FaceDetectorYN`` decodes it.
    """

    cell: Tensor
    stride: Tensor

    def __init__(self, canvas_hw: Hw) -> None:
        super().__init__()
        cell, stride = cells(canvas_hw, YUNET_STRIDES)
        self.register_buffer("cell", cell, persistent=False)
        self.register_buffer("stride", stride, persistent=False)

    def forward(self, outputs: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Tables ``(B, A_s, 1 | 4 | 10)`` of each stride, to boxes ``(B, A, 4)`` and scores ``(B, A, 1)``."""
        one, two = (torch.cat(kind, dim=1).clamp(0, 1) for kind in _pairs_of_scores(outputs))
        box = torch.cat([output for output in outputs if output.shape[-1] == 4], dim=1)
        centre = (box[..., :2] + self.cell) * self.stride
        size = box[..., 2:].clamp_max(MAX_EXPONENT).exp() * self.stride
        return corners(centre, size), (one * two).clamp_min(1e-12).sqrt()  # a root has no finite gradient at zero


def _pairs_of_scores(outputs: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
    """Class and objectness, finest stride first; which is which does not matter to their product."""
    single = [output for output in outputs if output.shape[-1] == 1]
    return single[: len(YUNET_STRIDES)], single[len(YUNET_STRIDES) :]


def yunet(probe: Probe, asked: bool) -> GraphLayout | None:
    """Twelve tables: three strides of 1, 1, 4 and 10 columns."""
    counts = [cell_count(probe.canvas_hw, (stride,)) for stride in YUNET_STRIDES]
    wanted = [(count, columns) for columns in (1, 1, 4, 10) for count in counts]
    if [tuple(output.shape[1:]) for output in probe.outputs] != wanted:
        return None
    _expect_whole_strides(probe)
    reason = f"twelve outputs: class, objectness, box and landmarks at strides {YUNET_STRIDES}"
    return GraphLayout("yunet", reason, 1, _YUNET, YuNetHead(probe.canvas_hw), FACE)


class CenterFaceHead(nn.Module):
    """A heat map of faces' centres with log size and offset, as y before x (Xu et al. 2019, arXiv:1911.03599)."""

    cell: Tensor

    def __init__(self, canvas_hw: Hw) -> None:
        super().__init__()
        self.register_buffer("cell", cells(canvas_hw, (CENTERFACE_STRIDE,))[0], persistent=False)

    def forward(self, outputs: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Maps ``(B, 1 | 2 | 2, h, w)`` of heat, log size and offset, to boxes ``(B, h·w, 4)`` and scores ``(B, h·w,
        1)``.
        """
        heat, log_size, offset = (output.flatten(2).transpose(1, 2) for output in outputs[:3])
        centre = (self.cell + offset.flip(-1) + 0.5) * CENTERFACE_STRIDE
        size = log_size.flip(-1).clamp_max(MAX_EXPONENT).exp() * CENTERFACE_STRIDE
        return corners(centre, size), heat


def centerface(probe: Probe, asked: bool) -> GraphLayout | None:
    """Four maps at a quarter of the size: heat, size, offset, landmarks."""
    height, width = (side // CENTERFACE_STRIDE for side in probe.canvas_hw)
    wanted = [(channels, height, width) for channels in (1, 2, 2, 10)]
    if [tuple(output.shape[1:]) for output in probe.outputs] != wanted:
        return None
    _expect_whole_strides(probe)
    reason = f"four maps at stride {CENTERFACE_STRIDE}: heat, size, offset and landmarks"
    return GraphLayout("centerface", reason, 1, _CENTERFACE, CenterFaceHead(probe.canvas_hw), FACE)


def _expect_whole_strides(probe: Probe) -> None:
    """OpenCV runs other sizes without a word, with maps that no longer lie on one another."""
    if any(side % COARSEST_STRIDE for side in probe.canvas_hw):
        height, width = probe.canvas_hw
        raise BadInput(
            f"this face detector needs sides that are multiples of {COARSEST_STRIDE}, not {width} x {height}; "
            "set victim.size_px=640"
        )
