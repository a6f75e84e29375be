"""The camera's work on the whole picture, background and patch alike: exposure, tone, Bayer pattern, detail, file.

Exposure, white balance and tone act on each channel alone, so each image gets one table a channel, from codes to codes.
The photo has been clipped to eight bits already: what was white in it stays as white as its neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from physadv.core.types import SceneBatch
from physadv.library.colour.conversion import LUMINANCE, linear_from_srgb, srgb_from_linear
from physadv.parts.render.codec import check_codec, recompress_
from physadv.parts.render.light import GREY
from physadv.parts.render.options import CameraConfig
from physadv.parts.render.sparse_filter import Pixels, bayer, filtered_, unsharp

STEPS = 1020  # of a table: a multiple of 255, so that the codes of a file fall on its entries
STRIDE = 8  # px between those that are metered
DARKEST = 1e-3  # mean that metering still believes: a black picture is brightened 180 times at most


class CameraPipeline:
    """The stages of :class:`CameraConfig`. Stateless; ``drawn`` holds its ranges by name, one row an image."""

    def __init__(self, config: CameraConfig) -> None:
        self.config = config
        if config.compression[1] > 0:
            check_codec(config.codec)

    @property
    def curves(self) -> bool:
        """Whether codes change at all: else :meth:`curve` and what follows it need not be called."""
        gains = (*self.config.white_balance, *self.config.tone)
        offsets = (*self.config.exposure_ev, self.config.auto_exposure[1], self.config.auto_white_balance[1])
        return any(gain != 1 for gain in gains) or any(offset != 0 for offset in offsets)

    @property
    def processes(self) -> bool:
        """Whether :meth:`process` does anything."""
        return self.config.demosaic or self.config.sharpen[1] > 0 or self.config.compression[1] > 0

    @torch.no_grad()
    def curve(self, scene: SceneBatch, drawn: Mapping[str, Tensor]) -> Tensor:
        """Codes from codes, ``(B,3,1021)`` over [0, 1]: decoded, times the gain, clipped, encoded, then the tone curve.

        Camera and automatics see the scene without the patch: no patch steers the exposure.
        """
        steps = torch.linspace(0, 1, STEPS + 1, dtype=scene.srgb.dtype, device=scene.srgb.device)
        light = linear_from_srgb(steps) * _gain(scene, drawn)[..., None]
        return _tone(srgb_from_linear(light.clamp_max(1)), drawn["tone"][:, None, None])

    @torch.no_grad()
    def background(self, images: Tensor, table: Tensor, out: Tensor | None = None) -> Tensor:
        """``images`` ``(B,3,H,W)`` through ``table``, written into ``out`` if given. No gradient.

        Read as 8-bit codes, which is exact for what comes from a file, and else off by at most half a code going in.
        """
        short = table[..., :: STEPS // 255].to(images.dtype)
        if out is None:
            out = torch.empty_like(images)
        if images.is_cuda:
            codes = (images * 255).round_().clamp_(0, 255).long()
            return out.copy_(short.gather(2, codes.flatten(2)).view_as(images))
        for image, into, entries in zip(images.detach(), out, short, strict=True):
            for plane, target, entry in zip(image, into, entries, strict=True):
                codes = cv2.convertScaleAbs(plane.numpy(), alpha=255)  # rounds and saturates
                cv2.LUT(codes, entry.contiguous().numpy(), dst=target.numpy())
        return out

    def expose(self, codes: Tensor, image: Tensor, table: Tensor) -> Tensor:
        """``codes`` ``(3,n)`` of the images ``image`` ``(n,)`` through ``table``, with gradient to ``codes``.

        Linear between entries: within 1/512 of the formula for a tone of 0.7 and more. The gradient is the slope there,
        none where the picture is over-exposed.
        """
        exposed: Tensor = _Expose.apply(codes, image, table)
        return exposed

    def process(self, images: Tensor, drawn: Mapping[str, Tensor], footprint_mask: Tensor | None) -> Tensor:
        """``images`` ``(B,3,H,W)`` with their file written and read, in place. Gradient flows to ``images``.

        The photo has been through a Bayer pattern and been sharpened when it was taken: both treat only the pixels of
        ``footprint_mask`` ``(B,1,H,W)`` bool; None: all.
        """
        if self.config.demosaic or self.config.sharpen[1] > 0:
            images = self._filter(images, drawn, footprint_mask)
        if self.config.compression[1] > 0:
            images = recompress_(images, 100 - drawn["compression"], self.config.codec)
        return images

    def _filter(self, images: Tensor, drawn: Mapping[str, Tensor], footprint_mask: Tensor | None) -> Tensor:
        if footprint_mask is None:
            footprint_mask = torch.ones_like(images[:, :1], dtype=torch.bool)
        pixels, filters = Pixels.where(footprint_mask), []
        if self.config.demosaic:
            filters.append(bayer(pixels, images.shape))
        if self.config.sharpen[1] > 0:
            filters.append(unsharp(pixels, drawn["sharpen"].to(images.dtype), images.shape))
        return filtered_(images, tuple(filters))


def _gain(scene: SceneBatch, drawn: Mapping[str, Tensor]) -> Tensor:
    """``(B,3)`` on linear light: what was set, then what the automatics make of it.

    White balance goes towards a grey mean (grey world: Buchsbaum 1980), then exposure towards a mean luminance of 0.18;
    the share of the way is one of stops. Both go by the light before it clips.
    """
    red, blue = drawn["white_balance"].unbind(1)
    gain = torch.stack((red, torch.ones_like(red), blue), 1) * torch.exp2(drawn["exposure_ev"])[:, None]
    mean = _mean_light(scene).clamp_min(DARKEST)
    seen = mean * gain
    gain = gain * (seen[:, 1:2] / seen) ** drawn["auto_white_balance"][:, None]
    parts = zip(LUMINANCE, (mean * gain).unbind(1), strict=True)
    luminance = torch.stack([weight * part for weight, part in parts]).sum(0)[:, None]
    balanced: Tensor = gain * (GREY / luminance.clamp_min(DARKEST)) ** drawn["auto_exposure"][:, None]
    return balanced


def _mean_light(scene: SceneBatch) -> Tensor:
    """Mean linear light ``(B,3)`` of every eighth real pixel both ways."""
    few = linear_from_srgb(scene.srgb[:, :, ::STRIDE, ::STRIDE])
    row, column = (torch.arange(size, device=few.device) * STRIDE for size in few.shape[2:])
    height, width = scene.sizes_px[:, :, None].unbind(1)
    real = ((row < height)[:, None, :, None] & (column < width)[:, None, None, :]).to(few)
    return (few * real).sum((2, 3)) / real.sum((2, 3))


def _tone(codes: Tensor, contrast: Tensor) -> Tensor:
    """An S that leaves black, white and mid-grey (reflectance 0.18) where they are; its slope there is ``contrast``.

    ``contrast`` multiplies the logit's distance from mid-grey's: the saturating response of film and of photoreceptors
    (Naka and Rushton 1966), taken on ``code / (1 - code)`` so that it has a white. 1 changes nothing, bit for bit.
    """
    grey = 1.055 * GREY ** (1 / 2.4) - 0.055
    odds = (1 - grey) / grey
    bright, dark = (codes * odds) ** contrast, (1 - codes) ** contrast * odds
    return torch.where(contrast == 1, codes, bright / (bright + dark))


class _Expose(torch.autograd.Function):
    """One reading of two neighbouring entries a code and channel."""

    @staticmethod
    def forward(ctx: Any, codes: Tensor, image: Tensor, table: Tensor) -> Tensor:
        out, slope = torch.empty_like(codes), torch.empty_like(codes)
        entries = table.to(codes.dtype).reshape(-1)
        for channel in range(3):
            place = codes[channel].clamp(0, 1).mul_(STEPS)
            cell = place.long().clamp_max_(STEPS - 1)
            at = cell + image * (3 * (STEPS + 1)) + channel * (STEPS + 1)
            low = entries.index_select(0, at)
            rise = torch.sub(entries.index_select(0, at.add_(1)), low, out=slope[channel])
            torch.addcmul(low, rise, place.sub_(cell), out=out[channel])
        ctx.save_for_backward(slope.mul_(STEPS))
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (slope,) = ctx.saved_tensors
        return gradient * slope, None, None
