"""The plots of ``drive.json``: every arm side by side, and measures over how hard an episode was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

from physadv.library.report.drive_words import told, words_of
from physadv.library.report.plots.figure import SCORE_COLUMNS, Cell, Plot, axis, error_bars, percent_axis, score_cells

COLOURS = ("#d55e00", "#cc79a7", "#7f6fd6", "#b59400", "#a0522d", "#4f8f2f")
SYMBOLS = ("circle", "star", "diamond", "hexagon", "pentagon", "cross")
OTHERS = {"clean": ("#009e73", "diamond"), "grey": ("#8a8f98", "square"), "random": ("#3d9bd6", "triangle-up")}
UNITS = {"speed_m_s": "speed at the begin, m/s", "distance_m": "distance at the begin, m", "light": "light"}


def measure_by_arm(rows: Sequence[Mapping[str, Any]], place: int) -> Plot | None:
    """One measure under each arm of one policy in one world."""
    found = [(row, row["scores"][place]) for row in rows if row["scores"][place]["value"] is not None]
    if len(found) < 2:
        return None
    scores = [score for _, score in found]
    name, share = scores[0]["name"], scores[0]["share"]
    times = 100.0 if share else 1.0
    looks = [look_of(row, number) for number, (row, _) in enumerate(found)]
    names = [words_of(row) for row, _ in found]
    trace = {
        "type": "scatter", "mode": "markers", "x": [times * score["value"] for score in scores], "y": names,
        "error_x": error_bars(scores, times), "marker": {"color": [c for c, _ in looks], "size": 10,
                                                         "symbol": [s for _, s in looks]},
        "text": [f"{words}: {told(score)}" for words, score in zip(names, scores, strict=True)], "hoverinfo": "text",
    }  # fmt: skip
    across = percent_axis(name) if share else axis(name, {"rangemode": "tozero"})
    return Plot(
        title=f"{name} by arm", says=f"The mean {name} of the episodes under each attack and control.",
        traces=[trace],
        layout={"xaxis": across, "yaxis": axis("", {"autorange": "reversed", "showgrid": True}), "showlegend": False},
        columns=("arm", *SCORE_COLUMNS), rows=[[n, *score_cells(s)] for n, s in zip(names, scores, strict=True)],
        height_px=110 + 34 * len(found), min_width_px=560,
    )  # fmt: skip


def over_condition(
    curves: Sequence[Mapping[str, Any]], rows: Mapping[str, Mapping[str, Any]], condition: str, measure: str
) -> Plot | None:
    """One measure over one condition, a line an arm. ``rows`` are by key, of the same policy and world."""
    own = [one for one in curves if one["condition"] == condition and one["measure"] == measure]
    if not own:
        return None
    share = own[0]["share"]
    times, traces, table = 100.0 if share else 1.0, [], list[list[Cell]]()
    for number, curve in enumerate(own):
        row, points = rows[curve["arm"]], curve["points"]
        colour, symbol = look_of(row, number)
        traces.append({
            "type": "scatter", "mode": "lines+markers", "name": words_of(row), "x": [p["at"] for p in points],
            "y": [times * p["value"] for p in points], "error_y": error_bars(points, times),
            "line": {"color": colour, "width": 2, "dash": "dot" if row["role"] == "control" else "solid"},
            "marker": {"color": colour, "size": 8, "symbol": symbol},
        })  # fmt: skip
        table += [[words_of(row), p["from"], p["to"], p["value"], p["low"], p["high"], p["n"]] for p in points]
    upright = percent_axis(measure) if share else axis(measure, {"rangemode": "tozero"})
    return Plot(
        title=f"{measure} over {condition}", says=f"The mean {measure} of episodes that began with such a {condition}.",
        traces=traces,
        layout={"xaxis": axis(UNITS.get(condition, condition), {"showgrid": False}), "yaxis": upright,
                "showlegend": True},
        columns=("arm", "from", "to", *SCORE_COLUMNS), rows=table, height_px=400,
    )  # fmt: skip


def look_of(row: Mapping[str, Any], number: int) -> tuple[str, str]:
    """Colour and symbol of an arm."""
    for name, look in OTHERS.items():
        if row["role"] == name or (row["role"] == "control" and row["name"].startswith(name)):
            return look
    own = cycle(zip(COLOURS, SYMBOLS, strict=True))
    return [next(own) for _ in range(number + 1)][-1]
