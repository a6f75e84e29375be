"""A grid in words: where the patch works, and its numbers on the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from physadv.library.report.arms import control_names

Grid = Mapping[str, Any]
_OTHERS = " The other {} conditions are in the table."


def reach(grid: Grid) -> str:
    """One sentence on where the first patch works, along the first axis; empty without any.

    The rest stands in the table: nine axes in a headline would be read by nobody.
    """
    rows = _first_patch(grid)
    if not rows:
        return ""
    axes = {a["name"]: a["words"] for a in grid.get("axes", ())}
    row, many = rows[0], len({u["axis"] for u in rows})
    begin = f"Against {row['victim']}, the {row['condition']}"
    share = f"{100 * row['at_least']:.0f} % {row['score']}"
    others = ["", " The other condition is in the table."][many - 1] if many < 3 else _OTHERS.format(many - 1)
    if all(u["low"] is None for u in rows):
        return f"{begin} reaches {share} nowhere on the grid."
    along = axes.get(row["axis"], row["axis"])
    if row["low"] is None:
        return f"{begin} reaches {share} at no {along} that was tested.{others}"
    return f"{begin} reaches {share} at this {along}: {row['words']}{_surely(row)}.{others}"


def in_numbers(grid: Grid) -> list[str]:
    """A line for every axis: success of the first patch and of the grey one at every value, and the usable range."""
    rows = _first_patch(grid)
    units = {a["name"]: a.get("unit", "") for a in grid.get("axes", ())}
    lines = []
    for row in rows:
        patch, grey = (_curve(grid, row, arm) for arm in (row["condition"], "grey"))
        if patch is None:
            continue
        numbers = ", ".join(
            f"{at:g}: {_percent(score)}" + (f" ({_percent(other)})" if grey else "")
            for at, score, other in zip(patch["at"], patch["scores"], (grey or patch)["scores"], strict=True)
        )
        unit = f" [{units[row['axis']]}]" if units.get(row["axis"]) else ""
        lines.append(
            f"{row['axis']}{unit}  {numbers} · at least {100 * row['at_least']:.0f} %: {row['words']}{_surely(row)}"
        )
    if not lines:
        return []
    grey_too = " (a grey one in brackets)" if any(_curve(grid, row, "grey") for row in rows) else ""
    return [f"{rows[0]['score']} of the {rows[0]['condition']} against {rows[0]['victim']}{grey_too}:", *lines]


def _first_patch(grid: Grid) -> list[Mapping[str, Any]]:
    """The usable ranges of the first patch against the first victim, in the order of the axes."""
    rows = [u for u in grid.get("usable", ()) if u["condition"] not in control_names(grid)]
    if not rows:
        return []
    first = tuple(rows[0][key] for key in ("victim", "condition", "score"))
    return [u for u in rows if (u["victim"], u["condition"], u["score"]) == first]


def _curve(grid: Grid, row: Mapping[str, Any], arm: str) -> Mapping[str, Any] | None:
    wanted = (row["axis"], row["victim"], row["score"], arm)
    curves: Sequence[Mapping[str, Any]] = grid.get("curves", ())
    return next((c for c in curves if (c["axis"], c["victim"], c["score"], c["condition"]) == wanted), None)


def _surely(row: Mapping[str, Any]) -> str:
    """The range by the low end of the interval; grids of earlier versions have none."""
    surely = row.get("surely")
    return f"; by the interval's low end: {surely}" if surely else ""


def _percent(score: Mapping[str, Any] | None) -> str:
    return "–" if not score or score["value"] is None else f"{100 * score['value']:.0f} %"
