"""Takes the light out of a photo of the chart: how it falls off across the chart, and its colour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares

F64 = npt.NDArray[np.float64]
Int = npt.NDArray[np.intp]

MIN_COPIES = 12  # colours with copies, for the five numbers of the field
_TYPICAL = 0.02  # of log light by which copies differ when all is well; far more is an outlier


@dataclass(frozen=True, eq=False)
class Field:
    """Light over the chart, relative to its mean there."""

    factor: F64 | None  # (n,) at every swatch; None: too few copies to tell

    @property
    def range(self) -> float:
        """Brightest place against darkest."""
        return 1.0 if self.factor is None else float(self.factor.max() / self.factor.min())


def light_field(linear: F64, places_mm: F64, colour_of: Int, good: npt.NDArray[np.bool_]) -> Field:
    """Fit a quadratic field to the ratios between copies of the same colour.

    ``linear`` (n,3), ``places_mm`` (n,2), ``colour_of`` (n,) numbers the colours, ``good`` (n,) are those that
    can be used. Robust least squares (soft L1) on the logarithm, in which light is a sum. Without colour: the shade of
    a hand and the fall-off of a lens have none. Bright swatches count more, stray light adds to the dark ones.
    """
    level = linear.sum(1)
    usable = good & (level > 1e-4)
    log = np.log(np.where(usable, level, 1.0))
    basis = _basis(places_mm)
    rows, targets, weights = [], [], []
    for colour in np.unique(colour_of[usable]):
        copies = np.flatnonzero(usable & (colour_of == colour))
        if len(copies) > 1:
            rows.append(basis[copies] - basis[copies].mean(0))
            targets.append(log[copies] - log[copies].mean())
            weights.append(np.sqrt(level[copies]))
    if len(rows) < MIN_COPIES:
        return Field(None)
    design, target, weight = np.concatenate(rows), np.concatenate(targets), np.concatenate(weights)
    weight = weight / weight.max()

    def misses(terms: F64) -> F64:
        missed: F64 = weight * (design @ terms - target)
        return missed

    fitted = least_squares(misses, np.zeros(design.shape[1]), loss="soft_l1", f_scale=_TYPICAL)
    shade = basis @ fitted.x
    return Field(np.exp(shade - shade.mean()))


def _basis(places_mm: F64) -> F64:
    """``(n,5)``: all terms up to the second degree but the constant, over places scaled to [-1, 1]."""
    middle = (places_mm.max(0) + places_mm.min(0)) / 2
    u, v = ((places_mm - middle) / np.maximum(np.abs(places_mm - middle).max(0), 1e-9)).T
    return np.stack((u, v, u * u, u * v, v * v), 1)
