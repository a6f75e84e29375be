"""Plots of the table of defences: success by attack, over λ, against what clean pictures lose, and the time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from physadv.library.report.plain_words import amount
from physadv.library.report.plots.figure import (
    SCORE_COLUMNS,
    Cell,
    Plot,
    Score,
    axis,
    error_bars,
    measured,
    percent_axis,
    percent_top,
    score_cells,
    styles,
)
from physadv.library.report.plots.intervals import Groups, in_lines, points, safe

Row = Mapping[str, Any]  # of ``defenses.json``
_ATTACKS = ("grey", "random", "unaware", "adaptive", "black box")


def plots(victim: str, rows: Sequence[Row], minimum_n: int) -> list[Plot]:
    """All plots of one victim behind its defences that have something to show."""
    found = (
        _by_attack(victim, rows, minimum_n),
        _over_lambda(victim, rows, minimum_n),
        _trade(victim, rows),
        _times(victim, rows),
    )
    return [plot for plot in found if plot]


def _by_attack(victim: str, rows: Sequence[Row], minimum_n: int) -> Plot | None:
    """Success of every attack, a group a defence."""
    series = {attack: [_success(row, attack) for row in rows] for attack in _ATTACKS}
    found = [s for one in series.values() for s in one]
    if not any(map(measured, found)):
        return None
    groups = Groups("defense", [row["defense"] for row in rows], counted=False)
    return points(
        f"success against {victim} by attack", "success", groups, series, minimum_n=minimum_n, top=percent_top(found)
    )


def _over_lambda(victim: str, rows: Sequence[Row], minimum_n: int) -> Plot | None:
    """Adaptive success over the weight of staying unnoticed, the worst restart of each; an arm a defence."""
    tried = {row["defense"]: worst for row in rows if len(worst := _worst_by_weight(row)) > 1}
    if not tried:
        return None
    weights = sorted({weight for one in tried.values() for weight in one})
    series = {name: [one.get(weight) for weight in weights] for name, one in tried.items()}
    groups = Groups("weight", [f"λ = {weight:g}" for weight in weights], counted=False)
    top = percent_top(s for one in series.values() for s in one)
    return points(f"adaptive success against {victim} over λ", "success", groups, series, minimum_n=minimum_n, top=top)


def _worst_by_weight(row: Row) -> dict[float, Score]:
    worst: dict[float, Score] = {}
    for one in row["attempts"]:
        score = one["scores"].get("success")
        if one["attack"] == "adaptive" and one["evasion"] is not None and measured(score):
            before = worst.get(one["evasion"])
            worst[one["evasion"]] = score if before is None or score["value"] > before["value"] else before
    return worst


def _trade(victim: str, rows: Sequence[Row]) -> Plot | None:
    """What clean pictures lose against the success of the adaptive attack: the best one stands at the bottom left."""
    found = []
    for row in rows:
        cost = (row["clean_cost"] or {}).get("recall")
        success = _success(row, "adaptive")
        if row["defense"] == "none":
            cost = {"value": 0.0, "low": 0.0, "high": 0.0}
        if cost and measured(success) and success is not None:
            found.append((row["defense"], cost, success))
    if len(found) < 2:
        return None
    looks, traces = styles([name for name, *_ in found]), []
    for name, cost, success in found:
        x_bars, y_bars = (error_bars([one], 100.0) for one in (cost, success))
        traces.append({
            "type": "scatter", "mode": "markers", "name": name, "x": [100 * cost["value"]],
            "y": [100 * success["value"]], "error_x": x_bars, "error_y": y_bars,
            "marker": {"color": looks[name].colour, "size": 10, "symbol": looks[name].symbol},
            "text": [f"<b>{safe(name)}</b><br>{_lost(cost)} of recall lost<br>success {amount(success)}"],
            "hoverinfo": "text",
        })  # fmt: skip
    rows_shown: list[list[Cell]] = [
        [name, *(cost[end] for end in ("value", "low", "high")), *score_cells(success)] for name, cost, success in found
    ]
    return Plot(
        title=f"adaptive success against {victim} and clean recall that is lost",
        says="; ".join(f"{name}: {amount(success)} for {_lost(cost)}" for name, cost, success in found),
        traces=traces,
        layout={
            "xaxis": axis("points of clean recall that are lost"),
            "yaxis": percent_axis("adaptive success", percent_top(success for *_, success in found)),
            "showlegend": True,
        },
        columns=("defense", "recall lost", "lost: low", "lost: high", *SCORE_COLUMNS), rows=rows_shown, height_px=380,
    )  # fmt: skip


def _times(victim: str, rows: Sequence[Row]) -> Plot | None:
    """Time of a picture against the bare victim's."""
    timed = [row for row in rows if row["latency_ratio"] is not None]
    if len(timed) < 2:
        return None
    names = [row["defense"] for row in timed]
    labels = [f"<b>{'<br>'.join(map(safe, in_lines(name, 22)))}</b>" for name in names]
    says = [f"{row['defense']}: × {row['latency_ratio']:.2f}, {row['latency_ms']:.3g} ms" for row in timed]
    trace = {
        "type": "bar", "orientation": "h", "y": list(range(len(timed))), "x": [row["latency_ratio"] for row in timed],
        "width": 0.62, "marker": {"color": "#3d9bd6", "opacity": 0.85}, "text": [safe(one) for one in says],
        "hoverinfo": "text", "textposition": "none",
    }  # fmt: skip
    return Plot(
        title=f"time of a picture, against {victim} alone", says="; ".join(says), traces=[trace],
        layout={
            "xaxis": axis("times the bare victim's", {"rangemode": "tozero"}),
            "yaxis": axis("", {"tickvals": list(range(len(timed))), "ticktext": labels, "autorange": "reversed",
                               "showgrid": False}),
            "showlegend": False,
        },
        columns=("defense", "times", "ms"),
        rows=[[row["defense"], row["latency_ratio"], row["latency_ms"]] for row in timed],
        height_px=70 + 30 * len(timed),
    )  # fmt: skip


def _lost(cost: Row) -> str:
    return f"{100 * cost['value']:.1f} points"


def _success(row: Row, attack: str) -> Score | None:
    cell = row["cells"][attack]
    return cell["scores"].get("success") if cell else None
