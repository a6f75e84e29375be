"""Heat maps of scores: value, interval and n in every cell; cells with few objects are grey."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from physadv.library.report.plain_words import amount
from physadv.library.report.plots.figure import (
    SCORE_COLUMNS,
    Cell,
    Plot,
    Score,
    axis,
    factor,
    measured,
    score_cells,
)
from physadv.library.report.plots.intervals import in_lines, safe
from physadv.library.report.shares import in_percent

CELL_PX = (112, 62)  # width, height
_WEAK_TO_STRONG = [[0.0, "#fff5e6"], [0.35, "#fdc27a"], [0.7, "#e8731a"], [1.0, "#8c3202"]]
_FEW = "#c9ccd1"
Cells = Sequence[Sequence[Score | None]]


@dataclass(frozen=True, slots=True)
class Side:
    """One side of the map."""

    name: str  # "victim", "distance, m"
    words: Sequence[str]


def heat(
    title: str, score: str, x: Side, y: Side, cells: Cells, *, minimum_n: int, marked: Sequence[tuple[int, int]] = ()
) -> Plot:
    """One row of ``cells`` a value of ``y``, the first on top. ``marked`` are (column, row) with a frame.

    Darker is more attacked, whatever the score. Cells below ``minimum_n`` objects are grey, whatever their value.
    """
    flat = [s for row in cells for s in row if s is not None and measured(s)]
    safer = any(s.get("higher_is") == "safer" for s in flat)
    well_known: list[list[float | None]] = []
    few: list[list[float | None]] = []
    for row in cells:
        enough = [measured(s) and s is not None and s["n"] >= minimum_n for s in row]
        well_known.append([s["value"] * factor(score) if e and s else None for s, e in zip(row, enough, strict=True)])
        few.append([None if e or not measured(s) else 1.0 for s, e in zip(row, enough, strict=True)])
    words = [[_words(s, score) for s in row] for row in cells]
    hovers = [[_hover(s, score, x.words[i], y.words[j], minimum_n) for i, s in enumerate(row)]
              for j, row in enumerate(cells)]  # fmt: skip
    top = 100.0 if in_percent(score) else max([1.0, *(s["value"] for s in flat)])
    common = {"type": "heatmap", "texttemplate": "%{text}", "xgap": 2, "ygap": 2, "hovertext": hovers,
              "hoverinfo": "text", "hoverongaps": False, "showscale": False, "zmin": 0}  # fmt: skip
    traces = [
        {**common, "z": well_known, "zmax": top, "colorscale": _WEAK_TO_STRONG, "reversescale": safer,
         "text": _only(words, well_known), "textfont": {"size": 12}},
        {**common, "z": few, "zmax": 2, "colorscale": [[0, _FEW], [1, _FEW]],
         "text": _only(words, few), "textfont": {"size": 12, "color": "#3a3f47"}},
    ]  # fmt: skip
    frames = [{"type": "rect", "x0": i - 0.47, "x1": i + 0.47, "y0": j - 0.45, "y1": j + 0.45, "name": "own",
               "line": {"width": 3, "color": "#0072b2"}} for i, j in marked]  # fmt: skip
    rows: list[list[Cell]] = [[y.words[j], x.words[i], *score_cells(s)] for j, row in enumerate(cells)
                              for i, s in enumerate(row)]  # fmt: skip
    return Plot(
        title=title,
        says=f"{score} for each {y.name} (rows) and {x.name} (columns); the table below has the numbers.",
        traces=traces,
        layout={
            "xaxis": axis(x.name, _ticks(x.words, 14)),
            "yaxis": axis(y.name, {**_ticks(y.words, 24), "range": [len(y.words) - 0.5, -0.5]}),
            "shapes": frames,
        },
        columns=(y.name, x.name, *SCORE_COLUMNS), rows=rows,
        height_px=80 + 16 * (_tallest(x.words, 14) - 1) + CELL_PX[1] * len(y.words),
        min_width_px=110 + 6 * max(len(line) for word in y.words for line in in_lines(word, 24))
        + CELL_PX[0] * len(x.words),
    )  # fmt: skip


def _only(words: Sequence[Sequence[str]], values: Sequence[Sequence[float | None]]) -> list[list[str]]:
    """Words only where the trace has a cell: two traces must not write over each other."""
    return [["" if v is None else w for w, v in zip(*pair, strict=True)] for pair in zip(words, values, strict=True)]


def _tallest(words: Sequence[str], width: int) -> int:
    return max(len(in_lines(word, width)) for word in words)


def _ticks(words: Sequence[str], width: int) -> dict[str, object]:
    lines = ["<br>".join(safe(line) for line in in_lines(word, width)) for word in words]
    return {
        "tickvals": list(range(len(words))), "ticktext": lines, "showgrid": False,
        "range": [-0.5, len(words) - 0.5], "tickangle": 0,
    }  # fmt: skip


def _words(score: Score | None, name: str) -> str:
    if score is None or not measured(score):
        return ""
    value, _, interval = amount(score, percent=in_percent(name)).partition(" [")
    return f"<b>{value}</b><br>[{interval}<br>n = {score['n']}"


def _hover(score: Score | None, name: str, x: str, y: str, minimum_n: int) -> str:
    if score is None or not measured(score):
        return f"{safe(y)} × {safe(x)}<br>not measured"
    few = "<br><i>few: read the interval, not the value</i>" if score["n"] < minimum_n else ""
    return f"{safe(y)} × {safe(x)}<br>{name} {amount(score, percent=in_percent(name))}<br>n = {score['n']}{few}"
