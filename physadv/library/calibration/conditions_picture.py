"""One picture of a calibration of conditions: ranges before and after over what was seen, and success."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from physadv.library.calibration.conditions import BoardFrame

BEFORE, AFTER, MEASURED = "#9aa5b1", "#d55e00", "#0072b2"
_WORDS = {"before": "predicted,\nold preset", "places": "predicted,\nfilmed places", "after": "predicted,\nnew preset"}


def conditions_picture(frames: Sequence[BoardFrame], content: Mapping[str, Any]) -> bytes:
    """A PNG: ranges before and after, places of the print, success measured and predicted."""
    figure = Figure(figsize=(12, 6.4), dpi=100, layout="constrained")
    figure.suptitle(f"{content['frames']} frames with a pose: {content['parent']} (grey) and what was seen (orange)")
    left, middle, right = figure.subplots(1, 3, width_ratios=(1.5, 1, 1))
    _ranges(left, content["options"])
    _places(middle, frames)
    _success(right, content)
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()


def _ranges(axes: Axes, options: Sequence[Mapping[str, Any]]) -> None:
    """Each option's ranges as a share of the wider of the two: the numbers stand beside."""
    for row, option in enumerate(options):
        before, after = option["before"] or option["after"], option["after"]
        lowest, highest = min(before[0], after[0]), max(before[1], after[1])
        span = max(highest - lowest, 1e-12)
        for (low, high), colour, lift in ((before, BEFORE, 0.16), (after, AFTER, -0.16)):
            ends = [(low - lowest) / span, (high - lowest) / span]
            axes.plot(ends, [row + lift] * 2, color=colour, linewidth=7, solid_capstyle="butt", marker="|")
        text = f"{before[0]:.3g} … {before[1]:.3g}  →  {after[0]:.3g} … {after[1]:.3g}"
        axes.text(0, row - 0.42, text, fontsize=8, va="center", color="#444444")
    axes.set_yticks(range(len(options)), [option["key"].removeprefix("eot.") for option in options], fontsize=8)
    axes.set_xticks([])
    axes.set_ylim(-0.7, len(options) - 0.5)
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)


def _places(axes: Axes, frames: Sequence[BoardFrame]) -> None:
    axes.plot([f.yaw_deg for f in frames], [f.distance_m for f in frames], ".", color=MEASURED, markersize=4, alpha=0.6)
    axes.set_xlabel("yaw, °")
    axes.set_ylabel("distance, m")
    axes.set_ylim(bottom=0)
    axes.set_title("where the print was seen", fontsize=10)


def _success(axes: Axes, content: Mapping[str, Any]) -> None:
    rows = [
        (f"{_WORDS[words]}: {role}", score, AFTER)
        for role in content["measured"]
        for words, row in content["predicted"].items()
        if (score := row.get(role))
    ]
    rows += [(f"measured,\n{role}", row, MEASURED) for role, row in content["measured"].items()]
    for place, (_, score, colour) in enumerate(rows):
        value = score["value"]
        reach = np.array([[max(value - score["low"], 0.0)], [max(score["high"] - value, 0.0)]])
        axes.errorbar([value], [place], xerr=reach, fmt="o", color=colour, capsize=4)
        axes.text(value, place - 0.22, f"{value:.2f}", fontsize=9, ha="center")
    axes.set_yticks(range(len(rows)), [words for words, _, _ in rows], fontsize=8)
    axes.set_xlim(-0.06, 1.06)
    axes.set_ylim(max(len(rows), 1) - 0.5, -0.7)
    axes.set_title("success, 95 % intervals", fontsize=10)
