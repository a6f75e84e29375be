"""The waterfall from the screen to the street: what every stage takes of the success, with paired intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from physadv.library.report.plain_words import amount, difference
from physadv.library.report.plots.figure import SCORE_COLUMNS, Cell, Plot, axis, percent_axis, percent_top, styles
from physadv.library.report.stage_words import stage_line

_DOWN, _UP, _LEVEL = "#d55e00", "#009e73", "#8a8f98"
Row = Mapping[str, Any]  # one world of ``scores.json``'s stages


def waterfalls(ways: Sequence[Mapping[str, Any]]) -> list[Plot]:
    """One for every victim that saw something."""
    return [waterfall(way) for way in ways if way["added"][0]["success"]["patch"]["value"] is not None]


def waterfall(way: Mapping[str, Any]) -> Plot:
    """Bars from level to level, one a stage; the thin lines are intervals of the step, the marks are the grey patch."""
    rows: Sequence[Row] = way["added"]
    levels = [100 * row["success"]["patch"]["value"] for row in rows]
    words = [row["stage"] for row in rows]
    ends = [row["success"][arm] for row in rows for arm in ("patch", "grey")]
    grey = styles(["grey"])["grey"]
    traces: list[dict[str, Any]] = [
        {"type": "bar", "name": "patch, level", "x": [words[0], "street"], "y": [levels[0], levels[-1]],
         "marker": {"color": _LEVEL, "opacity": 0.6}, "text": [_hover(rows[0]), _hover(rows[-1])],
         "hoverinfo": "text", "textposition": "none"},
        {"type": "bar", "name": "patch, step", "x": words[1:], "base": levels[:-1],
         "y": [100 * row["change"]["patch"]["value"] for row in rows[1:]], "error_y": _bars(rows[1:]),
         "marker": {"color": [_DOWN if row["change"]["patch"]["value"] < 0 else _UP for row in rows[1:]],
                    "opacity": 0.85},
         "text": [_hover(row) for row in rows[1:]], "hoverinfo": "text", "textposition": "none"},
        {"type": "scatter", "mode": "lines+markers", "name": "grey", "x": words,
         "y": [100 * row["success"]["grey"]["value"] for row in rows], "hoverinfo": "skip",
         "line": {"color": grey.colour, "width": 1, "dash": "dot"},
         "marker": {"color": grey.colour, "symbol": grey.symbol, "size": 8}},
    ]  # fmt: skip
    return Plot(
        title=f"from the screen to the street, {way['victim']}", says=stage_line(way), traces=traces,
        layout={"xaxis": axis("", {"categoryorder": "array", "categoryarray": [*words, "street"], "showgrid": False}),
                "yaxis": percent_axis("success", percent_top(ends)), "barmode": "overlay", "showlegend": True},
        columns=("worlds", "stage", "condition", *SCORE_COLUMNS, "change", "change from", "change to"),
        rows=[_cells(how, row, arm) for how in ("added", "left_out") for row in way[how] for arm in ("patch", "grey")],
        height_px=360, min_width_px=70 + 62 * (len(words) + 1),
    )  # fmt: skip


def _bars(rows: Sequence[Row]) -> dict[str, Any]:
    found = [row["change"]["patch"] for row in rows]
    up = [0.0 if one["high"] is None else 100 * (one["high"] - one["value"]) for one in found]
    down = [0.0 if one["low"] is None else 100 * (one["value"] - one["low"]) for one in found]
    return {"type": "data", "symmetric": False, "array": up, "arrayminus": down, "thickness": 1.5, "width": 3}


def _hover(row: Row) -> str:
    step = f"<br>step {difference(row['change']['patch'])}" if row["change"] else ""
    success = row["success"]
    return (
        f"<b>{row['stage']}</b>{step}<br>patch {amount(success['patch'], percent=True)}"
        f"<br>grey {amount(success['grey'], percent=True)}<br>n = {success['patch']['n']}"
    )


def _cells(how: str, row: Row, arm: str) -> list[Cell]:
    score, change = row["success"][arm], row["change"].get(arm, {})
    named = "with" if how == "added" else "without"
    return [
        named, row["stage"], arm, *(score[key] for key in SCORE_COLUMNS),
        *(change.get(key) for key in ("value", "low", "high")),
    ]  # fmt: skip
