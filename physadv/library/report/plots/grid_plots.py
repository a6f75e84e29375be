"""The plots of ``grid.json``: how far the effect carries along each condition, and maps over two of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from physadv.core.errors import BadInput
from physadv.library.report.arms import control_names
from physadv.library.report.plots.figure import (
    SCORE_COLUMNS,
    Cell,
    Plot,
    axis,
    error_bars,
    factor,
    measured,
    score_axis,
    score_cells,
    styles,
)
from physadv.library.report.plots.heat_map import Side, heat
from physadv.library.report.plots.intervals import hover

Grid = Mapping[str, Any]
SPREAD = 0.008  # of the axis: lines of equal values stand side by side


def curves(grid: Grid, minimum_n: int) -> dict[str, list[Plot]]:
    """Score → one plot for every axis and victim, one line an arm; success comes first."""
    wanted = dict.fromkeys((c["axis"], c["victim"], c["score"]) for c in grid.get("curves", ()))
    order = [a["name"] for a in grid.get("axes", ())]
    ranked = sorted(wanted, key=lambda key: (key[2] != "success", order.index(key[0]) if key[0] in order else -1))
    found: dict[str, list[Plot]] = {}
    for along, victim, score in ranked:
        lines = [c for c in grid["curves"] if (c["axis"], c["victim"], c["score"]) == (along, victim, score)]
        if any(measured(s) for line in lines for s in line["scores"]):
            found.setdefault(score, []).append(_curve(_axis(grid, along), victim, score, lines, minimum_n))
    return found


def maps(grid: Grid, minimum_n: int) -> list[Plot]:
    """One heat map for every pair of axes, victim, arm and score; success of patches comes first."""
    controls = control_names(grid)
    ranked = sorted(grid.get("maps", ()), key=lambda one: (one["score"] != "success", one["condition"] in controls))
    return [_map(grid, one, minimum_n) for one in ranked]


def usable(grid: Grid) -> list[dict[str, Any]]:
    """The usable ranges, with their axes in words; those of patches come first, then those that are somewhere."""
    controls = control_names(grid)
    rows = [{"surely": "", **row, "along": _axis(grid, row["axis"])["words"]} for row in grid.get("usable", ())]
    return sorted(rows, key=lambda row: (row["condition"] in controls, row.get("low") is None))


def _axis(grid: Grid, name: str) -> Mapping[str, Any]:
    known: Sequence[Mapping[str, Any]] = grid.get("axes", ())
    for one in known:
        if one["name"] == name:
            return one
    raise BadInput(f"grid.json speaks of an axis {name!r}, but lists {[a['name'] for a in known]}. Make it again.")


def _titled(along: Mapping[str, Any]) -> str:
    return f"{along['words']}, {along['unit']}" if along.get("unit") else str(along["words"])


def _curve(
    along: Mapping[str, Any], victim: str, score: str, lines: Sequence[Mapping[str, Any]], minimum_n: int
) -> Plot:
    looks, times = styles([line["condition"] for line in lines]), factor(score)
    numeric = all(isinstance(v, int | float) for line in lines for v in line["at"])
    span = max(values) - min(values) if numeric and (values := [v for line in lines for v in line["at"]]) else 0
    traces, rows = [], list[list[Cell]]()
    for place, line in enumerate(lines):
        aside = SPREAD * span * (place - (len(lines) - 1) / 2)
        look = looks[line["condition"]]
        known = [(at, s) for at, s in zip(line["at"], line["scores"], strict=True) if measured(s)]
        scores = [s for _, s in known]
        unit = along.get("unit", "")
        traces.append({
            "type": "scatter", "mode": "lines+markers", "name": line["condition"],
            "x": [at + aside if numeric else str(at) for at, _ in known], "y": [s["value"] * times for s in scores],
            "error_y": error_bars(scores, times), "line": {"color": look.colour, "width": 2},
            "marker": {"color": look.colour, "size": 9, "line": {"width": 2, "color": look.colour},
                       "symbol": [look.symbol + ("-open" if s["n"] < minimum_n else "") for s in scores]},
            "text": [hover(line["condition"], f"{at} {unit}", score, s, minimum_n) for at, s in known],
            "hoverinfo": "text",
        })  # fmt: skip
        rows += [[at, line["condition"], *score_cells(s)] for at, s in zip(line["at"], line["scores"], strict=True)]
    return Plot(
        title=f"{score} by {along['words']}, {victim}",
        says=f"{score} against {victim} along {along['words']}; the table below has the numbers.",
        traces=traces,
        layout={
            "xaxis": axis(_titled(along), {"showgrid": False} if numeric else {"type": "category", "showgrid": False}),
            "yaxis": score_axis(score),
            "showlegend": True,
        },
        columns=(_titled(along), "condition", *SCORE_COLUMNS), rows=rows,
    )  # fmt: skip


def _map(grid: Grid, one: Mapping[str, Any], minimum_n: int) -> Plot:
    x, y = _axis(grid, one["x"]), _axis(grid, one["y"])
    return heat(
        f"{one['score']} by {x['words']} and {y['words']}, {one['victim']}, {one['condition']}", one["score"],
        Side(_titled(x), [_number(v) for v in x["values"]]), Side(_titled(y), [_number(v) for v in y["values"]]),
        one["cells"], minimum_n=minimum_n,
    )  # fmt: skip


def _number(value: float | str) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)
