"""Photos of a printed chart → measured colours, relative to the paper, and how far they can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from physadv.core.errors import BadInput
from physadv.library.calibration.colour_fit import difference
from physadv.library.calibration.colour_sense import check_paper
from physadv.library.calibration.light import light_field
from physadv.library.calibration.swatches import SwatchReadings
from physadv.library.colour.conversion import linear_from_srgb, srgb_from_linear
from physadv.library.files.boards import Swatch

F64 = npt.NDArray[np.float64]
WHITE = "paper under the chart's light"
"""The white of the table. Scenes multiply a print by their own light, so the chart's is divided out, by channel."""


@dataclass(frozen=True, eq=False)
class Levelled:
    """One photo's swatches in even light, the paper being white."""

    srgb: F64  # (n,3); NaN where the swatch cannot be used
    light_range: float  # brightest place of the chart against the darkest, as found
    paper: F64  # (3,) linear light of the paper in the photo, the camera's own white being 1
    doubt: str = ""  # what should be corrected


@dataclass(frozen=True, eq=False)
class ChartPhoto:
    """One photo of the chart that can be used."""

    name: str  # of its file; several folders may have one of the same name
    readings: SwatchReadings
    levelled: Levelled


@dataclass(frozen=True, eq=False)
class MeasuredColours:
    """Every colour of the chart once."""

    asked: F64  # (m,3) sRGB
    seen: F64  # (m,3) sRGB relative to the paper, mean over copies and photos
    copies: F64  # (m,) ΔE00 by which copies lie from their mean, at most; NaN for a single one


def level(readings: SwatchReadings, swatches: Sequence[Swatch], photo: str) -> Levelled:
    """Divide by the light's fall-off and by the paper, in linear light.

    ``readings`` and ``swatches`` have the same order. Raises :class:`BadInput`, which names the ``photo``, where its
    paper cannot be read, is overexposed or too dark, or too few swatches can be used.
    """
    asked = np.array([s.srgb for s in swatches])
    good = readings.good
    linear = _linear(np.where(good[:, None], readings.srgb, 0.5))
    places = np.array([(s.x_mm, s.y_mm) for s in swatches])
    field = light_field(linear, places, colour_numbers(asked), good)
    if field.factor is not None:
        linear = linear / field.factor[:, None]
    bare = good & (asked == 1).all(1)
    if not bare.any():
        white = (asked == 1).all(1)
        if (readings.saturated & white).any():
            raise BadInput(f"{photo}: the white paper is overexposed. Take the photo a stop darker (exposure -1)")
        raise BadInput(f"{photo}: no white field of the chart can be read. Show all of it, without glare or folds")
    paper = np.median(linear[bare], axis=0)
    doubt = check_paper(paper, good, photo)
    srgb = np.where(good[:, None], _srgb(np.clip(linear / paper, 0, 1)), np.nan)
    return Levelled(srgb, field.range, paper, doubt)


def merged(photos: Sequence[Levelled], swatches: Sequence[Swatch]) -> MeasuredColours:
    """Average copies and photos, in sRGB; every photo has the ``swatches`` in their order."""
    asked = np.array([s.srgb for s in swatches])
    numbers = colour_numbers(asked)
    everything = np.concatenate([photo.srgb for photo in photos])
    of_all = np.tile(numbers, len(photos))
    read = ~np.isnan(everything).any(1)
    colours, seen, copies = [], [], []
    for number in np.unique(of_all[read]):
        own = everything[read & (of_all == number)]
        mean = own.mean(0)
        colours.append(asked[numbers == number][0])
        seen.append(mean)
        copies.append(float(difference(own, np.repeat(mean[None], len(own), 0)).max()) if len(own) > 1 else np.nan)
    return MeasuredColours(np.array(colours), np.array(seen), np.array(copies))


def colour_numbers(asked: F64) -> npt.NDArray[np.intp]:
    """Numbers ``(n,)`` of colours ``(n,3)``, the same for the same colour to four digits."""
    _, numbers = np.unique(asked.round(4), axis=0, return_inverse=True)
    return numbers.ravel()


def _linear(srgb: F64) -> F64:
    linear: F64 = linear_from_srgb(torch.from_numpy(srgb)).numpy()
    return linear


def _srgb(linear: F64) -> F64:
    srgb: F64 = srgb_from_linear(torch.from_numpy(linear)).numpy()
    return srgb
