"""Small scenes, and the truth to compare renders with."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from physadv.core.types import PatchImage, SceneBatch
from physadv.library.colour.conversion import linear_from_srgb, srgb_from_linear


def scene_of(
    images: Tensor, homographies: Tensor, image_of: list[int] | None = None, sizes: list[list[int]] | None = None
) -> SceneBatch:
    """All objects wear the patch, in full light."""
    count, (batch, _, height, width) = homographies.shape[0], images.shape
    return SceneBatch(
        srgb=images,
        sizes_px=torch.tensor(sizes or [[height, width]] * batch),
        keys=tuple(f"image {index}" for index in range(batch)),
        image_of=torch.tensor(image_of if image_of is not None else [0] * count, dtype=torch.int64),
        boxes_xyxy_px=torch.zeros(count, 4),
        labels=torch.zeros(count, dtype=torch.int64),
        label_names=("thing",),
        wears=torch.ones(count, dtype=torch.bool),
        image_from_surface=homographies,
        light=torch.ones(count, 3),
    )


def upright(x: float, y: float, px_per_mm: float) -> Tensor:
    """``(1,3,3)``: a surface seen frontally, its centre at the pixel (x, y)."""
    return torch.tensor([[[px_per_mm, 0, x], [0, px_per_mm, y], [0, 0, 1]]])


def opaque(srgb: Tensor, width_mm: float) -> PatchImage:
    """A patch without holes."""
    return PatchImage(srgb, torch.ones_like(srgb[:1]), width_mm)


def supersampled(background: Tensor, patch: PatchImage, image_from_texel: Tensor, each_way: int = 16) -> Tensor:
    """The background ``(3,H,W)`` with the flat patch on it, seen through a homography; see :func:`cast`."""
    inverse = torch.linalg.inv(image_from_texel.double())

    def trace(pixels: Tensor) -> tuple[Tensor, Tensor]:
        texel = torch.cat((pixels, torch.ones_like(pixels[..., :1])), -1) @ inverse.T
        return texel[..., :2] / texel[..., 2:], texel[..., 2] > 0

    return cast(background, patch, trace, each_way)


def cast(
    background: Tensor, patch: PatchImage, trace: Callable[[Tensor], tuple[Tensor, Tensor]], each_way: int = 16
) -> Tensor:
    """The background ``(3,H,W)`` with the patch on it, by the mean of ``each_way``² rays a pixel in linear light.

    ``trace`` takes float64 pixels ``(h,w,2)`` to texels ``(h,w,2)`` (edges at integers), and says which rays hit.
    """
    height, width = background.shape[1:]
    inside = (torch.arange(each_way, dtype=torch.float64) + 0.5) / each_way - 0.5
    y = (torch.arange(height)[:, None] + inside).reshape(-1)
    x = (torch.arange(width)[:, None] + inside).reshape(-1)
    texel, met = trace(torch.stack((x.expand(len(y), -1), y[:, None].expand(-1, len(x))), -1).double())
    u, v = texel.floor().long().unbind(-1)
    tall, wide = patch.srgb.shape[1:]
    hit = (u >= 0) & (u < wide) & (v >= 0) & (v < tall) & met
    index = v.clamp(0, tall - 1) * wide + u.clamp(0, wide - 1)
    alpha = (patch.alpha.reshape(-1)[index] * hit).float()
    light = linear_from_srgb(patch.srgb).reshape(3, -1)[:, index] * alpha
    layers = torch.cat((light, alpha[None]))[None]
    mean = torch.nn.functional.avg_pool2d(layers, each_way)[0]
    return srgb_from_linear(mean[:3] + (1 - mean[3:]) * linear_from_srgb(background))
