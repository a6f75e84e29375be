"""The numbers of a colour calibration, as they go beside and into the table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from physadv.library.calibration.colour import WHITE, ChartPhoto, MeasuredColours
from physadv.library.calibration.colour_fit import ColourFit, difference
from physadv.library.calibration.colour_priors import PRIORS
from physadv.library.files.boards import Boards

F64 = npt.NDArray[np.float64]
Json = dict[str, Any]

FORMAT = 1


def colour_report(photos: Sequence[ChartPhoto], measured: MeasuredColours, fit: ColourFit, nodes: int) -> Json:
    """The readings of every photo, the error of the table on colours left out, and that without a calibration."""
    counts, edges = np.histogram(fit.errors, bins=20)
    return {
        "white": WHITE,
        "photos": [_photo_row(photo) for photo in photos],
        "colours": len(measured.asked),
        "nodes": nodes,
        "prior": fit.prior,
        "smoothing": fit.smoothing,
        "leave_one_out_delta_e00": _summary(fit.errors),
        "histogram": {"edges": edges.round(3).tolist(), "counts": counts.tolist()},
        "copies_delta_e00": _summary(measured.copies),
        "uncalibrated_delta_e00": {
            name: _summary(difference(prior(measured.asked), measured.seen)) for name, prior in PRIORS.items()
        },
        "residual_srgb_rms": round(float(np.sqrt(np.square(fit.predicted - measured.seen).mean())), 4),
    }


def sheet_row(boards: Boards, measured_bar_mm: float) -> Json:
    """The sheet that was photographed; ``measured_bar_mm`` is 0 where its bar was not measured."""
    row = {"name": boards.name, "digest": boards.digest, "seed": boards.seed}
    return row | ({"measured_bar_mm": measured_bar_mm} if measured_bar_mm else {})


def _photo_row(photo: ChartPhoto) -> Json:
    readings = photo.readings
    return {
        "photo": photo.name,
        "read": int(readings.good.sum()),
        "saturated": int(readings.saturated.sum()),
        "uneven": int(readings.uneven.sum()),
        "outside": int(readings.outside.sum()),
        "light_brightest_to_darkest": round(photo.levelled.light_range, 3),
        "paper_linear": photo.levelled.paper.round(4).tolist(),
    }


def _summary(errors: F64) -> dict[str, float]:
    """Of ``(n,)`` ΔE00 those that are known; empty where none is."""
    known = errors[~np.isnan(errors)]
    if not len(known):
        return {}
    numbers = {"mean": known.mean(), "p95": np.percentile(known, 95), "worst": known.max()}
    return {name: round(float(value), 3) for name, value in numbers.items()}
