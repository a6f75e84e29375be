"""Figures as SVG that takes the page's text colour, so that they suit light, dark and paper."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from physadv.errors import BadInput

COLOURS = {"clean": "#009e73", "grey": "#8a8f98", "random": "#3d9bd6", "patch": "#d55e00"}  # after Okabe and Ito
MARKERS = {"clean": "D", "grey": "s", "random": "^", "patch": "o"}
_TEXT = "#010203"  # becomes the page's own colour
_STYLE: dict[Any, Any] = {
    "font.family": "sans-serif", "font.size": 11, "text.parse_math": False, "svg.fonttype": "none",
    "svg.hashsalt": "physadv", "text.color": _TEXT, "axes.labelcolor": _TEXT, "axes.edgecolor": _TEXT,
    "xtick.color": _TEXT, "ytick.color": _TEXT, "axes.spines.top": False, "axes.spines.right": False,
    "axes.linewidth": 0.8, "legend.frameon": False,
}  # fmt: skip
Points = npt.NDArray[np.float64]


@contextmanager
def _figure(width: float, height: float) -> Iterator[Figure]:
    with matplotlib.rc_context(_STYLE):
        yield Figure(figsize=(width, height), layout="constrained")


def _svg(figure: Figure, title: str) -> str:
    """The figure as an ``<svg>`` element for inlining; ``title`` is read out to those who cannot see it."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None}, transparent=True)
    body = stream.getvalue()
    body = body[body.index("<svg") :].replace(_TEXT, "currentColor")
    body = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", body, count=1)
    body = re.sub(r'(<svg[^>]*?) width="[^"]*"', r'\1 width="100%" role="img"', body, count=1)
    body = re.sub(r"font: ([^;\"]*)'DejaVu Sans'[^;\"]*", r"font: \1system-ui, sans-serif", body)
    words = title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return body.replace(">", f"><title>{words}</title>", 1)


def curves(path: Path) -> str:
    """Loss and success over the steps of an attack, from ``curves.csv``; an empty string when it has no rows."""
    columns = _columns(path)
    step = columns.get("step", np.zeros(0))
    if not len(step):
        return ""
    with _figure(8, 4.2) as figure:
        above, below = figure.subplots(2, 1, sharex=True)
        _smooth(above, step, columns["loss"], COLOURS["patch"])
        held = columns.get("held_out", np.full(len(step), np.nan))
        known = ~np.isnan(held)
        if known.any():
            above.plot(step[known], held[known], "o", ms=4, color=COLOURS["random"], label="held-out draws")
            above.legend(loc="upper right")
        above.set_ylabel("loss")
        _smooth(below, step, columns["success"] * 100, COLOURS["patch"])
        below.set(ylabel="success, %", xlabel="step", ylim=(-3, 103))
        return _svg(figure, "loss and success over the steps of the attack")


def _smooth(axes: Axes, x: Points, y: Points, colour: str) -> None:
    """Every step faintly, and the mean of its surroundings."""
    axes.plot(x, y, color=colour, alpha=0.25, lw=1)
    window = max(1, len(y) // 25)
    counts = np.convolve(np.ones(len(y)), np.ones(window), "same")
    axes.plot(
        x, np.convolve(np.nan_to_num(y), np.ones(window), "same") / counts, color=colour, lw=2, label="in training"
    )
    axes.grid(axis="y", alpha=0.25, color=_TEXT, lw=0.5)


def _columns(path: Path) -> dict[str, Points]:
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        names = list(rows[0]) if rows else []
        return {name: np.array([float(row[name] or "nan") for row in rows]) for name in names}
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise BadInput(f"{path} is not a table of curves: {error}. Make the run again.") from error


def by_bin(conditions: Sequence[Mapping[str, Any]], score: str, label: str) -> str:
    """One score by distance or size: a point with its 95 % interval for each condition; empty when there are no bins.

    ``conditions`` are those of one victim in ``scores.json``. Bins in which nothing was tried are left out.
    """
    series = [c for c in conditions if any(s["name"] == score for b in c["bins"] for s in b["scores"])]
    if not series:
        return ""
    words = [b["words"] for b in series[0]["bins"]]
    with _figure(8, 3.1) as figure:
        axes = figure.subplots()
        tried = np.zeros(len(words), dtype=np.int64)
        for place, condition in enumerate(series):
            offset = (place - (len(series) - 1) / 2) * 0.18
            found = [next((s for s in b["scores"] if s["name"] == score), None) for b in condition["bins"]]
            tried = np.maximum(tried, [s["n"] if s else 0 for s in found])
            _points(axes, found, offset, condition["condition"])
        axes.set_xticks(range(len(words)), [f"{w}\nn = {n}" for w, n in zip(words, tried, strict=True)])
        axes.set(ylim=(-4, 104), xlim=(-0.6, len(words) - 0.4), ylabel=label)
        axes.grid(axis="y", alpha=0.25, color=_TEXT, lw=0.5)
        figure.legend(loc="outside upper right", ncols=len(series))
        return _svg(figure, f"{label} by {'distance' if words[0].endswith(' m') else 'height on the image'}")


def _points(axes: Axes, found: Sequence[Mapping[str, Any] | None], offset: float, condition: str) -> None:
    known = [(place, s) for place, s in enumerate(found) if s is not None and s["value"] is not None]
    x = np.array([place + offset for place, _ in known])
    value, low, high = (np.array([100 * s[key] for _, s in known]) for key in ("value", "low", "high"))
    axes.errorbar(
        x, value, [(value - low).clip(0), (high - value).clip(0)], fmt=MARKERS.get(condition, "o"), ms=7, capsize=3,
        lw=1.5, color=COLOURS.get(condition, "#8a8f98"), label=condition,
    )  # fmt: skip
