"""Finished runs, as small as their readers allow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def score(name: str, value: float | None, n: int = 40) -> dict[str, Any]:
    low, high = (None, None) if value is None else (max(0.0, value - 0.1), min(1.0, value + 0.1))
    return {"name": name, "value": value, "low": low, "high": high, "n": n, "higher_is": "more attacked", "photos": n}


def arm(name: str, role: str, success: float | None) -> dict[str, Any]:
    near = {"by": "distance_m", "low": 0.0, "high": 5.0, "words": "0–5 m", "scores": [score("success", success, 12)]}
    return {
        "condition": name, "role": role, "scores": [score("success", success), score("AP50", 0.9)], "bins": [near],
        "differences": [],
    }  # fmt: skip


def finished(folder: Path, command: str = "generate", **changes: Any) -> Path:
    """A folder with ``run.json`` and ``scores.json``."""
    run = {
        "format": 1, "command": command, "name": "sticker", "seed": 3, "choices": {"goal": "hide"},
        "config": {"dry_run": False}, "patch_mm": [500.0, 300.0], "made": "2026-01-31T12:00:00+00:00",
        "environment": {"physadv": "0.1.0"}, **changes,
    }  # fmt: skip
    arms = [
        arm("clean", "clean", None),
        arm("grey", "control", 0.1),
        arm("patch", "patch", 0.8),
    ]
    scores = {
        "format": 1, "protocol": {"goal": "hide", "labels": ["stop sign"], "minimum_n": 30},
        "victims": [{"name": "toy <1>", "conditions": arms}],
    }  # fmt: skip
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(run))
    (folder / "scores.json").write_text(json.dumps(scores))
    return folder


def gridded(folder: Path) -> Path:
    """A grid's run: one axis with two values, of which one was measured."""
    finished(folder, "grid")
    (folder / "scores.json").unlink()
    curve = {"axis": "distance_m", "victim": "toy", "condition": "patch", "role": "patch", "score": "success",
             "at": [5.0, 10.0], "scores": [score("success", 0.8), None]}  # fmt: skip
    usable = {"victim": "toy", "condition": "patch", "role": "patch", "axis": "distance_m", "score": "success",
              "at_least": 0.5, "low": 5.0, "high": 5.0, "words": "at 5 m", "surely": "at 5 m"}  # fmt: skip
    grid = {"axes": [{"name": "distance_m", "words": "distance", "unit": "m", "values": [5.0, 10.0], "note": ""}],
            "protocol": {"minimum_n": 30}, "curves": [curve], "maps": [], "usable": [usable]}  # fmt: skip
    (folder / "grid.json").write_text(json.dumps(grid))
    return folder


def filmed(folder: Path) -> Path:
    """What watch leaves."""
    rows = [{"victim": "toy", "condition": "print", "scores": [score("success", 0.7)]}]
    finished(folder, "watch", scores=rows)
    (folder / "scores.json").unlink()
    (folder / "summary.json").write_text(json.dumps({"headline": "The print hides 70 %.", "in_doubt": ["Few frames."]}))
    return folder


def tabled() -> dict[str, Any]:
    """A table of one defence, under one attack."""
    cell = {"of": 3, "evasion": None, "queries": 9, "scores": {"success": score("success", 0.6)}}
    row = {
        "victim": "toy", "defense": "jpeg-50", "kinds": ["quantising"], "cells": {"no attack": None, "adaptive": cell},
        "clean_cost": {"recall": {"value": 0.02, "low": 0.0, "high": 0.05, "n": 40}}, "latency_ratio": 1.2,
        "incomplete": False, "suspect": ["unaware"],
    }  # fmt: skip
    return {"rows": [row]}
