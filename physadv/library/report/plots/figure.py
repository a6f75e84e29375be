"""One plot: what the browser draws, and the same numbers as a table for those who do not see it."""

from __future__ import annotations

import base64
import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from physadv.library.report.shares import in_percent

Score = Mapping[str, Any]  # name, value, low, high, n, higher_is; numbers may be None
Cell = str | int | float | None

UNITS = {"AP", "AP50", "confidence", "SSIM"}
"""Scores from 0 to 1 that are no shares: shown as decimal numbers."""
SCORE_COLUMNS = ("value", "low", "high", "n")
ROWS_SHOWN = 60  # of a table beside a plot; the file has all
_KNOWN = {
    "clean": ("#009e73", "diamond"), "grey": ("#8a8f98", "square"), "random": ("#3d9bd6", "triangle-up"),
    "unaware": ("#d55e00", "circle"), "adaptive": ("#cc79a7", "star"), "black box": ("#7f6fd6", "hexagon"),
    "patch": ("#d55e00", "circle"), "print": ("#cc79a7", "star"), "printed grey": ("#5f6570", "x"),
    "printed random": ("#2a6f9e", "triangle-down"), "as filmed": ("#009e73", "diamond"),
}  # fmt: skip
_MORE = (
    ("#cc79a7", "star"), ("#b59400", "pentagon"), ("#7f6fd6", "hexagon"), ("#4f8f2f", "triangle-down"),
    ("#a0522d", "cross"), ("#5f7f8f", "x"), ("#d55e00", "triangle-left"), ("#3d9bd6", "square"), ("#009e73", "diamond"),
    ("#8a8f98", "triangle-right"), ("#a33c6f", "bowtie"), ("#2a6f9e", "hourglass"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Style:
    """How an arm looks in every plot: told apart by shape too, not by colour alone."""

    colour: str
    symbol: str


@dataclass(frozen=True)
class Plot:
    """``traces`` and ``layout`` in plotly's own terms; ``rows`` hold plain numbers, one row a point."""

    title: str
    says: str  # what there is to see, for those who do not see it
    traces: Sequence[Mapping[str, Any]]
    layout: Mapping[str, Any]
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    height_px: int = 320
    min_width_px: int = 0  # narrower screens scroll the plot, not the page

    @property
    def spec(self) -> dict[str, Any]:
        """The figure as plotly is given it."""
        return {"data": list(self.traces), "layout": {**base_layout(self.height_px), **self.layout}}

    @property
    def file(self) -> str:
        """Name of the downloaded table."""
        return (re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")[:60] or "plot") + ".csv"

    @property
    def csv_uri(self) -> str:
        """The table as a link that works without any server."""
        return csv_uri(self.columns, self.rows)

    @property
    def shown(self) -> Sequence[Sequence[Cell]]:
        """Rows for the page: all, or evenly chosen ones when there are very many."""
        if len(self.rows) <= 4 * ROWS_SHOWN:
            return self.rows
        stride = -(-len(self.rows) // ROWS_SHOWN)
        return [*self.rows[:-1:stride], self.rows[-1]]


def csv_uri(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """A table as a ``data:`` link. Text that a spreadsheet would take for a formula is quoted."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([[_safe(cell) for cell in row] for row in rows])
    return f"data:text/csv;charset=utf-8;base64,{base64.b64encode(stream.getvalue().encode()).decode()}"


def _safe(cell: Cell) -> Cell:
    if isinstance(cell, float):
        return float(f"{cell:.6g}")
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def base_layout(height_px: int) -> dict[str, Any]:
    """Common to all plots. Colours of text and lines come from the page's own style sheet: light, dark and paper."""
    return {
        "height": height_px, "autosize": True, "margin": {"l": 56, "r": 12, "t": 12, "b": 48},
        "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)", "dragmode": False, "hovermode": "closest",
        "font": {"family": "system-ui, -apple-system, Segoe UI, Roboto, sans-serif", "size": 13},
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
        "hoverlabel": {"font": {"size": 13}},
    }  # fmt: skip


def axis(title: str = "", settings: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """An axis without zero line, whose labels always fit; ``settings`` are plotly's own."""
    return {
        "title": {"text": title, "standoff": 10},
        "zeroline": False,
        "automargin": True,
        "fixedrange": True,
        **(settings or {}),
    }


def percent_axis(title: str, top: float = 100.0) -> dict[str, Any]:
    """From 0 to ``top`` %, with room for markers at both ends."""
    values = [top * k / 4 for k in range(5)]
    room = 0.04 * top
    return axis(title, {"range": [-room, top + room], "tickvals": values, "ticktext": [f"{v:g} %" for v in values]})


def score_axis(name: str, top: float = 100.0) -> dict[str, Any]:
    """The vertical axis of a score; always with zero in sight."""
    if in_percent(name):
        return percent_axis(name, top)
    return axis(name, {"range": [-0.04, 1.04]} if name in UNITS else {"rangemode": "tozero"})


def percent_top(scores: Iterable[Score | None]) -> float:
    """20, 40, 60 or 100: the first that holds every interval."""
    highest = max(
        (100 * (s["value"] if s["high"] is None else s["high"]) for s in scores if s and measured(s)), default=0
    )
    return next((top for top in (20.0, 40.0, 60.0) if highest <= top), 100.0)


def styles(arms: Sequence[str]) -> dict[str, Style]:
    """One look an arm. Those of every run keep theirs, further patches get the others in their order."""
    more = cycle(_MORE)
    return {name: Style(*(_KNOWN[name] if name in _KNOWN else next(more))) for name in dict.fromkeys(arms)}


def measured(score: Score | None) -> bool:
    """Whether there is a number."""
    return bool(score) and score is not None and score.get("value") is not None


def factor(name: str) -> float:
    """By what a score is multiplied in plots."""
    return 100.0 if in_percent(name) else 1.0


def score_cells(score: Score | None) -> list[Cell]:
    """Value, low, high and n for a row of a table."""
    if score is None:
        return [None, None, None, 0]
    return [score.get("value"), score.get("low"), score.get("high"), score.get("n")]


def error_bars(found: Sequence[Score], times: float) -> dict[str, Any]:
    """Asymmetric bars from values to the ends of their intervals; none where an end is not known."""
    up = [max(_or(s["high"], s["value"]) - s["value"], 0.0) * times for s in found]
    down = [max(s["value"] - _or(s["low"], s["value"]), 0.0) * times for s in found]
    return {"type": "data", "symmetric": False, "array": up, "arrayminus": down, "thickness": 1.5, "width": 3}


def _or(value: float | None, other: float) -> float:
    return other if value is None else float(value)
