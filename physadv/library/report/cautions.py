"""Cautions: what voids a judgement, and what a careful reader would object to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from physadv.library.report.arms import Arm, role, with_role
from physadv.library.report.plain_words import FEW, difference, success_under

Victim = Mapping[str, Any]
_TOLD = 3  # pairs of victim and patch that are named; the table has all


def voiding(protocol: Mapping[str, Any]) -> list[str]:
    """Reasons why the figures say something else than they seem to: they belong beside them."""
    patches: dict[str, list[str]] = {}
    for arm, one in protocol.get("relations", {}).items():
        if one.get("seen"):
            many = "All" if one["seen"] == one["pictures"] else f"{one['seen']} of"
            patches.setdefault(f"{many} {one['pictures']} photos were optimised on", []).append(arm)
    return [
        f"{told} ({', '.join(arms)}): what is measured on them was learned by heart. Judge on other photos, with "
        "judge.root= or scenes.root=."
        for told, arms in patches.items()
    ]


def caution(protocol: Mapping[str, Any], victims: Sequence[Victim]) -> list[str]:
    """Every objection once, with the victims it applies to."""
    found = [*_few(protocol, victims), *_no_better_than_a_control(victims)]
    if (covers := protocol.get("covers")) and covers > 1:
        found.append(f"The patch is larger than what wears it: it covers {covers:.2g} of a box.")
    unknown = [c for c, one in protocol.get("relations", {}).items() if "not known" in one.get("words", "")]
    if unknown:
        found.append(
            f"Nobody can say whether pictures that are judged on were optimised on ({', '.join(unknown)}): only runs "
            "of generate keep a list of theirs."
        )
    if protocol.get("truth_from", "annotations") != "annotations":
        found.append(
            f"There are no annotations: the objects are what {protocol['truth_from']} reports in the clean images, so "
            "average precision and recall measure change, not correctness."
        )
    return found


def _few(protocol: Mapping[str, Any], victims: Sequence[Victim]) -> list[str]:
    counts = {}
    for victim in victims:
        tried = [s for c in with_role(victim, "patch") if (s := success_under(victim, c["condition"]))]
        low = min((s["n"] for s in tried), default=0)
        if tried and low < protocol.get("minimum_n", FEW):
            counts[str(victim["name"])] = low
    if not counts:
        return []
    named = ", ".join(f"{name} {n}" for name, n in counts.items())
    smallest = min(counts.values())
    return [
        f"Only n = {smallest} objects{'' if len(victims) < 2 else f' ({named})'}. Read the intervals, not the values."
    ]


def _no_better_than_a_control(victims: Sequence[Victim]) -> list[str]:
    """By the paired differences: two intervals may overlap though one arm does better in every picture."""
    doubtful = []
    for victim in victims:
        patches = with_role(victim, "patch")
        for arm in patches:
            name = "" if len(patches) < 2 else f"{arm['condition']} "
            if not (success := success_under(victim, arm["condition"])) or not success["value"]:
                continue  # no effect that anything else could explain
            rows = _against_controls(victim, arm)
            if hardest := min((row for row in rows if not _beyond(row)), key=lambda row: row["value"], default=None):
                doubtful.append(f"{victim['name']}: {name}{difference(hardest)} against {hardest['minus']}")
    if not doubtful:
        return []
    told = "; ".join(doubtful[:_TOLD]) + (f"; and {len(doubtful) - _TOLD} more" if len(doubtful) > _TOLD else "")
    return [f"Covering alone may explain the effect: the difference to a control is not beyond chance ({told})."]


def _beyond(row: Mapping[str, Any]) -> bool:
    """Whether the patch does better than the control beyond chance."""
    return row["low"] is not None and row["low"] > 0


def _against_controls(victim: Victim, arm: Arm) -> list[Mapping[str, Any]]:
    controls = {c["condition"] for c in victim["conditions"] if role(c) == "control"}
    rows = arm.get("differences", ())
    return [row for row in rows if row["score"] == "success" and row["minus"] in controls and row["value"] is not None]
