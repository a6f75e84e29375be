"""The package's letterbox, with gradient: the smallest canvas of whole strides around the scaled image, grey outside.

Bilinear without antialiasing, as ``cv2.resize`` with ``INTER_LINEAR``; the package also rounds to 8 bit there.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

GREY = 114 / 255


@dataclass(frozen=True, slots=True)
class Fit:
    """Where the image lies on the canvas: canvas = image · scale + offset, in pixels."""

    image_hw: tuple[int, int]
    scale_xy: tuple[float, float]
    offset_xy: tuple[int, int]

    def in_image(self, boxes_canvas_px: Tensor) -> Tensor:
        """``(..., 4)`` boxes on the canvas in pixels of the image; they may reach beyond it."""
        (left, top), (scale_x, scale_y) = self.offset_xy, self.scale_xy
        offset = boxes_canvas_px.new_tensor([left, top, left, top])
        return (boxes_canvas_px - offset) / boxes_canvas_px.new_tensor([scale_x, scale_y, scale_x, scale_y])

    def clipped(self, boxes_xyxy_px: Tensor) -> Tensor:
        """The same boxes, cut at the edge of the image."""
        height, width = self.image_hw
        x0, y0, x1, y1 = boxes_xyxy_px.unbind(-1)
        return torch.stack((x0.clamp(0, width), y0.clamp(0, height), x1.clamp(0, width), y1.clamp(0, height)), dim=-1)


def letterbox(images: Tensor, size_px: int, stride: int) -> tuple[Tensor, Fit]:
    """Scale ``(B,3,H,W)`` so that the longer side is ``size_px``, and pad both sides to a multiple of ``stride``."""
    height, width = images.shape[-2:]
    scale = min(size_px / height, size_px / width)
    inner_h, inner_w = max(1, round(height * scale)), max(1, round(width * scale))
    top, bottom = _halves((size_px - inner_h) % stride)
    left, right = _halves((size_px - inner_w) % stride)
    canvas = images
    if (inner_h, inner_w) != (height, width):
        canvas = functional.interpolate(images, size=(inner_h, inner_w), mode="bilinear", align_corners=False)
    canvas = functional.pad(canvas, (left, right, top, bottom), value=GREY)
    return canvas, Fit((height, width), (inner_w / width, inner_h / height), (left, top))


def _halves(spare: int) -> tuple[int, int]:
    """Before and after; the odd pixel goes after."""
    return spare // 2, spare - spare // 2
