"""What the frames of a film add up to: rows to count, made of the lines of ``frames.jsonl``."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from physadv.labels import canonical
from physadv.metrics.interval import wilson

Json = Mapping[str, Any]

PRINT, OVERLAY, BARE = "print", "overlay", "no tags in sight"
CONDITIONS = (PRINT, "printed grey", "printed random", OVERLAY, "overlay grey", "overlay random", BARE)
"""In the order in which they are shown."""
ROLES = {PRINT: "patch", OVERLAY: "patch", BARE: "clean"}
"""Condition → its role; all others are controls."""
_FOUND_IOU = 0.5


@dataclass(frozen=True, slots=True)
class Look:
    """One view of one frame: what counts of it."""

    condition: str
    success: bool | None
    found: bool  # the object itself was reported at its place
    track: int | None  # of that report
    score: float  # of the best such report; 0 without


@dataclass(frozen=True, slots=True)
class Row:
    """One frame."""

    time_s: float
    lag_s: float
    dropped: int
    distance_m: float | None
    yaw_deg: float | None
    ambiguity: float | None
    looks: Mapping[str, Mapping[str, Look]]  # victim → view → look


@dataclass
class Tally:
    """All frames so far, and running counts for those who watch."""

    label: str
    victim: str  # the first one's name
    distance_edges_m: Sequence[float]
    yaw_edges_deg: Sequence[float]
    rows: list[Row] = field(default_factory=list)
    dropped: int = 0
    counts: dict[str, dict[str, dict[int, list[int]]]] = field(default_factory=dict)
    """by → condition → bin → [successes, frames], of the first victim"""

    def add(self, line: Json) -> Row:
        """Take in one line of the log."""
        board = primary(line["boards"])
        pose = board["pose"] if board else None
        role = board["role"] if board else None
        victims = {self.victim: line["views"], **line.get("others", {})}
        row = Row(
            line["time_s"], line["inferred_s"] - line["time_s"], line["dropped"],
            pose and pose["distance_m"], pose and pose["yaw_deg"], pose and pose["ambiguity"],
            {name: {view: self._look(view, seen, role) for view, seen in views.items()}
             for name, views in victims.items()},
        )  # fmt: skip
        self.rows.append(row)
        self.dropped += row.dropped
        self._count(row)
        return row

    def _look(self, view: str, seen: Json, role: str | None) -> Look:
        own = [d for d in seen["detections"] if canonical(d["label"]) == canonical(self.label)]
        near = [d for d in own if seen["expected"] and _iou(d["box"], seen["expected"]) >= _FOUND_IOU]
        best = max(near, key=lambda d: d["score"], default=None)
        return Look(
            condition_of(view, role), seen["success"], best is not None, best and best["track"],
            best["score"] if best else 0.0,
        )  # fmt: skip

    def _count(self, row: Row) -> None:
        places = {
            "distance": bin_of(row.distance_m, self.distance_edges_m),
            "yaw": bin_of(row.yaw_deg, self.yaw_edges_deg),
            "all": 0,
        }
        for look in row.looks[self.victim].values():
            for by, place in places.items():
                if look.success is not None and place is not None:
                    count = self.counts.setdefault(by, {}).setdefault(look.condition, {}).setdefault(place, [0, 0])
                    count[0] += look.success
                    count[1] += 1

    def live(self) -> dict[str, Any]:
        """For charts that grow: condition → [[place, share, low, high, n] …], by distance and by yaw."""
        made: dict[str, Any] = {}
        for by, edges in (("distance", self.distance_edges_m), ("yaw", self.yaw_edges_deg)):
            words = bin_words(edges, "m" if by == "distance" else "°")
            found = self.counts.get(by, {})
            made[by] = {
                "words": words,
                "series": {c: [[k, s / n, *wilson(s, n), n] for k, (s, n) in sorted(found[c].items())]
                           for c in CONDITIONS if c in found},
            }  # fmt: skip
        made["all"] = {
            c: [s / n, *wilson(s, n), n] for c in CONDITIONS for s, n in self.counts.get("all", {}).get(c, {}).values()
        }
        return made


def primary(boards: Sequence[Json]) -> Json | None:
    """The board that a frame is about: the patch's where there are several."""
    return min(boards, key=lambda board: board["role"] != "patch", default=None)


def condition_of(view: str, role: str | None) -> str:
    """What a view shows, in words; ``role`` is that of the board in sight."""
    if view == "filmed":
        return BARE if role is None else PRINT if role == "patch" else f"printed {role}"
    return OVERLAY if view == "patch" else f"overlay {view}"


def bin_of(value: float | None, edges: Sequence[float]) -> int | None:
    """Which bin holds the value; beyond the last edge is one more, beyond the first of angles too."""
    if value is None:
        return None
    below = sum(value >= edge for edge in edges)
    return below - 1 if edges[0] == 0 else below


def bin_words(edges: Sequence[float], unit: str) -> list[str]:
    """The bins of :func:`bin_of` for people."""
    inner = [f"{low:g} to {high:g} {unit}" for low, high in pairwise(edges)]
    first = [] if edges[0] == 0 else [f"< {edges[0]:g} {unit}"]
    return [*first, *inner, f"≥ {edges[-1]:g} {unit}"]


def _iou(box: Sequence[float], other: Sequence[float]) -> float:
    shared = math.prod(max(0.0, min(box[i + 2], other[i + 2]) - max(box[i], other[i])) for i in (0, 1))
    area, second = ((b[2] - b[0]) * (b[3] - b[1]) for b in (box, other))
    return shared / max(area + second - shared, 1e-9)
