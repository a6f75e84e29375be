"""JPEG compression (Dziugaite et al. 2016, arXiv:1608.00853): quantising high frequencies takes fine patterns away.

Forward is libjpeg itself. Backward is the gradient of what it does without rounding: colour is kept at half the
resolution, everything else passes straight through (Bengio et al. 2013). Differentiable imitations (kornia's, Shin and
Song 2017) are not used: their gradient is two to three times too small and agrees less with finite differences of the
real codec (correlation .61 to .84, ours .84 to 1.00: ``benchmarks/jpeg_gradient.py``).
"""

from __future__ import annotations

from functools import partial
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from physadv.core.defense_kind import DefenseKind
from physadv.core.protocols import Victim
from physadv.parts.defenses.filtered import Filtered
from physadv.parts.defenses.options import JpegConfig, check_jpeg

_YCC_FROM_RGB = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))
"""JFIF's colour transform (ITU-T T.871), without its offset: a gradient has none."""


class Jpeg:
    """Shows the victim every picture as it comes back from a JPEG file of 4:2:0."""

    kind = DefenseKind.quantising

    def __init__(self, config: JpegConfig) -> None:
        check_jpeg(config)
        self.quality = config.quality

    @property
    def name(self) -> str:
        return f"jpeg-{self.quality}"

    def around(self, victim: Victim[Any, Any]) -> Victim[Any, Any]:
        """The victim, of whichever task, behind the codec."""
        return Filtered(victim, self, {"quality": self.quality}, partial(recompressed, quality=self.quality))


def recompressed(images: Tensor, quality: int) -> Tensor:
    """``images`` ``(B,3,H,W)`` sRGB in [0, 1] as they come back from a file; the gradient is :func:`half_colour`'s."""
    back = torch.stack([_through_file(image, quality) for image in images.detach()])
    if not (torch.is_grad_enabled() and images.requires_grad):
        return back
    smooth = half_colour(images)
    return back + (smooth - smooth.detach())


def half_colour(images: Tensor) -> Tensor:
    """``(B,3,H,W)`` with colour at half the resolution, as 4:2:0 keeps it; linear, so its gradient is exact."""
    there = images.new_tensor(_YCC_FROM_RGB)
    ycc = torch.einsum("ij,bjhw->bihw", there, images)
    coarse = nn.functional.avg_pool2d(ycc[:, 1:], 2, ceil_mode=True)
    size = (coarse.shape[-2] * 2, coarse.shape[-1] * 2)
    fine = nn.functional.interpolate(coarse, size=size, mode="bilinear", align_corners=False)
    kept = torch.cat([ycc[:, :1], fine[..., : ycc.shape[-2], : ycc.shape[-1]]], dim=1)
    return torch.einsum("ij,bjhw->bihw", torch.linalg.inv(there), kept)


def _through_file(image: Tensor, quality: int) -> Tensor:
    """``(3,H,W)`` there and back on the CPU."""
    codes = (image * 255).round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).cpu().numpy()
    _, file = cv2.imencode(".jpg", np.ascontiguousarray(codes[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, quality])
    back = np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR))
    return torch.from_numpy(np.ascontiguousarray(back[..., ::-1])).permute(2, 0, 1).to(image) / 255
