"""The covered pixels: lit, laid over the background, with noise, as sRGB codes.

The autograd functions exist for speed and memory: what they compute is linear in the print's colour except for the
transfer curve, so their backward needs only the curve's slope and the tint.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from physadv.library.colour.conversion import LUMINANCE
from physadv.parts.render.footprint import Footprint
from physadv.parts.render.light import Tint
from physadv.parts.render.sampler import Lookup, read, unread
from physadv.parts.render.transfer_curve import decode, encode_


@dataclass(frozen=True, slots=True)
class Noise:
    """Sensor noise of variance ``shot · signal + read``."""

    normal: tuple[Tensor, ...]  # (n,) unit normals for each channel
    shot: Tensor  # (N,) per wearer
    read: Tensor  # (N,)

    def add_(self, linear: Tensor, cover: Tensor, footprint: Footprint) -> None:
        """Add it to the patch's light ``(3,n)``, in place. The background has noise of its own."""
        shots, reads = (value.index_select(0, footprint.lines.wearer) for value in (self.shot, self.read))
        for part in footprint.parts():
            line = footprint.line[part]
            shot, read = shots.index_select(0, line), reads.index_select(0, line).mul_(cover[part])
            for channel, normal in zip(linear[:, part], self.normal, strict=True):
                variance = torch.addcmul(read, channel.clamp_min(0), shot)
                channel.addcmul_(variance.sqrt_(), normal[part])


@dataclass(frozen=True, slots=True)
class Relief:
    """Values that differ over one patch, for every entry ``(n,)``."""

    shade: Tensor  # factor of the light
    gloss: Tensor  # reflectance of the highlight
    hide: Tensor  # 1 where it is seen, 0 behind something


class Shade(torch.autograd.Function):
    """Read every entry, light it, add up each pixel's layers over its background, add noise, encode: ``(3,n)`` codes.

    ``light`` is the atlas's, the only input with a gradient; ``alpha`` ``(n,)`` is without what ``relief`` hides;
    ``through`` ``(k,)`` is what shows of the hidden entries; ``images`` ``(B,3,H,W)`` are the backgrounds. All entries
    of a pixel get its sRGB code.
    """

    @staticmethod
    def forward(ctx: Any, light: Tensor, lookup: Lookup, alpha: Tensor, through: Tensor, footprint: Footprint,
                tint: Tint, relief: Relief | None, noise: Noise | None, images: Tensor) -> Tensor:  # fmt: skip
        hidden, top, line = footprint.hidden, footprint.top, footprint.line
        gain, added, grey = tint.along(footprint.lines.wearer)
        linear, slope = alpha.new_empty(2, 3, line.shape[0])
        grids = alpha.new_empty(2, line.shape[0]) if len(lookup.offsets) == 1 else None
        received = tint.received.index_select(1, footprint.lines.wearer)
        for part in footprint.parts():
            kept = None if grids is None else grids[:, part]
            layer = read(light, lookup, line[part], footprint.step[part], kept)
            if relief is not None:
                layer *= relief.hide[part]
            _light(layer, alpha[part], line[part], (gain, added, grey), linear[:, part])
            if relief is not None:
                _model(linear[:, part], alpha[part], line[part], received, relief, part)
        for channel in (*linear, cover := alpha.clone()):
            channel.index_add_(0, top, channel.index_select(0, hidden).mul_(through))
        if noise is not None:
            noise.add_(linear, cover, footprint)
        _lay_over(linear, cover, images, footprint)
        for part in footprint.parts():
            linear[:, part], slope[:, part] = encode_(linear[:, part])
        for code, rate in zip(linear, slope, strict=True):
            code.index_copy_(0, hidden, code.index_select(0, top))
            rate.index_copy_(0, hidden, rate.index_select(0, top).mul_(through))
        if relief is not None:
            slope *= relief.shade * relief.hide
        ctx.save_for_backward(slope, gain, grey, grids)
        ctx.lookup, ctx.footprint = lookup, footprint
        codes: Tensor = linear
        return codes

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        slope, gain, grey, grids = ctx.saved_tensors
        colour = gradient * slope
        for part in ctx.footprint.parts():
            line, some = ctx.footprint.line[part], colour[:, part]
            luminance = None if grey is None else (grey.index_select(1, line) * some).sum(0)
            for channel, weight in enumerate(LUMINANCE):
                some[channel] *= gain[channel].index_select(0, line)
                if luminance is not None:
                    some[channel].add_(luminance, alpha=weight)
        return unread(colour, ctx.lookup, ctx.footprint, grids), *[None] * 8


def _light(layer: Tensor, alpha: Tensor, line: Tensor, tint: tuple[Tensor, Tensor, Tensor | None], out: Tensor) -> None:
    """Write ``layer`` ``(3,n)`` as lit by its line's tint."""
    gain, added, grey = tint
    luminance = None if grey is None else _luminance(layer)
    for channel, lit in enumerate(out):
        torch.mul(layer[channel], gain[channel].index_select(0, line), out=lit)
        lit.addcmul_(added[channel].index_select(0, line), alpha)
        if grey is not None:
            lit.addcmul_(grey[channel].index_select(0, line), luminance)


def _model(
    lit: Tensor, alpha: Tensor, line: Tensor, received: Tensor, relief: Relief, part: slice
) -> None:  # fmt: skip
    """Shade ``lit`` ``(3,n)`` and add the highlight, in place."""
    shade, highlight = relief.shade[part], relief.gloss[part] * alpha
    for channel, light in zip(lit, received, strict=True):
        channel.mul_(shade).addcmul_(highlight, light.index_select(0, line))


def _luminance(light: Tensor) -> Tensor:
    total = light[0] * LUMINANCE[0]
    return total.add_(light[1], alpha=LUMINANCE[1]).add_(light[2], alpha=LUMINANCE[2])


def _lay_over(linear: Tensor, cover: Tensor, images: Tensor, footprint: Footprint) -> None:
    """Let the background show through where ``cover`` ``(n,)`` is not whole."""
    rim = footprint.rim
    rim = rim.index_select(0, (cover.index_select(0, rim) < 1 - 1e-6).nonzero().squeeze(1))
    bare, at = 1 - cover.index_select(0, rim), footprint.place.index_select(0, rim)
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
