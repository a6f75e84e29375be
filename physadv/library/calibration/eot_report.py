"""The numbers of a calibration of conditions, as they go beside the preset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from physadv.library.calibration.conditions import BoardFrame, Range
from physadv.library.calibration.preset import Placed

FORMAT = 1
Json = dict[str, Any]
Rows = Mapping[str, Mapping[str, Any]]


def range_rows(
    frames: Sequence[BoardFrame], found: Mapping[str, Range], options: Sequence[Placed], settings: Mapping[str, Any]
) -> Json:
    """The ranges that were seen, and every option that they set beside what ``settings`` have there now."""
    return {
        "frames": len(frames),
        "frames_with_optics": sum(frame.optics is not None for frame in frames),
        "seen": {name: asdict(value) for name, value in found.items()},
        "options": [_option_row(option, settings) for option in options],
    }


def success_rows(measured: Rows, predicted: Rows, role: str) -> Json:
    """Measured success of every role, what each judgement predicts of it, and how far that is off for ``role``.

    ``measured`` holds a score a role, ``predicted`` for every judgement a score a role, or ``None``.
    """
    scores = {words: row[role] for words, row in predicted.items() if role in measured and row.get(role)}
    gaps = {words: score["value"] - measured[role]["value"] for words, score in scores.items()}
    return {"measured": measured, "predicted": predicted, "gaps": gaps}


def _option_row(option: Placed, settings: Mapping[str, Any]) -> Json:
    value: Any = settings
    for name in option.key.split("."):
        value = value[name]
    return {
        "condition": option.condition,
        "key": option.key,
        "before": None if value is None else [float(end) for end in value],
        "after": [option.low, option.high],
        "frames": option.measured.frames,
        "median": option.measured.median,
    }
