"""``summary.json``: success by distance and angle, printed and digital side by side, and how steadily it lasted."""

from __future__ import annotations

import json
import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from physadv.core.seeding import generator
from physadv.engines.watch.counts import (
    ARMS,
    BARE,
    OVERLAY,
    PRINT,
    ROLES,
    FrameRow,
    Look,
    Tally,
    bin_of,
    bin_words,
)
from physadv.library.files.atomic import write_text
from physadv.library.files.plain_json import plain
from physadv.library.metrics.interval import percentiles, resampled_means, resampled_weights, wilson

FILE = "summary.json"
FORMAT = 2
BLOCK_S = 1.0  # frames of one second are nearly one observation: they are drawn together
MIN_BLOCKS = 5  # from fewer seconds no interval is given
RESAMPLES = 1000
FILMED = "filmed"  # the view that every frame has
FLAT = 0.8  # of the pose's ambiguity: the tilt may be mirrored

Json = dict[str, Any]
Spot = tuple[int | None, int | None]  # bins of distance and yaw
Found = tuple[Spot, float, float]  # where, when in seconds, and 0 or 1, or a difference of two


def summary(tally: Tally, facts: Mapping[str, Any], *, minimum_n: int, seed: int) -> Json:
    """Everything that the page shows. ``facts`` come first, as they are."""
    rows = tally.rows
    words = {"distance": bin_words(tally.distance_edges_m, "m"), "yaw": bin_words(tally.yaw_edges_deg, "°")}
    used = {by: _used(tally, by) for by in words}
    victims = list(rows[0].looks) if rows else [tally.victim]
    made: Json = plain({
        "format": FORMAT, **facts, "minimum_n": minimum_n, "frames": len(rows),
        "posed": sum(row.distance_m is not None for row in rows),
        "ambiguous": sum((row.ambiguity or 0) > FLAT for row in rows),
        "dropped": sum(row.dropped for row in rows),
        "seconds": rows[-1].time_s - rows[0].time_s if rows else 0.0,
        "views": list(dict.fromkeys(look.arm for row in rows for look in row.looks[tally.victim].values())),
        "lag_s": _spread([row.lag_s for row in rows]),
        "distance_words": [words["distance"][k] for k in used["distance"]],
        "yaw_words": [words["yaw"][k] for k in used["yaw"]],
        "victims": [_victim(name, tally, used, seed) for name in victims],
        "intervals": "success: Wilson, 95 %, as if frames were independent, which neighbours are not: true intervals "
        f"are wider. Gap: bootstrap over blocks of {BLOCK_S:g} s of film, paired by frame",
    })  # fmt: skip
    return made


def write_summary(folder: Path, content: Mapping[str, Any]) -> Path:
    """Write ``summary.json``."""
    return write_text(folder / FILE, json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False))


def _used(tally: Tally, by: str) -> list[int]:
    """From the first bin with a frame to the last."""
    found = [k for row in tally.rows if (k := _place(tally, row, by)) is not None]
    return list(range(min(found), max(found) + 1)) if found else []


def _place(tally: Tally, row: FrameRow, by: str) -> int | None:
    if by == "distance":
        return bin_of(row.distance_m, tally.distance_edges_m)
    return bin_of(row.yaw_deg, tally.yaw_edges_deg)


def _victim(name: str, tally: Tally, used: Mapping[str, Sequence[int]], seed: int) -> Json:
    rows = tally.rows
    places = [(_place(tally, row, "distance"), _place(tally, row, "yaw")) for row in rows]
    arms = []
    for arm in ARMS:
        looks = [_of_arm(row.looks[name], arm) for row in rows]
        done = [(at, row.time_s, float(look.success)) for at, row, look in zip(places, rows, looks, strict=True)
                if look and look.success is not None]  # fmt: skip
        if done:
            shares = _over_bins(_grouped(done), used, _share)
            arms.append({
                "condition": arm, "role": ROLES.get(arm, "control"), "success": shares.pop("all"), **shares,
            })  # fmt: skip
    views = list(dict.fromkeys(view for row in rows for view in row.looks[name]))
    pairs = _pairs(name, rows, places, OVERLAY, PRINT)
    filmed = [row.looks[name][FILMED] for row in rows if FILMED in row.looks[name]]
    return {
        "name": name,
        "conditions": arms,
        "against_controls": _against(name, tally, places, [c["condition"] for c in arms], seed),
        "reported": sum(one.reported for one in filmed),
        "sighted": tally.appears or any(look.shows for row in rows for look in row.looks[name].values()),
        "doubts": tally.doubts(name),
        "gap": _over_bins(_grouped(pairs), used, lambda found: _difference(found, seed)) if pairs else None,
        "steadiness": [{"view": BARE if view == FILMED else view, **_steadiness(name, view, rows)} for view in views],
        "alarms": _alarms(name, rows),
    }


def _alarms(name: str, rows: Sequence[FrameRow]) -> list[Json]:
    """Of each arm in turn: the share of its frames with an alarm, how long the first one took, how many came an hour.

    An alarm that goes on is one.
    """
    made = []
    for arm in ARMS:
        seen = [(row.time_s, look.alarm) for row in rows
                if (look := _of_arm(row.looks[name], arm)) and look.alarm is not None]  # fmt: skip
        if not seen:
            continue
        flags, seconds = [bool(raised) for _, raised in seen], seen[-1][0] - seen[0][0]
        began = sum(now and not before for before, now in pairwise([False, *flags]))
        made.append({
            "condition": arm, "alarms": _score("alarms", sum(flags), len(flags), "safer"),
            "first_s": next((at - seen[0][0] for at, raised in seen if raised), None),
            "per_hour": 3600 * began / seconds if seconds > 0 else None,
        })  # fmt: skip
    return made


def _of_arm(looks: Mapping[str, Look], arm: str) -> Look | None:
    return next((look for look in looks.values() if look.arm == arm), None)


def _pairs(name: str, rows: Sequence[FrameRow], places: Sequence[Spot], arm: str, minus: str) -> list[Found]:
    """Success of one arm minus success of another on the very same frames."""
    found = []
    for at, row in zip(places, rows, strict=True):
        one, other = (_of_arm(row.looks[name], c) for c in (arm, minus))
        if one and other and one.success is not None and other.success is not None:
            found.append((at, row.time_s, float(one.success) - float(other.success)))
    return found


def _against(name: str, tally: Tally, places: Sequence[Spot], shown: Sequence[str], seed: int) -> list[Json]:
    """Every patch against every control of the same frames."""
    made = []
    for arm in (c for c in shown if ROLES.get(c) == "patch"):
        for control in (c for c in shown if c not in ROLES):
            if pairs := _pairs(name, tally.rows, places, arm, control):
                found = [(time_s, value) for _, time_s, value in pairs]
                made.append({"condition": arm, "minus": control, **_difference(found, seed)})
    return made


def _grouped(found: Sequence[Found]) -> dict[Spot, list[tuple[float, float]]]:
    """Time and value of all frames, of each bin of distance, of yaw, and of both; ``None`` stands for any."""
    groups: dict[Spot, list[tuple[float, float]]] = defaultdict(list)
    for (distance, yaw), time_s, value in found:
        for spot in {(None, None), (distance, None), (None, yaw), (distance, yaw)}:
            groups[spot].append((time_s, value))
    return groups


def _over_bins(
    groups: Mapping[Spot, list[tuple[float, float]]], used: Mapping[str, Sequence[int]],
    made: Callable[[list[tuple[float, float]]], Json],
) -> Json:  # fmt: skip
    """A score of all frames, by distance, by yaw, and a row of cells a bin of yaw; ``None`` where there is no frame."""

    def one(distance: int | None, yaw: int | None) -> Json | None:
        return made(groups[distance, yaw]) if (distance, yaw) in groups else None

    return {
        "all": one(None, None),
        "by_distance": [one(k, None) for k in used["distance"]],
        "by_yaw": [one(None, j) for j in used["yaw"]],
        "cells": [[one(k, j) for k in used["distance"]] for j in used["yaw"]],
    }


def _share(found: list[tuple[float, float]]) -> Json:
    return _score("success", sum(value for _, value in found), len(found), "more attacked")


def _score(name: str, count: float, n: int, higher_is: str) -> Json:
    low, high = wilson(count, n)
    return {"name": name, "value": count / n, "low": low, "high": high, "n": n, "higher_is": higher_is}


def _difference(found: list[tuple[float, float]], seed: int) -> Json:
    """Mean with the interval of a bootstrap over blocks of film; none from too few blocks."""
    times_s, values = zip(*found, strict=True)
    blocks = np.unique(np.floor(np.array(times_s) / BLOCK_S), return_inverse=True)[1]
    count = int(blocks.max()) + 1
    low = high = math.nan
    if count >= MIN_BLOCKS:
        weights = resampled_weights(count, RESAMPLES, generator(seed, "watch/gap"))
        low, high = percentiles(resampled_means(np.array(values), blocks, weights))
    return {"score": "success", "value": statistics.fmean(values), "low": low, "high": high, "n": len(values),
            "blocks": count}  # fmt: skip


def _steadiness(name: str, view: str, rows: Sequence[FrameRow]) -> Json:
    """How detection lasted over time, in frames in which the object was expected."""
    kept = [(row.time_s, row.looks[name][view]) for row in rows if view in row.looks[name]]
    kept = [(at, look) for at, look in kept if look.expected]
    flags = [look.found for _, look in kept]
    first = next((at - kept[0][0] for at, look in kept if look.found), None)
    tracks = [look.track for _, look in kept if look.found]
    return {
        "frames": len(kept),
        "found": _score("recall", sum(flags), len(flags), "safer") if flags else None,
        "first_detection_s": first,
        "longest_detected": _longest(flags, True),
        "longest_missed": _longest(flags, False),
        "fragmentations": sum(a and not b for a, b in pairwise(flags)),
        "identity_switches": sum(a != b for a, b in pairwise(tracks)),
    }


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
