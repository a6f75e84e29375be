"""Points with 95 % intervals: one score in several groups (bins, errors, victims, runs), one mark an arm."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from physadv.library.report.plain_words import amount
from physadv.library.report.plots.figure import (
    SCORE_COLUMNS,
    Cell,
    Plot,
    Score,
    axis,
    error_bars,
    factor,
    measured,
    percent_axis,
    score_axis,
    score_cells,
    styles,
)
from physadv.library.report.shares import in_percent

Series = Mapping[str, Sequence[Score | None]]  # arm → one score a group
SPREAD = 0.56  # of the room between two groups


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups along the horizontal axis."""

    by: str  # "distance"
    words: Sequence[str]  # "5–10 m"
    counted: bool = True  # n is that of the group, whatever the arm; else it stands at the arm
    shared_out: bool = False  # every object is in one group alone: an arm's n is the sum over its groups


def points(title: str, score: str, groups: Groups, series: Series, *, minimum_n: int, top: float = 100.0) -> Plot:
    """``score`` is what is shown (success, recall, …); arms without a single number are left out.

    Points with fewer than ``minimum_n`` objects are hollow and faint.
    """
    kept = {name: found for name, found in series.items() if any(measured(s) for s in found)}
    looks, traces = styles(list(series)), []
    for place, (name, found) in enumerate(kept.items()):
        offset = (place - (len(kept) - 1) / 2) * SPREAD / max(len(kept), 3)
        at = [(x + offset, group, s) for x, (group, s) in enumerate(zip(groups.words, found, strict=True)) if s]
        at = [(x, group, s) for x, group, s in at if measured(s)]
        times, scores = factor(score), [s for _, _, s in at]
        few = [s["n"] < minimum_n for s in scores]
        n = (sum if groups.shared_out else max)(s["n"] for s in scores)
        named = name if groups.counted else f"{name} (n = {n})"
        traces.append({
            "type": "scatter", "mode": "markers", "name": named, "x": [x for x, _, _ in at],
            "y": [s["value"] * times for s in scores], "error_y": error_bars(scores, times),
            "marker": {
                "color": looks[name].colour, "size": 10, "line": {"width": 2, "color": looks[name].colour},
                "symbol": [looks[name].symbol + ("-open" if f else "") for f in few],
            },
            "text": [hover(name, group, score, s, minimum_n) for _, group, s in at], "hoverinfo": "text",
        })  # fmt: skip
    counts = [max((s["n"] for found in kept.values() if (s := found[i])), default=0) for i in range(len(groups.words))]
    wrapped = [in_lines(word) + [f"n = {n}"] * groups.counted for word, n in zip(groups.words, counts, strict=True)]
    ticks = ["<br>".join(map(safe, lines)) for lines in wrapped]
    room = max([62, 16 * len(kept), *(int(7.6 * len(line)) for lines in wrapped for line in lines)])
    rows = [[group, name, *score_cells(s)] for name, found in kept.items()
            for group, s in zip(groups.words, found, strict=True)]  # fmt: skip
    x = axis("", {"tickvals": list(range(len(ticks))), "ticktext": ticks, "range": [-0.6, len(ticks) - 0.4],
                  "showgrid": False, "tickangle": 0})  # fmt: skip
    y = score_axis(score, top)
    tall = max((len(lines) for lines in wrapped), default=1)
    return Plot(
        title=title, says=f"{score} by {groups.by}, for {', '.join(kept)}; the table below has the numbers.",
        traces=traces, layout={"xaxis": x, "yaxis": y, "showlegend": True},
        columns=(groups.by, "condition", *SCORE_COLUMNS), rows=rows,
        height_px=270 + 14 * tall, min_width_px=70 + room * len(ticks),
    )  # fmt: skip


def hover(arm: str, group: str, name: str, score: Score, minimum_n: int) -> str:
    """The text that appears on pointing at a mark."""
    few = "<br><i>few: read the interval, not the value</i>" if score["n"] < minimum_n else ""
    value = amount(score, percent=in_percent(name))
    return f"<b>{safe(arm)}</b>, {safe(group)}<br>{name} {value}<br>n = {score['n']}{few}"


def safe(text: str) -> str:
    """Plotly reads a little HTML in its labels; names are not HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


def in_lines(text: str, width: int = 13) -> list[str]:
    """Long names over several lines, so that groups stay side by side; they break after slashes and dashes, too."""
    lines = [""]
    pieces = (piece for word in re.split(r"(?<=[ /_-])", text) for piece in re.findall(f".{{1,{width + 5}}}", word))
    for word in pieces:
        if lines[-1] and len(lines[-1] + word.strip()) > width:
            lines.append(word)
        else:
            lines[-1] += word
    return [line.strip() for line in lines]


def one_bar_an_arm(title: str, score: str, found: Mapping[str, Score], *, minimum_n: int) -> Plot:
    """Horizontal bars from 0 with their intervals, values written out."""
    names, times, looks = list(found), factor(score), styles(list(found))
    scores = [found[name] for name in names]
    bars = error_bars(scores, times)
    trace = {
        "type": "bar", "orientation": "h", "y": list(range(len(names))), "x": [s["value"] * times for s in scores],
        "error_x": bars, "width": 0.62,
        "marker": {"color": [looks[n].colour for n in names],
                   "opacity": [0.45 if s["n"] < minimum_n else 0.85 for s in scores]},
        "text": [hover(n, "all", score, s, minimum_n) for n, s in zip(names, scores, strict=True)],
        "hoverinfo": "text", "textposition": "none",
    }  # fmt: skip
    labels = [f"<b>{safe(n)}</b><br>{amount(s, percent=in_percent(score))}" for n, s in zip(names, scores, strict=True)]
    rows: list[list[Cell]] = [[name, *score_cells(found[name])] for name in names]
    return Plot(
        title=title, says="; ".join(f"{n}: {amount(found[n], percent=in_percent(score))}" for n in names),
        traces=[trace],
        layout={
            "xaxis": percent_axis("") if in_percent(score) else axis(score),
            "yaxis": axis("", {"tickvals": list(range(len(names))), "ticktext": labels, "autorange": "reversed",
                               "showgrid": False}),
            "margin": {"l": 100, "r": 16, "t": 4, "b": 28}, "showlegend": False,
        },
        columns=("condition", *SCORE_COLUMNS), rows=rows, height_px=46 + 52 * len(names),
    )  # fmt: skip
