"""Results over how hard an episode was from its begin: speed, distance, light, as the world tells them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from physadv.core.worlds import TellsConditions, World
from physadv.engines.driving.table import Row, interval
from physadv.library.metrics.interval import wilson

BINS = 4
MINIMUM_N = 8  # episodes a bin


def conditions_of(world: World, seeds: Sequence[int]) -> dict[str, list[float]]:
    """Name → one value a seed; nothing where the world tells none."""
    if not isinstance(world, TellsConditions):
        return {}
    told = world.conditions(world.reset(torch.tensor(seeds, dtype=torch.int64)))
    return {name: values.tolist() for name, values in told.items()}


def curves_of(rows: Sequence[Row], conditions: Mapping[str, Mapping[str, Sequence[float]]], seeds: Sequence[int]
              ) -> list[dict[str, Any]]:  # fmt: skip
    """For each row, condition and measure the means in bins that hold as many episodes each.

    ``conditions`` are by world.
    """
    place = {seed: index for index, seed in enumerate(seeds)}
    made = []
    for row in rows:
        for condition, values in conditions.get(row["world"], {}).items():
            edges = _edges(values)
            if edges is None:
                continue
            of_episode = np.array([values[place[one["seed"]]] for one in row["episodes"]])
            for score in row["scores"]:
                points = _points(row, score, of_episode, edges)
                if points:
                    made.append({
                        "policy": row["policy"], "world": row["world"], "arm": row["key"], "condition": condition,
                        "measure": score["name"], "share": score["share"], "points": points,
                    })  # fmt: skip
    return made


def _edges(values: Sequence[float]) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    """Quantiles; ``None`` where there are too few episodes, or all are alike."""
    known = np.array([value for value in values if math.isfinite(value)])
    bins = min(BINS, len(known) // MINIMUM_N)
    if bins < 2:
        return None
    edges = np.unique(np.quantile(known, np.linspace(0, 1, bins + 1)))
    return edges if len(edges) > 2 else None


def _points(
    row: Row, score: Mapping[str, Any], of_episode: np.ndarray[Any, Any], edges: np.ndarray[Any, Any]
) -> list[dict[str, float]]:
    measured = np.array([one[score["name"]] for one in row["episodes"]], dtype=np.float64)
    which = np.clip(np.searchsorted(edges, of_episode, side="right") - 1, 0, len(edges) - 2)
    points = []
    for at in range(len(edges) - 1):
        inside = (which == at) & np.isfinite(measured) & np.isfinite(of_episode)
        if not inside.any():
            continue
        values = measured[inside]
        low, high = wilson(values.sum(), len(values)) if score["share"] else interval(values)
        points.append({
            "from": float(edges[at]), "to": float(edges[at + 1]), "at": float(of_episode[inside].mean()),
            "value": float(values.mean()), "low": low, "high": high, "n": len(values),
        })  # fmt: skip
    return points
