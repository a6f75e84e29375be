"""Lines of a film's log, and what they add up to."""

from __future__ import annotations

from typing import Any

from physadv.engines.watch.counts import Tally
from physadv.engines.watch.summary import summary


def line(index: int, *, printed: bool, digital: bool | None, distance_m: float = 3.0, track: int = 1) -> dict[str, Any]:
    """A frame in which the attack did or did not hide the object; nothing reported where it did."""
    box = [10.0, 10.0, 60.0, 110.0]

    def view(success: bool) -> dict[str, Any]:
        found = [] if success else [{"box": box, "label": "person", "score": 0.8, "track": track}]
        return {"detections": found, "expected": box, "success": success}

    pose = {"distance_m": distance_m, "yaw_deg": 5.0, "ambiguity": 0.1}
    views = {"filmed": view(printed)} | ({} if digital is None else {"patch": view(digital)})
    return {"index": index, "time_s": index / 10, "inferred_s": index / 10 + 0.02, "dropped": 0,
            "boards": [{"role": "patch", "pose": pose}], "views": views}  # fmt: skip


FACTS = {"name": "film", "goal": "hide", "object": "person", "ended": "complete", "reason": "", "camera": "test"}


def told(lines: list[dict[str, Any]]) -> dict[str, Any]:
    tally = Tally("person", "toy", [0.0, 2.0, 5.0], [-10.0, 10.0])
    for one in lines:
        tally.add(one)
    return summary(tally, FACTS, minimum_n=20, seed=0)


def bare(index: int, *, success: bool | None, reported: bool = True) -> dict[str, Any]:
    """A frame without tags, the patch laid over."""
    made = line(index, printed=not reported, digital=success)
    made["boards"] = []
    made["views"]["filmed"]["success"] = None
    return made
