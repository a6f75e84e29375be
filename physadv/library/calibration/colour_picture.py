"""One picture of a colour calibration: the chart as asked, seen and predicted, and where the errors are."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from physadv.library.calibration.colour import MeasuredColours
from physadv.library.calibration.colour_fit import ColourFit
from physadv.library.files.boards import Swatch

F64 = npt.NDArray[np.float64]

NOT_READ = "#ffffff"


def colour_picture(swatches: Sequence[Swatch], measured: MeasuredColours, fit: ColourFit, heading: str) -> bytes:
    """A PNG; swatches whose colour was not read are crossed out."""
    seen, predicted, errors = _by_swatch(swatches, measured, fit)
    figure = Figure(figsize=(12, 7.2), dpi=100, layout="constrained")
    figure.suptitle(heading, fontsize=12)
    axes = figure.subplots(2, 3, height_ratios=(1.25, 1))
    asked = np.array([s.srgb for s in swatches])
    titles = ("asked for", "seen, paper = white (crossed: not used)", "predicted from all others")
    for chart, title, colours in zip(axes[0], titles, (asked, seen, predicted), strict=True):
        _chart(chart, swatches, colours)
        chart.set_title(title, fontsize=10)
    worst = max(float(np.nanmax(errors)), 1.0)
    scale = Normalize(0, worst)
    figure_map = _chart(axes[1][0], swatches, errors, scale)
    axes[1][0].set_title("error of each field, ΔE00 (left out)", fontsize=10)
    figure.colorbar(figure_map, ax=axes[1][0], shrink=0.8)
    _histogram(axes[1][1], errors)
    _curves(axes[1][2], asked, seen)
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()


def _by_swatch(swatches: Sequence[Swatch], measured: MeasuredColours, fit: ColourFit) -> tuple[F64, F64, F64]:
    """Seen ``(n,3)`` and predicted ``(n,3)`` sRGB and errors ``(n,)``, NaN where the swatch's colour was not read."""
    row_of = {tuple(colour): row for row, colour in enumerate(measured.asked.round(4))}
    rows = np.array([row_of.get(tuple(np.round(swatch.srgb, 4)), -1) for swatch in swatches])
    missing = rows < 0
    seen, predicted = (np.where(missing[:, None], np.nan, values[rows]) for values in (measured.seen, fit.predicted))
    return seen, predicted, np.where(missing, np.nan, fit.errors[rows])


def _chart(axes: Axes, swatches: Sequence[Swatch], values: F64, scale: Normalize | None = None) -> PatchCollection:
    """The fields at their places: colours (n,3), or numbers (n,) on a scale."""
    fields = [Rectangle((s.x_mm - s.side_mm / 2, s.y_mm - s.side_mm / 2), s.side_mm, s.side_mm) for s in swatches]
    missing: list[bool] = [bool(np.isnan(value).any()) for value in values]
    drawn = PatchCollection(fields, edgecolor="#999999", linewidth=0.3)
    if scale is None:
        drawn.set_facecolor(
            [NOT_READ if gone else tuple(v) for v, gone in zip(np.clip(values, 0, 1), missing, strict=True)]
        )
    else:
        drawn.set_array(np.ma.masked_invalid(values))
        drawn.set_norm(scale)
        drawn.set_cmap("cividis")
    axes.add_collection(drawn)
    gone = [(s.x_mm, s.y_mm) for s, lost in zip(swatches, missing, strict=True) if lost]
    if gone:
        axes.plot(*zip(*gone, strict=True), "x", color="#b00020", markersize=4)
    axes.set_aspect("equal")
    axes.autoscale_view()
    axes.invert_yaxis()
    axes.set_axis_off()
    return drawn


def _histogram(axes: Axes, errors: F64) -> None:
    found = errors[~np.isnan(errors)]
    axes.hist(found, bins=24, color="#56789a")
    for value, name in ((found.mean(), "mean"), (np.percentile(found, 95), "95 %")):
        axes.axvline(value, color="#d55e00", linewidth=1)
        axes.text(value, axes.get_ylim()[1] * 0.97, f" {name} {value:.2f}", fontsize=8, va="top")
    axes.set_xlabel("error, ΔE00 (left out)")
    axes.set_ylabel("fields")


def _curves(axes: Axes, asked: F64, seen: F64) -> None:
    """The greys: the tone curve of print and camera together."""
    grey = (np.ptp(asked, axis=1) < 1e-6) & ~np.isnan(seen).any(1)
    axes.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=1)
    for channel, colour in enumerate(("#c03030", "#2c8a3d", "#3050c0")):
        axes.plot(asked[grey, 0], seen[grey, channel], ".", color=colour)
    axes.set_xlabel("grey asked for (sRGB)")
    axes.set_ylabel("red, green, blue seen")
