"""Which arms a judgement has, and what each is for: nothing, a control, or a patch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

CONTROLS = ("grey", "random")
Arm = Mapping[str, Any]  # of scores.json


def role(arm: Arm) -> str:
    """ "clean", "control" or "patch"; judgements made before roles were noted have them by name."""
    name = arm["condition"]
    by_name = "clean" if name == "clean" else "control" if name in CONTROLS else "patch"
    return str(arm.get("role", by_name))


def with_role(victim: Mapping[str, Any], *roles: str) -> list[Arm]:
    """The victim's arms of these roles, in the order in which they are shown."""
    return [c for c in victim["conditions"] if role(c) in roles]


def names(victims: Sequence[Mapping[str, Any]]) -> list[str]:
    """Every arm of every victim, once."""
    return list(dict.fromkeys(c["condition"] for victim in victims for c in victim["conditions"]))


def score_named(scores: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    """The score of that name, or ``None``."""
    return next((score for score in scores if score["name"] == name), None)


def score_names(arms: Sequence[Arm]) -> list[str]:
    """Names of all scores of these arms, in the order in which they were measured; success first."""
    found = list(dict.fromkeys(s["name"] for c in arms for s in c["scores"]))
    return sorted(found, key=lambda name: name != "success")


def control_names(grid: Mapping[str, Any]) -> set[str]:
    """Arms of ``grid.json`` that are no patches."""
    noted = {c["condition"] for c in grid.get("curves", ()) if c.get("role", "patch") != "patch"}
    return noted | {"clean", *CONTROLS}
