"""The plot of ``curves.csv``: loss and success over the steps of an attack."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from physadv.core.errors import BadInput
from physadv.library.report.plots.figure import Plot, axis, percent_axis

LINE, DOTS = "#d55e00", "#3d9bd6"
DRAWN = 1500  # points of a line at most; the file beside it has every step
Points = npt.NDArray[np.float64]


def curves(path: Path) -> Plot | None:
    """Every step faintly, the mean of its surroundings, and the held-out draws; ``None`` where there are no rows."""
    columns = _columns(path)
    step = columns.get("step", np.zeros(0))
    if not len(step) or "loss" not in columns or "success" not in columns:
        return None
    loss, success = columns["loss"], 100 * columns["success"]
    held = columns.get("held_out", np.full(len(step), np.nan))
    traces = [*_lines(step, loss, "y", "loss"), *_lines(step, success, "y2", "success")]
    if (known := ~np.isnan(held)).any():
        traces.insert(2, {
            "type": "scatter", "mode": "markers", "name": "loss on held-out draws", "x": _plain(step[known]),
            "y": _plain(held[known]), "yaxis": "y", "marker": {"color": DOTS, "size": 7, "symbol": "diamond"},
        })  # fmt: skip
    names = list(columns)
    return Plot(
        title="loss and success over the steps of the attack",
        says=f"Over {len(step)} steps the loss went from {loss[0]:.3g} to {loss[-1]:.3g} and the success in training "
        f"from {success[0]:.0f} % to {success[-1]:.0f} %.",
        traces=traces,
        layout={
            "xaxis": axis("step", {"anchor": "y2", "showgrid": False}),
            "yaxis": axis("loss", {"domain": [0.55, 1]}),
            "yaxis2": {**percent_axis("success"), "domain": [0, 0.45]},
            "showlegend": True,
        },
        columns=names,
        rows=[[_cell(columns[name][i]) for name in names] for i in range(len(step))],
        height_px=440,
    )  # fmt: skip


def _lines(x: Points, y: Points, axis_name: str, name: str) -> list[dict[str, Any]]:
    window = max(1, len(y) // 25)
    counts = np.convolve(np.ones(len(y)), np.ones(window), "same")
    mean = np.convolve(np.nan_to_num(y), np.ones(window), "same") / counts
    stride = -(-len(x) // DRAWN)
    common = {"type": "scatter", "mode": "lines", "x": _plain(x[::stride]), "yaxis": axis_name}
    return [
        {**common, "y": _plain(y[::stride]), "name": f"{name}, every step", "opacity": 0.3, "hoverinfo": "skip",
         "line": {"color": LINE, "width": 1}, "showlegend": False},
        {**common, "y": _plain(mean[::stride]), "name": f"{name}, mean of {window} steps",
         "line": {"color": LINE, "width": 2.5, "dash": "solid" if name == "loss" else "dash"}},
    ]  # fmt: skip


def _plain(values: Points) -> list[float | None]:
    return [None if math.isnan(v) else float(f"{v:.6g}") for v in values.tolist()]


def _cell(value: float) -> float | int | None:
    if math.isnan(value):
        return None
    return int(value) if value.is_integer() else value


def _columns(path: Path) -> dict[str, Points]:
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            rows: Sequence[dict[str, str]] = list(csv.DictReader(stream))
        names = list(rows[0]) if rows else []
        return {name: np.array([float(row[name] or "nan") for row in rows]) for name in names}
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise BadInput(f"{path} is not a table of curves: {error}. Make the run again.") from error
