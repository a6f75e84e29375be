"""``summary.json``: success by distance and angle, printed and digital side by side, and how steadily it lasted."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from physadv.atomic import write_text
from physadv.metrics.interval import percentiles, resampled_means, resampled_weights, wilson
from physadv.pipelines.watch_tally import CONDITIONS, OVERLAY, PRINT, ROLES, Look, Row, Tally, bin_of, bin_words
from physadv.report.scores import plain
from physadv.seeding import generator

FILE = "summary.json"
FORMAT = 1
BLOCK_S = 1.0  # frames of one second are nearly one observation: they are drawn together
LEAST_BLOCKS = 5  # from fewer seconds no interval is given
RESAMPLES = 1000
FLAT = 0.8  # of the pose's ambiguity: the tilt may be mirrored

Json = dict[str, Any]
Where = Callable[[Row], bool]


def summary(tally: Tally, facts: Mapping[str, Any], *, minimum_n: int, seed: int) -> Json:
    """Everything that the page shows. ``facts`` come first, as they are."""
    rows = tally.rows
    words = {"distance": bin_words(tally.distance_edges_m, "m"), "yaw": bin_words(tally.yaw_edges_deg, "°")}
    used = {by: _used(tally, by) for by in words}
    victims = list(rows[0].looks) if rows else [tally.victim]
    return {
        "format": FORMAT, **facts, "minimum_n": minimum_n, "frames": len(rows),
        "posed": sum(row.distance_m is not None for row in rows),
        "ambiguous": sum((row.ambiguity or 0) > FLAT for row in rows),
        "dropped": sum(row.dropped for row in rows),
        "seconds": rows[-1].time_s - rows[0].time_s if rows else 0.0,
        "lag_s": _spread([row.lag_s for row in rows]),
        "distance_words": [words["distance"][k] for k in used["distance"]],
        "yaw_words": [words["yaw"][k] for k in used["yaw"]],
        "victims": [_victim(name, tally, used, seed) for name in victims],
        "intervals": "success: Wilson, 95 %, as if frames were independent, which neighbours are not: true intervals "
        f"are wider. Gap: bootstrap over blocks of {BLOCK_S:g} s of film, paired by frame",
    }  # fmt: skip


def write_summary(folder: Path, content: Mapping[str, Any]) -> Path:
    """Write ``summary.json``."""
    return write_text(folder / FILE, json.dumps(plain(dict(content)), indent=1, allow_nan=False, ensure_ascii=False))


def _used(tally: Tally, by: str) -> list[int]:
    """From the first bin with a frame to the last."""
    found = [k for row in tally.rows if (k := _place(tally, row, by)) is not None]
    return list(range(min(found), max(found) + 1)) if found else []


def _place(tally: Tally, row: Row, by: str) -> int | None:
    if by == "distance":
        return bin_of(row.distance_m, tally.distance_edges_m)
    return bin_of(row.yaw_deg, tally.yaw_edges_deg)


def _victim(name: str, tally: Tally, used: Mapping[str, Sequence[int]], seed: int) -> Json:
    rows = tally.rows
    at = {by: [_place(tally, row, by) for row in rows] for by in used}
    conditions = []
    for condition in CONDITIONS:
        looks = [_of_condition(row.looks[name], condition) for row in rows]
        if any(look and look.success is not None for look in looks):
            conditions.append({
                "condition": condition, "role": ROLES.get(condition, "control"),
                "success": _share(looks, [True] * len(rows)),
                "by_distance": [_share(looks, [d == k for d in at["distance"]]) for k in used["distance"]],
                "by_yaw": [_share(looks, [y == k for y in at["yaw"]]) for k in used["yaw"]],
                "cells": [[_share(looks, [d == k and y == j for d, y in zip(at["distance"], at["yaw"], strict=True)])
                           for k in used["distance"]] for j in used["yaw"]],
            })  # fmt: skip
    views = list(dict.fromkeys(view for row in rows for view in row.looks[name]))
    return {
        "name": name,
        "conditions": conditions,
        "gap": _gap(name, rows, at, used, seed),
        "steadiness": [{"view": view, **_steadiness(name, view, rows)} for view in views],
    }


def _of_condition(looks: Mapping[str, Look], condition: str) -> Look | None:
    return next((look for look in looks.values() if look.condition == condition), None)


def _share(looks: Sequence[Look | None], counts: Sequence[bool]) -> Json | None:
    done = [
        look.success for look, here in zip(looks, counts, strict=True) if here and look and look.success is not None
    ]
    if not done:
        return None
    low, high = wilson(sum(done), len(done))
    return {"name": "success", "value": sum(done) / len(done), "low": low, "high": high, "n": len(done),
            "higher_is": "more attacked"}  # fmt: skip


def _gap(
    name: str, rows: Sequence[Row], at: Mapping[str, Sequence[int | None]], used: Mapping[str, Sequence[int]], seed: int
) -> Json | None:
    """Success of the overlay minus success of the print on the very same frames."""
    pairs = []
    for number, row in enumerate(rows):
        printed, digital = (_of_condition(row.looks[name], c) for c in (PRINT, OVERLAY))
        if printed and digital and printed.success is not None and digital.success is not None:
            value = float(digital.success) - float(printed.success)
            pairs.append((row.time_s, at["distance"][number], at["yaw"][number], value))
    if not pairs:
        return None

    def among(distance: int | None = None, yaw: int | None = None) -> Json | None:
        kept = [p for p in pairs if distance in (None, p[1]) and yaw in (None, p[2])]
        return _difference([p[3] for p in kept], [p[0] for p in kept], seed)

    return {
        "all": among(),
        "by_distance": [among(distance=k) for k in used["distance"]],
        "by_yaw": [among(yaw=j) for j in used["yaw"]],
        "cells": [[among(distance=k, yaw=j) for k in used["distance"]] for j in used["yaw"]],
    }


def _difference(values: Sequence[float], times_s: Sequence[float], seed: int) -> Json | None:
    """Mean with the interval of a bootstrap over blocks of film; none from too few blocks."""
    if not values:
        return None
    blocks = np.unique(np.floor(np.array(times_s) / BLOCK_S), return_inverse=True)[1]
    count = int(blocks.max()) + 1
    low = high = math.nan
    if count >= LEAST_BLOCKS:
        weights = resampled_weights(count, RESAMPLES, generator(seed, "watch/gap"))
        low, high = percentiles(resampled_means(np.array(values), blocks, weights))
    return {"score": "success", "value": statistics.fmean(values), "low": low, "high": high, "n": len(values),
            "blocks": count}  # fmt: skip


def _steadiness(name: str, view: str, rows: Sequence[Row]) -> Json:
    """How detection lasted over time, in frames in which the object was expected."""
    kept = [(row.time_s, row.looks[name][view]) for row in rows if view in row.looks[name]]
    kept = [(at, look) for at, look in kept if look.success is not None]
    flags = [look.found for _, look in kept]
    first = next((at - kept[0][0] for at, look in kept if look.found), None)
    tracks = [look.track for _, look in kept if look.found]
    return {
        "frames": len(kept),
        "found": _plain_share(sum(flags), len(flags)),
        "first_detection_s": first,
        "longest_detected": _longest(flags, True),
        "longest_missed": _longest(flags, False),
        "fragmentations": sum(a and not b for a, b in pairwise(flags)),
        "identity_switches": sum(a != b for a, b in pairwise(tracks)),
    }


def _plain_share(count: int, n: int) -> Json | None:
    if not n:
        return None
    low, high = wilson(count, n)
    return {"name": "recall", "value": count / n, "low": low, "high": high, "n": n, "higher_is": "safer"}


def _longest(flags: Sequence[bool], wanted: bool) -> int:
    longest = run = 0
    for flag in flags:
        run = run + 1 if flag is wanted else 0
        longest = max(longest, run)
    return longest


def _spread(values: Sequence[float]) -> Json | None:
    if not values:
        return None
    return {"median": statistics.median(values), "p95": float(np.percentile(values, 95)), "max": max(values)}
