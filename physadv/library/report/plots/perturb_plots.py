"""The plots of ``perturb.json``: accuracy over the bound, success over queries, how large the changes are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np

from physadv.library.report.perturb_words import score_of, words_of
from physadv.library.report.plots.figure import SCORE_COLUMNS, Cell, Plot, axis, error_bars, percent_axis, score_cells

Arm = Mapping[str, Any]
COLOURS = ("#d55e00", "#3d9bd6", "#cc79a7", "#b59400", "#7f6fd6", "#4f8f2f", "#a0522d", "#5f7f8f")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "star", "cross", "pentagon", "hexagon")
NOISE = "#8a8f98"
BINS = 24
FEW_TICKS = 10
LOG_TICKS = {"tickvals": [k * 10**d for d in range(7) for k in (1, 2, 5)], "ticks": "outside"}


def accuracy_over_eps(content: Mapping[str, Any], norm: str) -> Plot | None:
    """Robust accuracy over the bound, and under noise of the same size; from two bounds, or one smallest change.

    An attack that looks for the smallest change says for every bound at once who would withstand it.
    """
    arms = [arm for arm in content["arms"] if arm["norm"] == norm and arm["eps"] is not None]
    smallest = [arm for arm in content["arms"] if arm["norm"] == norm and len(arm["size_curve"]) > 1]
    if len({arm["eps"] for arm in arms}) < 2 and not smallest:
        return None
    clean = content["clean"][0]
    looks = zip(cycle(COLOURS), cycle(SYMBOLS), strict=False)
    traces, rows = [], list[list[Cell]]()
    for line, own in _lines(arms).items():
        traces.append(_eps_line(line, clean, own, "robust accuracy", *next(looks)))
        rows += [[arm["eps"], line, *score_cells(score_of(arm, "robust accuracy"))] for arm in own]
    for arm in smallest:
        steps, name = arm["size_curve"], words_of(arm)
        traces.append({
            "type": "scatter", "mode": "lines", "name": name, "x": [x for x, *_ in steps],
            "y": [100 * share for _, share, *_ in steps], "line": {"color": next(looks)[0], "width": 2, "shape": "hv"},
            "hovertemplate": "%{x:.3g}: %{y:.0f} %",
        })  # fmt: skip
        rows += [[x, name, share, low, high, clean["n"]] for x, share, low, high in steps]
    noisy = {arm["eps"]: arm for arm in sorted(arms, key=lambda arm: -(score_of(arm, "noise success")["value"] or 0))}
    if noise := [noisy[eps] for eps in sorted(noisy)]:
        traces.append(_eps_line("noise of that size", clean, noise, "noise accuracy", NOISE, "x"))
        rows += [[arm["eps"], "noise", *score_cells(score_of(arm, "noise accuracy"))] for arm in noise]
    return Plot(
        title=f"robust accuracy over the bound in {norm}",
        says="The share of all pictures that are still recognised, by the largest change that was allowed.",
        traces=traces,
        layout={"xaxis": axis(f"largest change, {norm}", {"showgrid": False, **_ticks(arms, free=bool(smallest))}),
                "yaxis": percent_axis("robust accuracy"), "showlegend": True},
        columns=("eps", "attack", *SCORE_COLUMNS), rows=rows, height_px=380,
    )  # fmt: skip


def success_over_queries(content: Mapping[str, Any]) -> Plot | None:
    """How many questions a picture cost, of each attack on the victim itself, with its largest bound."""
    latest = {(arm["line"], arm["norm"]): arm for arm in content["arms"]}.values()
    last = [arm for arm in latest if arm["query_curve"] and not arm["surrogate"]]
    if not last:
        return None
    traces, rows = [], list[list[Cell]]()
    for colour, arm in zip(cycle(COLOURS), last, strict=False):
        curve = arm["query_curve"]
        asked = max(arm["queries"]["max"], 1.15 * curve[-1][0])
        x = [0.9, *[q for q, *_ in curve], asked]
        y = [0.0, *[100 * share for _, share, *_ in curve], 100 * curve[-1][1]]
        traces.append({
            "type": "scatter", "mode": "lines", "name": words_of(arm), "x": x, "y": y,
            "line": {"color": colour, "width": 2, "shape": "hv"}, "hovertemplate": "%{x} questions: %{y:.0f} %",
        })  # fmt: skip
        rows += [[words_of(arm), int(q), share, low, high, len(arm["rows"])] for q, share, low, high in curve]
    return Plot(
        title="success over questions",
        says="The share of the attacked pictures that are fooled after so many questions to the victim.",
        traces=traces,
        layout={"xaxis": axis("questions a picture", {"type": "log", "showgrid": False, **LOG_TICKS}),
                "yaxis": percent_axis("success"), "showlegend": True},
        columns=("attack", "questions", *SCORE_COLUMNS), rows=rows, height_px=380,
    )  # fmt: skip


def sizes(content: Mapping[str, Any], norm: str) -> Plot | None:
    """Histogram of how large the changes are that fool, of attacks whose changes differ in size."""
    arms = [arm for arm in content["arms"] if arm["norm"] == norm]
    found = {words_of(arm): [row[norm] for row in arm["rows"] if row["success"]] for arm in arms}
    found = {name: values for name, values in found.items() if len(values) > 1 and np.ptp(values) > 1e-4 * max(values)}
    if not found:
        return None
    top = max(max(values) for values in found.values())
    edges = np.linspace(0, top, BINS + 1) if norm != "l0" else np.arange(0, top + 2, max(1, round(top / BINS))) - 0.5
    traces, rows = [], list[list[Cell]]()
    middles = ((edges[1:] + edges[:-1]) / 2).tolist()
    for colour, (name, values) in zip(cycle(COLOURS), found.items(), strict=False):
        counts = np.histogram(values, edges)[0].tolist()
        traces.append({
            "type": "scatter", "mode": "lines", "name": f"{name} (n = {len(values)})", "x": middles, "y": counts,
            "line": {"color": colour, "width": 2, "shape": "hvh"}, "fill": "tozeroy" if len(found) == 1 else "none",
            "hovertemplate": "around %{x:.3g}: %{y} pictures",
        })  # fmt: skip
        rows += [[name, low, high, count] for low, high, count in zip(edges.tolist(), edges[1:].tolist(), counts,
                                                                      strict=False)]  # fmt: skip
    return Plot(
        title=f"sizes of the changes that fool, {norm}",
        says="How many pictures needed a change of which size.", traces=traces,
        layout={"xaxis": axis(f"size of the change, {norm}", {"showgrid": False}), "showlegend": True,
                "yaxis": axis("pictures", {"rangemode": "tozero"})},
        columns=("attack", "from", "to", "pictures"), rows=rows,
    )  # fmt: skip


def norms_of(content: Mapping[str, Any]) -> list[str]:
    """Norms in which something was attacked."""
    return list(dict.fromkeys(arm["norm"] for arm in content["arms"]))


def _ticks(arms: Sequence[Arm], *, free: bool) -> dict[str, Any]:
    """The bounds as they were typed, where they are few and nothing lies between them."""
    told = {arm["eps"]: arm["told"] for arm in arms}
    if free or len(told) > FEW_TICKS:
        return {"rangemode": "tozero"}
    return {"tickvals": [0, *told], "ticktext": ["0", *told.values()], "range": [-0.03 * max(told), 1.04 * max(told)]}


def _lines(arms: Sequence[Arm]) -> dict[str, list[Arm]]:
    found: dict[str, list[Arm]] = {}
    for arm in sorted(arms, key=lambda one: one["eps"]):
        found.setdefault(arm["line"], []).append(arm)
    return found


def _eps_line(
    line: str, clean: Mapping[str, Any], arms: Sequence[Arm], score: str, colour: str, symbol: str
) -> dict[str, Any]:
    """From the clean accuracy at 0."""
    scores = [clean, *(score_of(arm, score) for arm in arms)]
    told = ["0", *(arm["told"] for arm in arms)]
    return {
        "type": "scatter", "mode": "lines+markers", "name": line, "x": [0.0, *(arm["eps"] for arm in arms)],
        "y": [100 * one["value"] for one in scores], "error_y": error_bars(scores, 100.0),
        "line": {"color": colour, "width": 2, "dash": "dot" if score == "noise accuracy" else "solid"},
        "marker": {"color": colour, "size": 8, "symbol": symbol},
        "text": [f"{line}, {size}: {100 * one['value']:.0f} % of {one['n']}" for size, one in
                 zip(told, scores, strict=True)],
        "hoverinfo": "text",
    }  # fmt: skip
