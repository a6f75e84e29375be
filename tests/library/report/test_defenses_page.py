"""The page shows the table of defences, and says what spoils it."""

from __future__ import annotations

from pathlib import Path
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


def cost(value: float) -> dict[str, Any]:
    return {"value": value, "low": value - 0.02, "high": value + 0.01, "n": 40}


def shown(made: dict[str, Any], pictures: dict[Path, str] | None = None) -> dict[str, Any]:
    return defenses_of(made, Path("run"), lambda file: (pictures or {}).get(file, ""), 30)


def row(defense: str = "jpeg-50", **changes: Any) -> dict[str, Any]:
    cells = {
        "no attack": cell(None), "grey": cell(0.05), "random": cell(0.05), "unaware": cell(0.3),
        "adaptive": cell(0.6, 6), "black box": cell(0.2),
    }  # fmt: skip
    name = "toy" if defense == "none" else f"toy behind {defense}"
    return {
        "victim": "toy", "defense": defense, "kinds": ["quantising"], "name": name, "cells": cells, "attempts": [],
        "clean_cost": {"AP50": cost(0.02), "recall": cost(0.0)},
        "latency_ms": 12.0, "latency_ratio": 1.2, "incomplete": False,
        "suspect": [], "knew": False,
    } | changes  # fmt: skip


def table(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"attacks": list(rows[0]["cells"]), "rows": list(rows)}


def test_a_verdict_tells_every_attack_the_bare_victim_and_the_price() -> None:
    said = verdict(row(), row("none", clean_cost=None))
    assert said == (
        "toy behind jpeg-50: fooled on 30 % [20, 40] by the patch that does not know the defense, on 60 % [50, 70] by "
        "one that does (the worst of 6), on 20 % [10, 30] by a black box search; without the defense on 60 % [50, 70]; "
        "it costs recall +0 points [-1, 2], AP50 -0.020 [-0.030, 0.000] on clean pictures, × 1.20 in time."
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
    content = shown(table(row("none"), row(suspect=["unaware"])))
    assert [made["score"] for made in content["tables"]] == ["success", "AP50"]
    rows = content["tables"][0]["rows"]
    assert rows[1]["flags"] == "suspect"
    assert rows[1]["cells"][0]["name"] == "recall"
    assert [made["rows"][1]["lost"] for made in content["tables"]] == ["+0 points [-1, 2]", "-0.020 [-0.030, 0.000]"]
    assert content["objections"]


def test_without_a_table_there_is_no_section() -> None:
    assert shown({}) == {}


def test_alarms_have_tables_of_their_own_with_the_victims_that_raise_one() -> None:
    alarmed = row("alarm")
    for name in ("unaware", "adaptive"):
        scores = {one: score(one, 0.5) for one in ("alarms", "AUROC", "false alarms")}
        alarmed["cells"][name]["scores"] |= scores
    tables = {made["score"]: made["rows"] for made in shown(table(row(), alarmed))["tables"]}
    assert list(tables) == ["success", "AP50", "alarms", "AUROC"]
    (only,) = tables["alarms"]
    assert only["defense"] == "alarm"
    assert only["cells"][0]["name"] == "false alarms"


def test_every_victim_has_tables_and_plots_of_its_own() -> None:
    other = row(victim="other", name="other behind jpeg-50")
    content = shown(table(row("none", clean_cost=None), row(), other))
    assert [made["victim"] for made in content["tables"]] == ["toy", "other", "toy", "other"]
    titles = [plot.title for plot in content["plots"]]
    assert titles[:2] == ["success against toy by attack", "adaptive success against toy and clean recall that is lost"]


def test_what_spoils_several_rows_is_said_once() -> None:
    content = shown(table(row(suspect=["unaware"]), row("tv", suspect=["unaware"])))
    (only,) = content["objections"]
    assert only.startswith("toy behind jpeg-50, toy behind tv are suspect:")


def test_the_curve_over_lambda_has_the_worst_restart_of_each_weight() -> None:
    tried = [(0.1, 0.2), (0.1, 0.4), (2.0, 0.3)]
    attempts = [
        {
            "attack": "adaptive",
            "evasion": weight,
            "seed": 0,
            "queries": 1,
            "folder": "",
            "scores": cell(value)["scores"],
        }
        for weight, value in tried
    ]
    (plot,) = [plot for plot in shown(table(row(attempts=attempts)))["plots"] if "λ" in plot.title]
    assert [found[2] for found in plot.rows] == [0.4, 0.3]


def test_proofs_have_a_column_where_there_are_some() -> None:
    proving = row("mask-ensemble")
    proving["cells"]["no attack"]["scores"]["certified"] = score("certified", 0.3)
    (success, _) = shown(table(row(), proving))["tables"]
    assert success["proofs"]
    assert [one["proven"] for one in success["rows"]] == ["", "30 % [20, 40]"]


def test_pictures_of_what_is_painted_over_stand_with_their_row() -> None:
    content = shown(table(row(), row("segment")), {Path("run/masks/1.png"): "data:"})
    assert content["masks"] == [("toy behind segment", "data:")]
