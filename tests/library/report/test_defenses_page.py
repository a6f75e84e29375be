"""The page shows the table of defences, and says what spoils it."""

from __future__ import annotations

from typing import Any

import pytest

from physadv.library.report.defense_words import objections, verdict, verdicts
from physadv.library.report.pages.defenses import defenses_of


def score(name: str, value: float) -> dict[str, Any]:
    return {"name": name, "value": value, "low": value - 0.1, "high": value + 0.1, "n": 40}


def cell(success: float | None, of: int = 1) -> dict[str, Any]:
    scores = {"AP50": score("AP50", 0.5), "recall": score("recall", 0.5)}
    if success is not None:
        scores["success"] = score("success", success)
    return {"condition": "c", "of": of, "evasion": None, "seed": 0, "queries": 9, "folder": "f", "scores": scores}


def row(defense: str = "jpeg-50", **changes: Any) -> dict[str, Any]:
    cells = {
        "no attack": cell(None), "grey": cell(0.05), "random": cell(0.05), "unaware": cell(0.3),
        "adaptive": cell(0.6, 6), "black box": cell(0.2),
    }  # fmt: skip
    name = "toy" if defense == "none" else f"toy behind {defense}"
    return {
        "victim": "toy", "defense": defense, "kinds": ["quantising"], "name": name, "cells": cells, "attempts": [],
        "clean_cost": {"AP50": 0.02, "recall": 0.0}, "latency_ms": 12.0, "latency_ratio": 1.2, "incomplete": False,
        "suspect": [], "knew": False,
    } | changes  # fmt: skip


def table(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"attacks": list(rows[0]["cells"]), "rows": list(rows)}


def test_a_verdict_tells_every_attack_the_bare_victim_and_the_price() -> None:
    said = verdict(row(), row("none", clean_cost=None))
    assert said == (
        "toy behind jpeg-50: fooled on 30 % [20, 40] by the patch that does not know the defense, on 60 % [50, 70] by "
        "one that does (the worst of 6), on 20 % [10, 30] by a black box search; without the defense on 60 % [50, 70]; "
        "it costs AP50 -0.020, recall +0.000 on clean pictures, × 1.20 in time."
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"incomplete": True}, "incomplete: no attack that knows the defense was made"),
        ({"suspect": ["unaware"]}, "suspect: a patch optimised without the defense does better"),
        ({"suspect": ["black box"]}, "suspect: a search that sees scores alone does better"),
        ({"knew": True}, "optimised behind this very defense"),
    ],
)
def test_what_spoils_a_row_is_said(changes: dict[str, Any], said: str) -> None:
    (told,) = objections(row(**changes))
    assert said in told
    assert any(said in sentence for sentence in verdicts(table(row(**changes))))


def test_the_bare_victim_is_never_incomplete() -> None:
    assert objections(row("none", incomplete=True)) == []


def test_the_page_has_a_table_for_success_and_one_for_ap50() -> None:
    content = defenses_of(table(row("none"), row(suspect=["unaware"])))
    assert [score for score, _ in content["tables"]] == ["success", "AP50"]
    (_, rows), _ = content["tables"]
    assert rows[1]["flags"] == "suspect"
    assert rows[1]["cells"][0]["name"] == "recall"
    assert content["objections"]


def test_without_a_table_there_is_no_section() -> None:
    assert defenses_of({}) == {}


def test_alarms_have_tables_of_their_own_with_the_victims_that_raise_one() -> None:
    alarmed = row("alarm")
    for name in ("unaware", "adaptive"):
        scores = {one: score(one, 0.5) for one in ("alarms", "AUROC", "false alarms")}
        alarmed["cells"][name]["scores"] |= scores
    content = defenses_of(table(row(), alarmed))
    tables = dict(content["tables"])
    assert list(tables) == ["success", "AP50", "alarms", "AUROC"]
    (only,) = tables["alarms"]
    assert only["defense"] == "alarm"
    assert only["cells"][0]["name"] == "false alarms"
