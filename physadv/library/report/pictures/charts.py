"""Charts of studies: what they show is plain values, and each is drawn as one PNG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Grid = npt.NDArray[np.float32]

COLOURS = ("#d55e00", "#3d9bd6", "#009e73", "#cc79a7", "#b59400", "#7f6fd6", "#4f8f2f", "#8a8f98", "#a0522d", "#5f7f8f")
MARKERS = "os^Dvp*XPh"


class Chart(Protocol):
    """A figure of a study."""

    @property
    def says(self) -> str:
        """What there is to see, for those who do not see it."""
        ...

    def drawn(self) -> bytes:
        """A PNG."""
        ...


@dataclass(frozen=True)
class Series:
    """One line, or one bar of each group. Ends of 95 % intervals where they are known."""

    name: str
    y: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    x: Sequence[float] = ()  # of this line, where it has places of its own
    faint: bool = False  # in the background: a control

    def reach(self) -> npt.NDArray[np.float64] | None:
        """``(2, n)`` from the values down and up to the ends of their intervals."""
        if self.low is None or self.high is None:
            return None
        y = np.asarray(self.y, float)
        return np.stack([y - np.asarray(self.low, float), np.asarray(self.high, float) - y]).clip(0)


@dataclass(frozen=True)
class LineChart:
    """LineChart over one axis; a band of each shows its interval."""

    says: str
    x_name: str
    y_name: str
    series: Sequence[Series]
    x: Sequence[float] = ()  # of all lines
    log_x: bool = False
    log_y: bool = False
    share: bool = False  # the vertical axis is a share, shown from 0 to 1
    upright: Sequence[tuple[float, str]] = field(default_factory=tuple)  # places of the axis that have a name
    dots: bool = True

    def drawn(self) -> bytes:
        """As said."""
        figure, axes = _sheet(7.2, 4.2)
        for place, one in enumerate(self.series):
            _line(axes, one, one.x or self.x, place, dots=self.dots)
        for at, name in self.upright:
            axes.axvline(at, color="#8a8f98", linewidth=1, linestyle=":")
            axes.annotate(name, (at, 1), xycoords=("data", "axes fraction"), fontsize=8, color="#626873",
                          ha="center", va="bottom")  # fmt: skip
        axes.set_xlabel(self.x_name)
        axes.set_ylabel(self.y_name)
        if self.log_x:
            axes.set_xscale("log")
        if self.log_y:
            axes.set_yscale("log")
        if self.share:
            axes.set_ylim(-0.03, 1.03)
        if len(self.series) > 5:
            axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
        elif len(self.series) > 1:
            axes.legend(frameon=False, fontsize=8)
        return _png(figure)


@dataclass(frozen=True)
class BarChart:
    """BarChart in groups, with intervals."""

    says: str
    groups: Sequence[str]
    y_name: str
    series: Sequence[Series]
    share: bool = True
    level: tuple[float, str] | None = None  # a height that has a name, as that of guessing

    def drawn(self) -> bytes:
        """As said."""
        figure, axes = _sheet(max(5.2, 0.5 + 0.42 * len(self.groups) * (1 + len(self.series))), 4.0)
        width = 0.8 / len(self.series)
        for place, one in enumerate(self.series):
            at = np.arange(len(self.groups)) + (place - (len(self.series) - 1) / 2) * width
            colour = "#8a8f98" if one.faint else COLOURS[place % len(COLOURS)]
            axes.bar(at, one.y, width * 0.92, color=colour, label=one.name)
            if (reach := one.reach()) is not None:
                axes.errorbar(at, one.y, yerr=reach, color="#1d2025", capsize=2.5, fmt="none", linewidth=1)
        if self.level:
            axes.axhline(self.level[0], color="#626873", linewidth=1, linestyle="--", label=self.level[1])
        longest = max(len(name) for name in self.groups)
        slanted = longest * len(self.groups) > 60
        axes.set_xticks(range(len(self.groups)), list(self.groups), rotation=20 if slanted else 0,
                        ha="right" if slanted else "center")  # fmt: skip
        axes.set_ylabel(self.y_name)
        if self.share:
            axes.set_ylim(0, 1.03)
        if len(self.series) > 1 or self.level:
            axes.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, 1.16), ncols=4)
        return _png(figure)


@dataclass(frozen=True)
class Matrix:
    """Shares, from 0 to 1, of rows against columns."""

    says: str
    rows_are: str
    columns_are: str
    rows: Sequence[str]
    columns: Sequence[str]
    values: Sequence[Sequence[float]]

    def drawn(self) -> bytes:
        """With the percent in every cell."""
        side = 0.62
        figure, axes = _sheet(2.0 + side * len(self.columns), 1.6 + 0.45 * len(self.rows))
        axes.imshow(self.values, cmap="Oranges", vmin=0, vmax=1, aspect="auto")
        for y, row in enumerate(self.values):
            for x, value in enumerate(row):
                axes.text(x, y, f"{100 * value:.0f}", ha="center", va="center", fontsize=8,
                          color="#ffffff" if value > 0.6 else "#1d2025")  # fmt: skip
        axes.set_xticks(range(len(self.columns)), list(self.columns), rotation=40, ha="right", fontsize=8)
        axes.set_yticks(range(len(self.rows)), list(self.rows), fontsize=8)
        axes.set_xlabel(f"{self.columns_are} (in %)", fontsize=8)
        axes.set_ylabel(self.rows_are, fontsize=8)
        return _png(figure)


@dataclass(frozen=True)
class PictureCell:
    """A picture with words below it; ``(h, w, 3)`` in [0, 1], or ``(h, w)``, of which the sign is shown by colour."""

    picture: Grid
    caption: str = ""


@dataclass(frozen=True)
class PictureRows:
    """Pictures in rows."""

    says: str
    rows: Sequence[Sequence[PictureCell]]
    row_names: Sequence[str] = ()
    scale: float = 1.0  # of the pictures

    def drawn(self) -> bytes:
        """Pixels stay squares; a row begins with its name."""
        columns = max(len(row) for row in self.rows)
        lines = max(one.caption.count("\n") + 1 if one.caption else 0 for row in self.rows for one in row)
        height, width = self.rows[0][0].picture.shape[:2]
        tall = 1.35 * self.scale * height / width + 0.1 + 0.17 * lines
        figure = Figure(figsize=(1.35 * self.scale * columns + 0.9, tall * len(self.rows)), dpi=100,
                        layout="constrained")  # fmt: skip
        grid = figure.subplots(len(self.rows), columns, squeeze=False)
        for place, row in enumerate(self.rows):
            for axes in grid[place][len(row) :]:
                axes.set_axis_off()
            for axes, one in zip(grid[place], row, strict=False):
                _show(axes, one)
            if self.row_names:
                grid[place][0].set_ylabel(self.row_names[place], fontsize=8)
        return _png(figure)


@dataclass(frozen=True)
class Regions:
    """Maps of a plane, each coloured by which class a net gives every point of it."""

    says: str
    names: Sequence[str]  # of the maps
    classes: Sequence[npt.NDArray[np.int64]]  # each (h, w), first row at the bottom
    extent: tuple[float, float, float, float]  # left, right, bottom, top
    x_name: str
    y_name: str
    labels: Sequence[str]  # of the classes

    def drawn(self) -> bytes:
        """The picture itself lies at the origin."""
        figure = Figure(figsize=(3.1 * len(self.names) + 1.1, 3.6), dpi=100, layout="constrained")
        palette = np.array([[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in COLOURS])
        row = figure.subplots(1, len(self.names), squeeze=False)[0]
        for axes, name, classes in zip(row, self.names, self.classes, strict=True):
            axes.imshow(0.35 + 0.65 * palette[classes % len(COLOURS)], origin="lower", extent=self.extent,
                        aspect="auto", interpolation="nearest")  # fmt: skip
            axes.plot([0], [0], "o", color="#1d2025", markersize=5)
            axes.set_title(name, fontsize=9)
            axes.set_xlabel(self.x_name, fontsize=8)
        row[0].set_ylabel(self.y_name, fontsize=8)
        seen = sorted({int(c) for one in self.classes for c in np.unique(one)})
        for label in seen:
            row[-1].plot([], [], "s", color=COLOURS[label % len(COLOURS)], label=self.labels[label])
        row[-1].legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
        return _png(figure)


def _line(axes: Axes, one: Series, x: Sequence[float], place: int, *, dots: bool) -> None:
    colour = "#8a8f98" if one.faint else COLOURS[place % len(COLOURS)]
    marker = MARKERS[place % len(MARKERS)] if dots else ""
    axes.plot(x, one.y, linestyle="--" if one.faint else "-", color=colour, marker=marker, markersize=4, linewidth=1.6,
              label=one.name)  # fmt: skip
    if one.low is not None and one.high is not None:
        axes.fill_between(x, one.low, one.high, color=colour, alpha=0.15, linewidth=0)


def _show(axes: Axes, one: PictureCell) -> None:
    if one.picture.ndim == 2:
        reach = float(np.abs(one.picture).max()) or 1.0
        axes.imshow(one.picture, cmap="RdBu_r", vmin=-reach, vmax=reach, interpolation="nearest")
    else:
        axes.imshow(one.picture.clip(0, 1), interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    axes.set_xlabel(one.caption, fontsize=8)


def _sheet(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), dpi=100, layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _png(figure: Figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()
