"""The look of a white surface where the patch goes, read off the photo.

A pasted patch at full white glows in every photo that is not overexposed. REAP (Hingun et al. 2023) fits the light to
the pixels of the sign; here nothing about the object's own colours is known, so two assumptions are weighed instead:
the brightest twentieth of the object is a light colour, and that of the whole photo is white. On the drawn road, where
the light is known, docs/your-photos.md says how well this does.
"""

from __future__ import annotations

import torch
from torch import Tensor

from physadv.library.colour.conversion import LUMINANCE, linear_from_srgb

BRIGHTEST = 0.95  # quantile: above it lie lamps, glints and clipped sky
OBJECT_REFLECTS, PHOTO_REFLECTS = 0.8, 1.0  # what reaches that quantile, against white: assumptions
OBJECT_WEIGHT = 0.6  # of the object against the photo, in stops: it alone knows its shadow, but may be dark
MARGIN = 0.15  # of the box's sides that show what is behind the object
DARKER, LIGHTER = 2.0, 1.0  # stops that the object may differ from the photo: black clothes are no darkness
NORM = 6.0  # of shades of grey
DAMPING = 0.25  # a photo's mean colour is its subject's more than its light's: full strength is worse than none
CAST = 0.5  # stops that a channel may differ from the luminance
MIN_LIGHT, MAX_LIGHT = 0.1, 1.5
"""The range of the light's luminance: no patch is black, none glows more than half a stop above white."""


def photo_light(srgb: Tensor) -> tuple[float, Tensor]:
    """Of a photo ``(3,H,W)``: the luminance of white in it, and the ``(3,)`` gains of its colour, luminance 1.

    The colour is that of Minkowski's mean (shades of grey, Finlayson and Trezzi 2004), damped.
    """
    linear = linear_from_srgb(srgb)
    mean = linear.double().pow(NORM).mean((1, 2)).pow(1 / NORM).clamp_min(1e-4)
    weights = mean.new_tensor(LUMINANCE)
    gains = (DAMPING * (mean / (weights @ mean)).log2()).clamp(-CAST, CAST).exp2()
    return _brightest(linear) / PHOTO_REFLECTS, gains / (weights @ gains)


def object_light(srgb: Tensor, box_xyxy_px: tuple[float, float, float, float], photo: tuple[float, Tensor]) -> Tensor:
    """``(3,)`` float64: the linear light of a white surface on the object in the box, given :func:`photo_light`."""
    white, colour = photo
    left, top, right, bottom = box_xyxy_px
    inside = (left + MARGIN * (right - left), top + MARGIN * (bottom - top),
              right - MARGIN * (right - left), bottom - MARGIN * (bottom - top))  # fmt: skip
    x0, y0 = (
        min(max(round(low), 0), size - 1) for low, size in zip(inside, (srgb.shape[2], srgb.shape[1]), strict=False)
    )
    crop = srgb[:, y0 : max(round(inside[3]), y0 + 1), x0 : max(round(inside[2]), x0 + 1)]
    here = _brightest(linear_from_srgb(crop)) / OBJECT_REFLECTS
    here = min(max(here, white * 2**-DARKER), white * 2**LIGHTER)
    luminance = here**OBJECT_WEIGHT * white ** (1 - OBJECT_WEIGHT)
    light: Tensor = colour * min(max(luminance, MIN_LIGHT), MAX_LIGHT)
    return light


def _brightest(linear: Tensor) -> float:
    """The luminance that one pixel in twenty exceeds; at least that of a dark night."""
    luminance = torch.einsum("c,chw->hw", linear.new_tensor(LUMINANCE), linear).flatten()
    rank = max(1, round(BRIGHTEST * luminance.numel()))  # torch.quantile refuses large photos
    return max(float(luminance.kthvalue(rank).values), 1e-3)
