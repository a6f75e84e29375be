"""From swatches asked for and seen to a table: what the camera sees of every colour that the printer is asked for.

A polynomial of a known printing condition takes the bulk, a thin-plate spline what is left. How much the spline may
bend, and whether the known condition helps at all, is chosen by leaving colours out.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.interpolate import RBFInterpolator

from physadv.core.errors import BadInput
from physadv.library.colour.difference import delta_e00, lab_from_srgb

F64 = npt.NDArray[np.float64]
Prior = Callable[[F64], F64]
"""``(n,3)`` sRGB asked for → what a known printing condition makes of it."""

MIN_COLOURS = 12
SMOOTHINGS = (0.0, 1e-4, 1e-3, 1e-2, 1e-1)
_RIDGE = 1e-5
_DEGREES = ((60, 3), (24, 2), (0, 1))  # from so many colours on, the polynomial has this degree


class ColourModel:
    """Predicts captured from asked colours, both ``(n,3)`` sRGB."""

    def __init__(self, asked: F64, seen: F64, prior: Prior, smoothing: float) -> None:
        self._prior = prior
        self._degree = next(degree for least, degree in _DEGREES if len(asked) >= least)
        terms = self._terms(asked)
        ridge = _RIDGE * len(terms) * np.eye(terms.shape[1])
        self._weights = np.linalg.solve(terms.T @ terms + ridge, terms.T @ seen)
        self._rest = RBFInterpolator(
            asked, seen - terms @ self._weights, kernel="thin_plate_spline", smoothing=smoothing, degree=1
        )

    def __call__(self, asked: F64) -> F64:
        """Not clipped."""
        predicted: F64 = self._terms(asked) @ self._weights + self._rest(asked)
        return predicted

    def _terms(self, asked: F64) -> F64:
        printed = self._prior(asked)
        columns = [np.ones(len(printed))]
        for degree in range(1, self._degree + 1):
            for which in itertools.combinations_with_replacement(range(3), degree):
                columns.append(printed[:, which].prod(1))
        return np.stack(columns, 1)


@dataclass(frozen=True, eq=False)
class ColourFit:
    """The model, and how well it predicts colours that it was not fitted to."""

    model: ColourModel
    prior: str
    smoothing: float
    predicted: F64  # (n,3) each colour by the model of all others
    errors: F64  # (n,) ΔE00 of those


def fit_colours(asked: F64, seen: F64, priors: Mapping[str, Prior]) -> ColourFit:
    """Fit ``(n,3)`` different sRGB colours, with the prior and the smoothing of the smallest leave-one-out error.

    Thin-plate splines (Bookstein 1989; in :class:`scipy.interpolate.RBFInterpolator`) carry what the polynomial leaves.
    Raises :class:`BadInput` for too few colours.
    """
    if len(asked) < MIN_COLOURS:
        raise BadInput(
            f"only {len(asked)} colours of the chart could be read, at least {MIN_COLOURS} are needed. "
            "Take another photo: all fields in view, evenly lit, none glaring"
        )
    best: tuple[float, str, float, F64] | None = None
    for name, prior in priors.items():
        for smoothing in SMOOTHINGS:
            predicted = _left_out(asked, seen, prior, smoothing)
            error = float(difference(predicted, seen).mean())
            if best is None or error < best[0]:
                best = error, name, smoothing, predicted
    assert best is not None
    _, name, smoothing, predicted = best
    model = ColourModel(asked, seen, priors[name], smoothing)
    return ColourFit(model, name, smoothing, predicted, difference(predicted, seen))


def bake(model: ColourModel, nodes: int) -> npt.NDArray[np.float32]:
    """The table ``(nodes,nodes,nodes,3)`` in [0, 1], indexed by red, green, blue."""
    levels = np.linspace(0, 1, nodes)
    asked = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1).reshape(-1, 3)
    return np.clip(model(asked), 0, 1).astype(np.float32).reshape(nodes, nodes, nodes, 3)


def difference(srgb: F64, other: F64) -> F64:
    """ΔE00 ``(n,)`` (CIEDE2000) between sRGB colours ``(n,3)``, clipped to [0, 1]."""
    lab, other_lab = (lab_from_srgb(torch.from_numpy(np.clip(c, 0, 1).T.copy())) for c in (srgb, other))
    found: F64 = delta_e00(lab, other_lab).numpy()
    return found


def _left_out(asked: F64, seen: F64, prior: Prior, smoothing: float) -> F64:
    predicted = np.empty_like(seen)
    for index in range(len(asked)):
        kept = np.arange(len(asked)) != index
        predicted[index] = ColourModel(asked[kept], seen[kept], prior, smoothing)(asked[~kept])[0]
    return np.clip(predicted, 0, 1)
