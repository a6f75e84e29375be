"""The table of defences: a row a victim and defence, from no attack to the attacks that know it.

unaware > adaptive beyond chance → suspect: who knows the defence does worse than who does not, so the attack failed
no adaptive attack               → incomplete: nothing is known about how the defence holds
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from physadv.engines.judging.clean_cost import AGAINST_BARE, COSTS
from physadv.engines.judging.defenses.arms import OF_ARM, AttackColumn, Attempt
from physadv.engines.judging.defenses.certificates import CERTIFIED
from physadv.engines.judging.defenses.latency import Latency
from physadv.library.report.arms import score_named
from physadv.parts.patches.controls import CLEAN, PATCH

FORMAT = 2
NO_DEFENSE = "none"
SCORES = ("success", "AP50", "recall", "alarms", "AUROC", "false alarms", CERTIFIED, "blind run", "first seen")

Scores = Mapping[str, Any]  # a victim of ``scores.json``


@dataclass(frozen=True)
class Defending:
    """A victim behind its defences, and what was found out about it."""

    victim: str  # without defences
    defense: str  # "jpeg-50+median-3"; "none"
    kinds: tuple[str, ...]  # of each of them
    scores: Scores
    attempts: tuple[Attempt, ...] = ()  # the attacks on it whose patches are among the arms
    latency: Latency | None = None


def defense_table(rows: Sequence[Defending]) -> dict[str, Any]:
    """``defenses.json``. The bare victim is the row against which a defence's cost is told."""
    bare = {row.victim: row for row in rows if row.defense == NO_DEFENSE}
    return {
        "format": FORMAT,
        "attacks": [str(one) for one in AttackColumn],
        "rows": [_row(r, bare.get(r.victim)) for r in rows],
    }


def _row(row: Defending, bare: Defending | None) -> dict[str, Any]:
    cells = {str(attack): _cell(row, attack) for attack in AttackColumn}
    adaptive = cells[AttackColumn.adaptive]
    return {
        "victim": row.victim, "defense": row.defense, "kinds": list(row.kinds), "name": row.scores["name"],
        "cells": cells, "attempts": [_attempt(row, one) for one in row.attempts],
        "clean_cost": _clean_cost(row, bare) if bare is not None and bare is not row else None,
        "latency_ms": row.latency and row.latency.ms, "latency_ratio": row.latency and row.latency.ratio,
        "incomplete": adaptive is None,
        "knew": row.defense != NO_DEFENSE and row.scores.get("unseen", {}).get(PATCH) is False,
        "suspect": _suspicions(row, adaptive, cells[AttackColumn.black_box]),
    }  # fmt: skip


def _cell(row: Defending, attack: AttackColumn) -> dict[str, Any] | None:
    """What the attack achieves; of several attempts the worst for the defence. ``None`` where it was not made."""
    attempts = {one.arm: one for one in row.attempts if one.attack is attack}
    names = list(attempts) or [arm for arm, known in OF_ARM.items() if known is attack]
    arms = [arm for arm in row.scores["conditions"] if arm["condition"] in names]
    if not arms:
        return None
    worst = max(arms, key=_harm)
    made = attempts.get(worst["condition"])
    return {
        "condition": worst["condition"], "of": len(arms), "evasion": made and made.evasion,
        "seed": made and made.seed, "queries": made and made.queries, "folder": made and made.folder,
        "scores": _scores(worst),
    }  # fmt: skip


def _attempt(row: Defending, one: Attempt) -> dict[str, Any]:
    arm = next((arm for arm in row.scores["conditions"] if arm["condition"] == one.arm), None)
    return one.plain() | {"scores": _scores(arm) if arm else {}}


def _scores(arm: Mapping[str, Any]) -> dict[str, Any]:
    found = [*arm["scores"], *arm.get("alarms", ()), *arm.get(CERTIFIED, ()), *arm.get("films", ())]
    return {name: score for name in SCORES if (score := score_named(found, name)) is not None}


def _harm(arm: Mapping[str, Any]) -> tuple[float, float]:
    """Success, then how much of AP50 is gone."""
    success, ap50 = (_value(arm, name) for name in ("success", "AP50"))
    return (-1.0 if success is None else success, 0.0 if ap50 is None else -ap50)


def _clean_cost(row: Defending, bare: Defending) -> dict[str, dict[str, Any] | None]:
    """By how much the defence lowers the scores of clean pictures, paired by picture where both saw the same."""
    paired = {one["score"]: one for one in row.scores.get(AGAINST_BARE, ())}
    return {name: _lowered(paired[name]) if name in paired else _apart(name, row, bare) for name in COSTS}


def _lowered(one: Mapping[str, Any]) -> dict[str, Any] | None:
    """A difference the other way round: what is lost."""
    if one["value"] is None:
        return None
    low, high = (None if one[end] is None else -one[end] for end in ("high", "low"))
    return {"value": -one["value"], "low": low, "high": high, "n": one["n"]}


def _apart(name: str, row: Defending, bare: Defending) -> dict[str, Any] | None:
    """Without an interval, where each was judged on objects of its own."""
    arms = [next(a for a in one.scores["conditions"] if a["condition"] == CLEAN) for one in (row, bare)]
    behind, alone = (_value(arm, name) for arm in arms)
    if behind is None or alone is None:
        return None
    return {"value": alone - behind, "low": None, "high": None, "n": 0}


def _suspicions(row: Defending, adaptive: Mapping[str, Any] | None, black_box: Mapping[str, Any] | None) -> list[str]:
    """Why the adaptive attack cannot be one that knows the defence; empty where it can."""
    if adaptive is None:
        return []
    found = []
    unaware = next(arm for arm in row.scores["conditions"] if arm["condition"] == PATCH)
    for one in unaware["differences"]:
        if (one["score"], one["minus"]) == ("success", adaptive["condition"]) and (one["low"] or 0) > 0:
            found.append(str(AttackColumn.unaware))
    if black_box and _beyond(black_box["scores"].get("success"), adaptive["scores"].get("success")):
        found.append(str(AttackColumn.black_box))
    return found


def _beyond(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> bool:
    """Whether one's interval lies above the other's."""
    if not one or not other or one["low"] is None or other["high"] is None:
        return False
    return bool(one["low"] > other["high"])


def _value(arm: Mapping[str, Any], name: str) -> float | None:
    score = score_named(arm["scores"], name)
    return None if score is None or score["value"] is None else float(score["value"])
