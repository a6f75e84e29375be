"""What the camera makes of the covered pixels: lit, laid over the background, with noise, as sRGB codes.

The autograd functions exist for speed and memory: what they compute is linear in the print's colour except for the
transfer curve, so their backward needs only the curve's slope and the tint.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from physadv.render.curve import decode, encode_
from physadv.render.footprint import Footprint
from physadv.render.light import LUMINANCE, Tint


@dataclass(frozen=True, slots=True)
class Noise:
    """Sensor noise of variance ``shot · signal + read``."""

    normal: Tensor  # (3, n) unit normals
    shot: Tensor  # (N,) per wearer
    read: Tensor  # (N,)

    def add_(self, linear: Tensor, cover: Tensor, footprint: Footprint) -> None:
        """Add it to the patch's light ``(3,n)``, in place. The background has noise of its own."""
        line, wearer = footprint.line, footprint.lines.wearer
        shot = self.shot.index_select(0, wearer).index_select(0, line)
        read = self.read.index_select(0, wearer).index_select(0, line).mul_(cover)
        for channel in range(3):
            variance = torch.addcmul(read, linear[channel].clamp_min(0), shot)
            linear[channel].addcmul_(variance.sqrt_(), self.normal[channel])


class Shade(torch.autograd.Function):
    """Light every entry, add up each pixel's layers over its background, add noise, encode: ``(3,n)`` sRGB codes.

    ``layers`` ``(4,n)`` premultiplied linear light, the only input with a gradient, and alpha; ``through`` ``(k,)`` is
    what shows of the hidden entries; ``images`` ``(B,3,H,W)`` are the backgrounds. All entries of a pixel get its code.
    """

    @staticmethod
    def forward(ctx: Any, layers: Tensor, through: Tensor, footprint: Footprint, tint: Tint, noise: Noise | None,
                images: Tensor) -> Tensor:  # fmt: skip
        hidden, top, line = footprint.hidden, footprint.top, footprint.line
        gain, added, grey = tint.along(footprint.lines.wearer)
        luminance = None if grey is None else _luminance(layers)
        linear = torch.empty_like(layers[:3])
        for channel, lit in enumerate(linear):
            torch.index_select(gain[channel], 0, line, out=lit).mul_(layers[channel])
            lit.addcmul_(added[channel].index_select(0, line), layers[3])
            if grey is not None:
                lit.addcmul_(grey[channel].index_select(0, line), luminance)
            lit.index_add_(0, top, lit.index_select(0, hidden).mul_(through))
        cover = layers[3].index_add(0, top, layers[3].index_select(0, hidden).mul_(through))
        if noise is not None:
            noise.add_(linear, cover, footprint)
        _lay_over(linear, cover, images, footprint.place)
        codes, slope = encode_(linear)
        for code, rate in zip(codes, slope, strict=True):
            code.index_copy_(0, hidden, code.index_select(0, top))
            rate.index_copy_(0, hidden, rate.index_select(0, top).mul_(through))
        ctx.save_for_backward(slope, gain, grey, line)
        return codes

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        slope, gain, grey, line = ctx.saved_tensors
        result = slope.new_zeros(4, line.shape[0])
        colour = torch.mul(gradient, slope, out=result[:3])
        luminance = None if grey is None else (grey.index_select(1, line) * colour).sum(0)
        for channel in range(3):
            colour[channel] *= gain[channel].index_select(0, line)
            if luminance is not None:
                colour[channel].add_(luminance, alpha=LUMINANCE[channel])
        return result, None, None, None, None, None


def _luminance(layers: Tensor) -> Tensor:
    total = layers[0] * LUMINANCE[0]
    return total.add_(layers[1], alpha=LUMINANCE[1]).add_(layers[2], alpha=LUMINANCE[2])


def _lay_over(linear: Tensor, cover: Tensor, images: Tensor, place: Tensor) -> None:
    """Let the background show through where ``cover`` ``(n,)`` is not whole: mostly along the rim."""
    rim = (cover < 1 - 1e-6).nonzero().squeeze(1)
    bare, at = 1 - cover.index_select(0, rim), place.index_select(0, rim)
    area, flat = images[0, 0].numel(), images.reshape(-1)
    for channel in range(3):
        codes = flat[channel * area :].index_select(0, at).to(linear.dtype)
        linear[channel].index_add_(0, rim, decode(codes)[0].mul_(bare))


class Paste(torch.autograd.Function):
    """Write ``values`` ``(3,n)`` into ``canvas`` ``(B,3,H,W)`` at ``place``; the gradient is read from there."""

    @staticmethod
    def forward(ctx: Any, canvas: Tensor, place: Tensor, values: Tensor) -> Tensor:
        ctx.save_for_backward(place)
        ctx.area, ctx.dtype = canvas[0, 0].numel(), values.dtype
        flat = canvas.view(-1)
        for channel, value in enumerate(values):
            flat[channel * ctx.area :].scatter_(0, place, value.to(canvas.dtype))
        ctx.mark_dirty(canvas)
        return canvas

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (place,) = ctx.saved_tensors
        flat = gradient.reshape(-1)
        values = gradient.new_empty(3, place.shape[0])
        for channel, value in enumerate(values):
            torch.index_select(flat[channel * ctx.area :], 0, place, out=value)
        return None, None, values.to(ctx.dtype)
