"""Whether photos of a chart can be right at all: a table from photos that cannot be is refused, not reported."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from physadv.core.errors import BadInput

F64 = npt.NDArray[np.float64]

DARK_PAPER, DIM_PAPER = 0.10, 0.25  # linear light of the paper; a camera's own white is 1
MIN_GOOD = 0.5  # share of the fields that must be usable
MIN_ALIKE = 0.5  # correlation of asked and seen along red-green and yellow-blue
MAX_BLACK = 0.45  # linear light of the darkest colours, the paper being 1
WORST_ERROR = 8.0  # ΔE00 of colours left out: offset printing in general predicts about as well


def check_paper(paper: F64, good: npt.NDArray[np.bool_], photo: str) -> str:
    """Words for a doubt about a photo's exposure, or nothing.

    ``paper`` ``(3,)`` is the linear light of its paper, ``good`` ``(n,)`` are the swatches that can be used. Raises
    :class:`BadInput`, which names the ``photo``, for one that is too dark, or of which too little is usable.
    """
    brightest = float(paper.max())
    code = round(255 * (1.055 * brightest ** (1 / 2.4) - 0.055)) if brightest > 0.0031308 else 0
    stops = math.log2(0.7 / max(brightest, 1e-6))
    if brightest < DARK_PAPER:
        raise BadInput(
            f"{photo}: underexposed, the white paper has code {code} of 255. Take the photo {stops:.0f} stops brighter "
            f"(exposure +{stops:.0f}): codes so low are mostly noise and rounding"
        )
    if good.mean() < MIN_GOOD:
        raise BadInput(
            f"{photo}: only {good.sum()} of {len(good)} fields of the chart can be used (the rest is clipped, uneven "
            "or out of view). Show all of it, evenly lit, neither too bright nor too dark"
        )
    if brightest < DIM_PAPER:
        return f"{photo} is dark (the paper has code {code} of 255): take it {stops:.0f} stop(s) brighter"
    return ""


def check_colours(asked: F64, seen: F64) -> None:
    """Raise :class:`BadInput` for sRGB ``seen`` ``(n,3)`` that no print and photo make of ``asked`` ``(n,3)``."""
    for name, axis in {"red and green": (1.0, -1.0, 0.0), "yellow and blue": (0.5, 0.5, -1.0)}.items():
        wanted, got = asked @ np.array(axis), seen @ np.array(axis)
        if wanted.std() < 0.05:  # a chart of greys
            continue
        alike = float(np.corrcoef(wanted, got)[0, 1]) if got.std() > 0.01 else 0.0
        if not alike > MIN_ALIKE:
            raise BadInput(
                f"the photos do not tell {name} apart as the chart asks for (correlation {alike:.2f}). Were they saved "
                "in grey, with red and blue exchanged, or was the chart printed without colour?"
            )
    darkest = asked.mean(1) <= np.quantile(asked.mean(1), 0.05)
    black = float(np.median(_linear(seen[darkest]).mean(1)))
    if black > MAX_BLACK:
        raise BadInput(
            f"the chart's darkest fields are {black:.0%} as bright as its paper: fog, glare, a filter, or a print "
            "without ink. Take the photo without reflections and filters"
        )


def check_error(mean_delta_e00: float) -> None:
    """Raise :class:`BadInput` for a table that predicts nothing: ΔE00 of colours left out, on average."""
    if mean_delta_e00 > WORST_ERROR:
        raise BadInput(
            f"colours left out are predicted wrong by ΔE00 {mean_delta_e00:.1f} on average: no better than without a "
            "photo. Take sharp, evenly lit photos of this very print; several average out noise"
        )


def _linear(srgb: F64) -> F64:
    made: F64 = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return made
