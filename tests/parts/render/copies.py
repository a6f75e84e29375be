"""The camera's in-place stages on a copy, so that a test can compare with what went in."""

from __future__ import annotations

from torch import Tensor

from physadv.parts.render.codec import recompress_
from physadv.parts.render.sparse_filter import Pixels, bayer, filtered_, unsharp


def recompress(images: Tensor, quality: Tensor, codec: str) -> Tensor:
    return recompress_(images.clone(), quality, codec)


def demosaic(images: Tensor, pixels: Pixels) -> Tensor:
    return filtered_(images.clone(), (bayer(pixels, images.shape),))


def sharpen(images: Tensor, pixels: Pixels, share: Tensor) -> Tensor:
    return filtered_(images.clone(), (unsharp(pixels, share, images.shape),))
