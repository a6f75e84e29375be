"""From outcomes to numbers: success, robust accuracy, distances and queries, each with n and a 95 % interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from physadv.core.problem.norm import Norm
from physadv.engines.perturbing.attempt import AttackArm
from physadv.engines.perturbing.kept import Arrays
from physadv.engines.perturbing.run import Looked, PerturbTask, check_some
from physadv.library.metrics.interval import wilson

CURVE_POINTS = 80  # of success over queries


@dataclass
class PerturbTable:
    """Grows with every batch."""

    task: PerturbTask
    pictures: list[dict[str, Any]] = field(default_factory=list)  # one each, in order
    found: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # arm → one row a picture that was attacked
    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, looked: Looked, made: Mapping[str, Arrays]) -> None:
        """A batch."""
        names, start = self.task.subject.labels, len(self.pictures)
        for place, key in enumerate(looked.pictures.keys):
            self.pictures.append({
                "key": key, "batch": looked.index, "place": place, "label": names[int(looked.pictures.labels[place])],
                "decided": _decided(looked.decisions.labels[place], looked.decisions.reported[place], names),
                "confidence": float(looked.decisions.scores[place]), "right": bool(looked.right[place]),
            })  # fmt: skip
        for arm, arrays in made.items():
            self.seconds[arm] = self.seconds.get(arm, 0.0) + float(arrays["seconds"])
            self.found.setdefault(arm, []).extend(_rows(arrays, start, names))

    def content(self) -> dict[str, Any]:
        """Everything, as JSON can say it. Raises :class:`BadInput` where nothing could be attacked."""
        count = len(self.pictures)
        check_some(count, max((len(rows) for rows in self.found.values()), default=0))
        right = sum(one["right"] for one in self.pictures)
        return {
            "clean": [share("clean accuracy", right, count, "safer")],
            "arms": [self._arm(arm, right, count) for arm in self.task.arms],
            "pictures": self.pictures,
        }

    def _arm(self, arm: AttackArm, right: int, count: int) -> dict[str, Any]:
        rows = self.found.get(arm.key, [])
        n, fooled, by_noise = len(rows), _count(rows, "success"), _count(rows, "noise_success")
        return {
            "key": arm.key, "name": arm.name, "line": arm.line, "threat": arm.threat, "access": arm.access.name,
            "norm": str(arm.norm), "eps": arm.eps, "told": arm.told,
            "surrogate": arm.surrogate.victim.name if arm.surrogate else None,
            "seconds": self.seconds.get(arm.key, 0.0),
            "scores": [
                share("success", fooled, n, "more attacked"),
                share("success rounded", _count(rows, "rounded_success"), n, "more attacked"),
                share("noise success", by_noise, n, "more attacked"),
                share("robust accuracy", right - fooled, count, "safer"),
                share("noise accuracy", right - by_noise, count, "safer"),
            ],
            "distances": {str(norm): spread([row[str(norm)] for row in rows if row["success"]]) for norm in Norm},
            "queries": spread([row["queries"] for row in rows]),
            "gradients": spread([row["gradients"] for row in rows]),
            "query_curve": query_curve(rows),
            "size_curve": size_curve(rows, str(arm.norm), right, count) if arm.eps is None else [],
            "rows": rows,
        }  # fmt: skip


def share(name: str, count: float, n: int, higher_is: str) -> dict[str, Any]:
    """A score with Wilson's interval; no value where nothing was tried."""
    low, high = wilson(count, n)
    return {"name": name, "value": count / n if n else None, "low": low, "high": high, "n": n, "higher_is": higher_is}


def spread(values: Sequence[float]) -> dict[str, float] | None:
    """Median, mean, and the ends."""
    if not values:
        return None
    found = np.asarray(values, dtype=np.float64)
    return {
        "median": float(np.median(found)), "mean": float(found.mean()), "min": float(found.min()),
        "max": float(found.max()), "n": len(values),
    }  # fmt: skip


def query_curve(rows: Sequence[Mapping[str, Any]]) -> list[list[float]]:
    """Queries → the share of pictures on which the attack had succeeded by then, with its interval."""
    n, asked = len(rows), np.sort(np.array([row["queries"] for row in rows if row["success"]], dtype=np.int64))
    if not len(asked):
        return []
    at = np.unique(asked)
    if len(at) > CURVE_POINTS:
        at = at[np.unique(np.linspace(0, len(at) - 1, CURVE_POINTS).round().astype(int))]
    counts = np.searchsorted(asked, at, side="right")
    return [[int(q), k / n, *wilson(int(k), n)] for q, k in zip(at.tolist(), counts.tolist(), strict=True)]


def size_curve(rows: Sequence[Mapping[str, Any]], norm: str, right: int, count: int) -> list[list[float]]:
    """Size → the share of all pictures that are recognised and need a larger change, with its interval."""
    found = sorted(row[norm] for row in rows if row["success"])
    left = [(0.0, right), *((size, right - k - 1) for k, size in enumerate(found))]
    return [[size, k / count, *wilson(k, count)] for size, k in left]


def _rows(arrays: Arrays, start: int, names: Sequence[str]) -> list[dict[str, Any]]:
    columns = {name: arrays[name].tolist() for name in ("steps", "queries", "gradients", *map(str, Norm), "confidence",
                                                        "success", "rounded_success", "noise_success")}  # fmt: skip
    made = []
    for place, row in enumerate(arrays["rows"].tolist()):
        one = {name: values[place] for name, values in columns.items()}
        one |= {"picture": start + row, "decided": names[int(arrays["decided"][place])],
                "noise_decided": names[int(arrays["noise_decided"][place])],
                "noise_confidence": float(arrays["noise_confidence"][place])}  # fmt: skip
        if "targets" in arrays:
            one["target"] = names[int(arrays["targets"][place])]
        made.append(one)
    return made


def _decided(label: Any, reported: Any, names: Sequence[str]) -> str | None:
    return names[int(label)] if bool(reported) else None


def _count(rows: Sequence[Mapping[str, Any]], name: str) -> int:
    return sum(bool(row[name]) for row in rows)
