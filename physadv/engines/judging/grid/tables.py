"""From the cells of a grid to curves, maps and the range in which a patch works."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from physadv.core.types import Score
from physadv.engines.judging.grid.axes import AXES, Cell
from physadv.library.metrics.interval import MINIMUM_N
from physadv.library.metrics.usable_range import usable_range

Found = Mapping[Cell, Mapping[str, Any]]
_SCORES = ("success", "recall", "AP50")


def grid_tables(
    axes: Mapping[str, list[float]],
    pair: tuple[str, str] | None,
    found: Found,
    usable_from: float,
    notes: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """``grid.json``: every score along every axis, on the map, and where success is at least ``usable_from``.

    ``notes`` say about an axis what a reader must know.
    """
    rows = next(iter(found.values()))["rows"]
    pairs = [(row["victim"], row["condition"], row["role"]) for row in rows]
    curves = [
        {"axis": axis, "victim": victim, "condition": arm, "role": kind, "score": score, "at": values,
         "scores": [_score(found[(axis, v),], victim, arm, score) for v in values]}
        for axis, values in axes.items() for victim, arm, kind in pairs for score in _SCORES
    ]  # fmt: skip
    curves = [curve for curve in curves if any(curve["scores"])]
    return {
        "axes": [
            {
                "name": name,
                "words": AXES[name].words,
                "unit": AXES[name].unit,
                "values": values,
                "note": (notes or {}).get(name, ""),
            }
            for name, values in axes.items()
        ],
        "protocol": next(iter(found.values()))["protocol"] | {"minimum_n": MINIMUM_N},
        "curves": curves,
        "maps": _maps(axes, pair, found, pairs) if pair else [],
        "usable_from": usable_from,
        "usable": [_usable(curve, usable_from) for curve in curves if curve["score"] == "success"],
    }


def _maps(
    axes: Mapping[str, list[float]], pair: tuple[str, str], found: Found, pairs: list[tuple[str, str, str]]
) -> list[dict[str, Any]]:
    x, y = pair
    return [
        {"x": x, "y": y, "victim": victim, "condition": arm, "role": kind, "score": score,
         "cells": [[_score(found[(x, a), (y, b)], victim, arm, score) for a in axes[x]] for b in axes[y]]}
        for victim, arm, kind in pairs for score in ("success", "recall")
        if score == "recall" or arm != "clean"
    ]  # fmt: skip


def _score(cell: Mapping[str, Any], victim: str, arm: str, name: str) -> dict[str, Any] | None:
    for row in cell["rows"]:
        if (row["victim"], row["condition"]) == (victim, arm):
            return next((score for score in row["scores"] if score["name"] == name), None)
    return None


def _usable(curve: Mapping[str, Any], at_least: float) -> dict[str, Any]:
    """Where success is at least ``at_least``, and where the low end of its interval is."""
    axis = AXES[curve["axis"]]
    scores = [None if s is None or s["value"] is None else Score(**s) for s in curve["scores"]]
    found, by_low_end = (
        usable_range(curve["at"], scores, unit=axis.unit, at_least=at_least, conservative=careful)
        for careful in (False, True)
    )
    return {
        "victim": curve["victim"], "condition": curve["condition"], "role": curve["role"], "axis": curve["axis"],
        "score": curve["score"], "at_least": at_least, "low": found.low, "high": found.high, "words": found.words,
        "surely": by_low_end.words,
    }  # fmt: skip
