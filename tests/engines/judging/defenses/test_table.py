"""The table keeps the worst of each attack, tells costs, and flags what is missing or cannot be."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any

import pytest

from physadv.engines.judging.defenses.arms import AttackColumn, Attempt
from physadv.engines.judging.defenses.latency import Latency
from physadv.engines.judging.defenses.table import Defending, defense_table
from physadv.library.report.defense_csv import COLUMNS, defenses_csv


def score(name: str, value: float | None, half: float = 0.1) -> dict[str, Any]:
    low, high = (None, None) if value is None else (value - half, value + half)
    return {"name": name, "value": value, "low": low, "high": high, "n": 40, "higher_is": "more attacked"}


def arm(name: str, success: float | None, ap50: float, minus: dict[str, float] | None = None) -> dict[str, Any]:
    """``minus``: other arm → low end of the difference in success."""
    scores = [score("AP50", ap50), score("recall", ap50)]
    differences = [
        {"score": "success", "minus": other, "value": low + 0.1, "low": low, "high": low + 0.2, "n": 40}
        for other, low in (minus or {}).items()
    ]
    return {
        "condition": name, "differences": differences,
        "scores": scores if name == "clean" else [*scores, score("success", success)],
    }  # fmt: skip


def defending(defense: str = "jpeg-50", **changes: Any) -> Defending:
    arms = changes.pop("arms", [])
    unaware = changes.pop("unaware", arm("patch", 0.4, 0.5))
    clean = arm("clean", None, 0.9 if defense == "none" else 0.87)
    conditions = [clean, arm("grey", 0.05, 0.8), arm("random", 0.1, 0.8), unaware, *arms]
    name = "toy" if defense == "none" else f"toy behind {defense}"
    made: dict[str, Any] = {"kinds": ("quantising",), "scores": {"name": name, "conditions": conditions}}
    return Defending("toy", defense, **(made | changes))


def attempts(*arms: str, attack: AttackColumn = AttackColumn.adaptive) -> tuple[Attempt, ...]:
    return tuple(Attempt(name, attack, seed, float(seed)) for seed, name in enumerate(arms))


def row(*rows: Defending) -> dict[str, Any]:
    return defense_table(rows)["rows"][-1]  # type: ignore[no-any-return]


def test_the_worst_attempt_counts_by_success_and_then_by_what_is_left_of_ap50() -> None:
    arms = [arm("a0", 0.6, 0.5), arm("a1", 0.7, 0.4), arm("a2", 0.7, 0.3)]
    cell = row(defending(arms=arms, attempts=attempts("a0", "a1", "a2")))["cells"]["adaptive"]
    assert (cell["condition"], cell["of"], cell["seed"], cell["evasion"]) == ("a2", 3, 2, 2.0)


def test_a_defence_without_an_adaptive_attack_is_incomplete() -> None:
    assert row(defending())["incomplete"]
    assert row(defending())["cells"]["adaptive"] is None
    assert not row(defending(arms=[arm("a0", 0.6, 0.5)], attempts=attempts("a0")))["incomplete"]


def test_an_unaware_attack_that_is_better_beyond_chance_makes_the_adaptive_one_suspect() -> None:
    weak: dict[str, Any] = {"arms": [arm("a0", 0.1, 0.8)], "attempts": attempts("a0")}
    assert row(defending(unaware=arm("patch", 0.4, 0.5, {"a0": 0.1}), **weak))["suspect"] == ["unaware"]
    assert row(defending(unaware=arm("patch", 0.4, 0.5, {"a0": -0.1}), **weak))["suspect"] == []


def test_a_black_box_that_beats_the_white_box_makes_it_suspect() -> None:
    arms = [arm("a0", 0.3, 0.8), arm("s", 0.8, 0.2)]
    made = (*attempts("a0"), *attempts("s", attack=AttackColumn.black_box))
    assert row(defending(arms=arms, attempts=made))["suspect"] == ["black box"]


def test_the_cost_is_what_clean_pictures_lose_against_the_bare_victim() -> None:
    apart = row(defending("none"), defending())["clean_cost"]
    assert {name: (one["value"], one["low"]) for name, one in apart.items()} == {
        "AP50": (pytest.approx(0.03), None),
        "recall": (pytest.approx(0.03), None),
    }
    assert row(defending("none"))["clean_cost"] is None
    assert row(defending())["clean_cost"] is None


def test_the_cost_has_the_interval_of_the_paired_difference_where_both_saw_the_same_pictures() -> None:
    behind = defending()
    paired = {"score": "recall", "minus": "toy", "value": -0.03, "low": -0.05, "high": 0.01, "n": 40}
    behind = replace(behind, scores={**behind.scores, "against_bare": [paired]})
    cost = row(defending("none"), behind)["clean_cost"]["recall"]
    assert cost == {"value": 0.03, "low": -0.01, "high": 0.05, "n": 40}


def test_success_that_could_not_be_measured_is_no_attack_that_failed() -> None:
    cells = row(defending(arms=[arm("a0", None, 0.5)], attempts=attempts("a0")))["cells"]
    assert cells["adaptive"]["scores"]["success"]["value"] is None


def test_every_score_is_a_line_for_spreadsheets() -> None:
    table = defense_table([defending("none", latency=Latency(10.0, 1.0)), defending(latency=Latency(12.0, 1.2))])
    lines = list(csv.DictReader(io.StringIO(defenses_csv(table))))
    assert tuple(lines[0]) == COLUMNS
    unaware = [line for line in lines if (line["defense"], line["attack"]) == ("jpeg-50", "unaware")]
    assert [line["score"] for line in unaware] == ["success", "AP50", "recall"]
    assert unaware[0] | {"value": "0.4", "latency_ratio": "1.2", "incomplete": "True"} == unaware[0]
