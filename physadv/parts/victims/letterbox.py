"""Bring images of any size to the size a network wants, and its boxes back. Differentiable."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

GREY = 114 / 255
"""The padding of the YOLO family."""


@dataclass(frozen=True, slots=True)
class LetterboxFit:
    """Where the image lies on the network's canvas: canvas = image · scale + offset, in pixels."""

    image_hw: tuple[int, int]
    scale_xy: tuple[float, float]
    offset_xy: tuple[int, int] = (0, 0)

    def boxes_in_image(self, boxes_canvas_px: Tensor) -> Tensor:
        """``(..., 4)`` boxes on the canvas, brought back to pixels of the image and clipped to it."""
        (height, width), (left, top) = self.image_hw, self.offset_xy
        xs = ((boxes_canvas_px[..., 0::2] - left) / self.scale_xy[0]).clamp(0, width)
        ys = ((boxes_canvas_px[..., 1::2] - top) / self.scale_xy[1]).clamp(0, height)
        return torch.stack((xs, ys), dim=-1).flatten(-2)


def letterbox(
    images: Tensor, canvas_hw: tuple[int, int], *, pad: float = GREY, centred: bool = False
) -> tuple[Tensor, LetterboxFit]:
    """Scale ``(B,3,H,W)`` to fit the canvas, keeping the aspect, and pad the rest: right and below, or all around."""
    height, width = images.shape[-2:]
    scale = min(canvas_hw[0] / height, canvas_hw[1] / width)
    inner = (_side(height, scale, canvas_hw[0]), _side(width, scale, canvas_hw[1]))
    spare_y, spare_x = canvas_hw[0] - inner[0], canvas_hw[1] - inner[1]
    top, left = (spare_y // 2, spare_x // 2) if centred else (0, 0)
    canvas = resize(images, inner)
    if spare_x or spare_y:
        canvas = F.pad(canvas, (left, spare_x - left, top, spare_y - top), value=pad)
    return canvas, LetterboxFit((height, width), (inner[1] / width, inner[0] / height), (left, top))


def stretch(images: Tensor, canvas_hw: tuple[int, int]) -> tuple[Tensor, LetterboxFit]:
    """Scale ``(B,3,H,W)`` to the canvas, aspect or not."""
    height, width = images.shape[-2:]
    return resize(images, canvas_hw), LetterboxFit((height, width), (canvas_hw[1] / width, canvas_hw[0] / height))


def resize(images: Tensor, size_hw: tuple[int, int]) -> Tensor:
    """``(B,3,H,W)`` to ``size_hw``, bilinear; with antialiasing when it shrinks, because a detector must not see detail
    that no pixel can hold.
    """
    height, width = images.shape[-2:]
    if (height, width) == tuple(size_hw):
        return images
    shrinks = size_hw[0] < height or size_hw[1] < width
    return F.interpolate(images, size=size_hw, mode="bilinear", align_corners=False, antialias=shrinks)


def _side(length: int, scale: float, limit: int) -> int:
    return min(limit, max(1, round(length * scale)))
