"""Counts over the frames of a film: rows to count, made of the lines of ``frames.jsonl``."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from physadv.core.labels import canonical
from physadv.library.metrics.interval import wilson

Json = Mapping[str, Any]

PRINT, OVERLAY, BARE = "print", "patch", "as filmed"
ARMS = (PRINT, "printed grey", "printed random", OVERLAY, "grey", "random", BARE)
"""In the order in which they are shown; those laid over the frames are called as on every other page."""
ROLES = {PRINT: "patch", OVERLAY: "patch", BARE: "clean"}
"""Arm → its role; all others are controls."""
FOUND_IOU = 0.5
NEARBY_IOU = 0.1  # less overlap than this: the report is about something else
RAISED = 1.0  # what an alarm's score exceeds when it is raised
_COVERED = 0.5  # of the print, by a report that is about what wears it


@dataclass(frozen=True, slots=True)
class BoxFit:
    """How a report lies to the box that was expected, in that box's width and height."""

    wide: float
    high: float
    right: float  # of the expected centre
    below: float


@dataclass(frozen=True, slots=True)
class Look:
    """One view of one frame: what counts of it."""

    arm: str
    success: bool | None
    expected: bool  # the object, somewhere in the picture
    found: bool  # the object itself was reported at its place
    track: int | None  # of that report
    score: float  # of the best such report; 0 without
    beside: float = 0.0  # of the best report of its label that lies over the print, or partly over its place
    fit: BoxFit | None = None  # of that report
    reported: bool = False  # its label, anywhere
    alarm: bool | None = None  # raised; None: no defence raises one

    @property
    def shows(self) -> bool:
        """That the detector can see the object at all."""
        return self.found or self.fit is not None or (self.arm == BARE and self.reported)

    @property
    def doubtful(self) -> bool:
        """A success, although the detector reports such an object about there."""
        return bool(self.success) and self.fit is not None


@dataclass(frozen=True, slots=True)
class FrameRow:
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
    appears: bool = False  # the goal is that something else appears: the object's own label decides nothing
    rows: list[FrameRow] = field(default_factory=list)
    dropped: int = 0
    counts: dict[str, dict[str, dict[int, list[int]]]] = field(default_factory=dict)
    """by → arm → bin → [successes, frames], of the first victim"""
    _won: Counter[tuple[str, str]] = field(default_factory=Counter)
    _fits: dict[tuple[str, str], list[Look]] = field(default_factory=dict)

    def add(self, line: Json) -> FrameRow:
        """Take in one line of the log."""
        board = primary(line["boards"])
        pose = board["pose"] if board else None
        victims = {self.victim: line["views"], **line.get("others", {})}
        row = FrameRow(
            line["time_s"], line["inferred_s"] - line["time_s"], line["dropped"],
            pose and pose["distance_m"], pose and pose["yaw_deg"], pose and pose["ambiguity"],
            {name: {view: self._look(view, views, board) for view in views} for name, views in victims.items()},
        )  # fmt: skip
        self.rows.append(row)
        self.dropped += row.dropped
        self._count(row)
        for name, looks in row.looks.items():
            for look in looks.values():
                self._won[name, look.arm] += bool(look.success)
                if look.doubtful:
                    self._fits.setdefault((name, look.arm), []).append(look)
        return row

    def _look(self, view: str, views: Json, board: Json | None) -> Look:
        seen = views[view]
        arm = arm_of(view, board["role"] if board else None)
        own = self._own(seen)
        expected, raised = seen["expected"], None if "alarm" not in seen else seen["alarm"] > RAISED
        if not expected:
            return Look(arm, seen["success"], False, False, None, 0.0, reported=bool(own), alarm=raised)
        near = [d for d in own if overlap(d["box"], expected) >= FOUND_IOU]
        best = max(near, key=_score, default=None)
        beside = None if self.appears else self._beside(own, views, board, expected)
        return Look(
            arm, seen["success"], True, best is not None, best["track"] if best else None,
            best["score"] if best else 0.0, beside["score"] if beside else 0.0,
            _fit(beside["box"], expected) if beside else None, bool(own), raised,
        )  # fmt: skip

    def _beside(self, own: Sequence[Json], views: Json, board: Json | None, expected: Sequence[float]) -> Json | None:
        """The best report of the label that is not at the place by IoU 0.5, but over it or over the print."""
        off = [d for d in own if overlap(d["box"], expected) < FOUND_IOU]
        if board is None:  # the place is that of a report as filmed: reports of others there are about others
            others = [d["box"] for d in self._own(views["filmed"]) if overlap(d["box"], expected) < FOUND_IOU]
            off = [d for d in off if all(overlap(d["box"], other) < FOUND_IOU for other in others)]
        about = [d for d in off if overlap(d["box"], expected) >= NEARBY_IOU
                 or (board and _covered(board["corners_px"], d["box"]) >= _COVERED)]  # fmt: skip
        return max(about, key=_score, default=None)

    def _own(self, seen: Json) -> list[Json]:
        return [d for d in seen["detections"] if canonical(d["label"]) == canonical(self.label)]

    def _count(self, row: FrameRow) -> None:
        places = {
            "distance": bin_of(row.distance_m, self.distance_edges_m),
            "yaw": bin_of(row.yaw_deg, self.yaw_edges_deg),
            "all": 0,
        }
        for look in row.looks[self.victim].values():
            for by, place in places.items():
                if look.success is not None and place is not None:
                    count = self.counts.setdefault(by, {}).setdefault(look.arm, {}).setdefault(place, [0, 0])
                    count[0] += look.success
                    count[1] += 1

    def doubts(self, victim: str, last: int = 0) -> list[dict[str, Any]]:
        """A row an arm: frames counted as success, those in which the label is reported about there, and how the
        ``last`` of these lie (0: all), as medians.
        """
        made = []
        for arm in ARMS:
            if fits := self._fits.get((victim, arm)):
                kept = fits[-last:]
                middle = {
                    name: statistics.median(getattr(look.fit, name) for look in kept) for name in BoxFit.__slots__
                }
                made.append({
                    "condition": arm, "successes": self._won[victim, arm], "doubtful": len(fits),
                    "score": max(look.beside for look in kept), **middle,
                })  # fmt: skip
        return made

    def live(self) -> dict[str, Any]:
        """For charts that grow: arm → [[place, share, low, high, n] …], by distance and by yaw."""
        made: dict[str, Any] = {}
        for by, edges in (("distance", self.distance_edges_m), ("yaw", self.yaw_edges_deg)):
            words = bin_words(edges, "m" if by == "distance" else "°")
            found = self.counts.get(by, {})
            made[by] = {
                "words": words,
                "series": {c: [[k, s / n, *wilson(s, n), n] for k, (s, n) in sorted(found[c].items())]
                           for c in ARMS if c in found},
            }  # fmt: skip
        made["all"] = {
            c: [s / n, *wilson(s, n), n] for c in ARMS for s, n in self.counts.get("all", {}).get(c, {}).values()
        }
        return made


def primary(boards: Sequence[Json]) -> Json | None:
    """The board that a frame is about: the patch's where there are several."""
    return min(boards, key=lambda board: board["role"] != "patch", default=None)


def arm_of(view: str, role: str | None) -> str:
    """The arm that a view shows, in words; ``role`` is that of the board in sight."""
    if view == "filmed":
        return BARE if role is None else PRINT if role == "patch" else f"printed {role}"
    return view  # a digital patch or control, named as on every other page


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


def overlap(box: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union."""
    shared = math.prod(max(0.0, min(box[i + 2], other[i + 2]) - max(box[i], other[i])) for i in (0, 1))
    area, second = ((b[2] - b[0]) * (b[3] - b[1]) for b in (box, other))
    return shared / max(area + second - shared, 1e-9)


def _covered(corners_px: Sequence[Sequence[float]], box: Sequence[float]) -> float:
    """The share of the print's box that lies in a report."""
    print_box = [pick(corner[i] for corner in corners_px) for pick in (min, max) for i in (0, 1)]
    shared = math.prod(max(0.0, min(print_box[i + 2], box[i + 2]) - max(print_box[i], box[i])) for i in (0, 1))
    return shared / max(math.prod(print_box[i + 2] - print_box[i] for i in (0, 1)), 1e-9)


def _fit(box: Sequence[float], expected: Sequence[float]) -> BoxFit:
    (width, height), (wide, high) = ((b[2] - b[0], b[3] - b[1]) for b in (expected, box))
    middles = [((b[0] + b[2]) / 2, (b[1] + b[3]) / 2) for b in (expected, box)]
    (x, y), (u, v) = middles
    width, height = max(width, 1e-9), max(height, 1e-9)
    return BoxFit(wide / width, high / height, (u - x) / width, (v - y) / height)


def _score(report: Json) -> float:
    return float(report["score"])
