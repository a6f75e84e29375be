"""From episodes to numbers: every measure of every arm, with n and a 95 % interval, and its difference to no attack.

The same seeds are driven under every arm, so differences are taken episode by episode: their interval is Student's t
of the paired differences. Shares have Wilson's interval. Below :data:`MINIMUM_SEEDS` episodes no interval is quoted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from physadv.core.worlds import Episode, EpisodeMeasure, MeasuresDriving
from physadv.engines.driving.arms import CLEAN
from physadv.engines.driving.run import DrivenArm
from physadv.library.metrics.interval import student_95, wilson
from physadv.library.metrics.tables import F64

MINIMUM_SEEDS = 20

Row = dict[str, Any]


def rows_of(driven: Sequence[DrivenArm]) -> list[Row]:
    """One a cell, in order."""
    clean = {(arm.world.name, arm.driver.policy.name): arm for arm in driven if arm.plan.role == CLEAN}
    return [_row(arm, clean[arm.world.name, arm.driver.policy.name]) for arm in driven]


def _row(arm: DrivenArm, clean: DrivenArm) -> Row:
    plan, policy = arm.plan, arm.driver.policy
    measures = arm.world.measures + (policy.measures if isinstance(policy, MeasuresDriving) else ())
    steps = sum(one.steps for one in arm.episodes)
    return {
        "policy": arm.driver.policy.name, "world": arm.world.name,
        **{name: getattr(plan, name) for name in ("key", "name", "role", "means", "told", "threat", "source", "of",
                                                  "timed")},
        "scores": [score(measure, arm.episodes) for measure in measures],
        "differences": [] if arm is clean else [difference(measure, arm.episodes, clean.episodes)
                                                for measure in measures],
        "attacked": sum(one.attacked for one in arm.episodes) / max(steps, 1), "steps": steps,
        "asked": arm.facts.get("asked", 0.0), "size": arm.facts.get("size"), "seconds": arm.seconds,
        "episodes": [{"seed": one.seed, "steps": one.steps, "attacked": one.attacked, **one.measures}
                     for one in arm.episodes],
    }  # fmt: skip


def score(measure: EpisodeMeasure, episodes: Sequence[Episode]) -> Row:
    """The mean over the episodes that could be measured."""
    values = _values(measure, episodes)
    n = len(values)
    if measure.share:
        low, high = wilson(float(values.sum()), n)
    else:
        low, high = interval(values)
    quoted = n >= MINIMUM_SEEDS
    return {
        "name": measure.name, "value": float(values.mean()) if n else None, "low": low if quoted else None,
        "high": high if quoted else None, "n": n, "higher_is": _better(measure), "share": measure.share,
    }  # fmt: skip


def difference(measure: EpisodeMeasure, episodes: Sequence[Episode], clean: Sequence[Episode]) -> Row:
    """The mean of the paired differences to the same episodes without an attack."""
    before = {one.seed: one.measures[measure.name] for one in clean}
    pairs = [one.measures[measure.name] - before[one.seed] for one in episodes if one.seed in before]
    values = np.asarray([value for value in pairs if math.isfinite(value)], dtype=np.float64)
    low, high = interval(values)
    quoted = len(values) >= MINIMUM_SEEDS
    return {
        "name": measure.name, "value": float(values.mean()) if len(values) else None, "low": low if quoted else None,
        "high": high if quoted else None, "n": len(values), "higher_is": _better(measure),
    }  # fmt: skip


def interval(values: F64) -> tuple[float, float]:
    """Student's t of the mean; NaN of fewer than two."""
    if len(values) < 2:
        return math.nan, math.nan
    mean, half = float(values.mean()), student_95(len(values) - 1) * float(values.std(ddof=1)) / math.sqrt(len(values))
    return mean - half, mean + half


def medians(rows: Sequence[Row]) -> list[Row]:
    """Over several trained policies: of each arm in each world the median of their means, and the ends.

    Huang, Zhang et al. (ATLA, arXiv:2101.08452) show why: agents that were trained alike differ, so the best says
    little.
    """
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row["threat"] != "transfer":
            found.setdefault((row["world"], row["key"]), []).append(row)
    return [
        {
            "world": world, "key": key, "name": same[0]["name"], "role": same[0]["role"], "told": same[0]["told"],
            "policies": len(same),
            "scores": [_median([row["scores"][place] for row in same]) for place in range(len(same[0]["scores"]))],
        }
        for (world, key), same in found.items() if len(same) > 1
    ]  # fmt: skip


def _median(scores: Sequence[Mapping[str, Any]]) -> Row:
    values = [one["value"] for one in scores if one["value"] is not None]
    name, higher = scores[0]["name"], scores[0]["higher_is"]
    if not values:
        return {"name": name, "value": None, "low": None, "high": None, "n": 0, "higher_is": higher}
    return {
        "name": name, "value": float(np.median(values)), "low": min(values), "high": max(values), "n": len(values),
        "higher_is": higher, "share": scores[0].get("share", False),
    }  # fmt: skip


def _values(measure: EpisodeMeasure, episodes: Sequence[Episode]) -> F64:
    found = [one.measures[measure.name] for one in episodes]
    return np.asarray([value for value in found if math.isfinite(value)], dtype=np.float64)


def _better(measure: EpisodeMeasure) -> str:
    return "safer" if measure.better == "more" else "more attacked"
