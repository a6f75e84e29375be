"""A sentence about people's names speaks of faces."""

from __future__ import annotations

from typing import Any

import pytest

from physadv.library.report.plain_words import headline


def judged(condition: str, role: str, share: float) -> dict[str, Any]:
    """A condition of four faces."""
    score = {"name": "success", "value": share, "low": 0.1, "high": 1.0, "n": 4}
    return {"condition": condition, "role": role, "scores": [score]}


@pytest.mark.parametrize(
    ("goal", "target", "words"),
    [
        ("dodge", "", "dodges on 75 % [10, 100] of the faces that dlib recognises without it"),
        ("impersonate", "bob", "makes dlib take 75 % [10, 100] of the faces for bob"),
    ],
)
def test_names_are_no_kinds_of_things(goal: str, target: str, words: str) -> None:
    protocol = {"labels": ["ann", "bob"], "goal": goal, "target": target}
    victim = {"name": "dlib", "conditions": [judged("patch", "patch", 0.75), judged("grey", "control", 0.0)]}
    assert words in headline(protocol, victim)
