"""A table of defences that goes on may get more attacks, and no others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from physadv.app.config.more_attacks import expect_only_more
from physadv.core.errors import BadOption

BEFORE = {"on": True, "steps": 0, "restarts": 1, "lambdas": [0.1, 2.0], "queries": 100}


@pytest.mark.parametrize(
    "now",
    [{}, {"restarts": 2}, {"queries": 2000}, {"lambdas": [0.1, 0.5, 2.0]}, {"lambdas": [2.0, 0.1], "restarts": 3}],
)
def test_attacks_are_added(now: dict[str, Any]) -> None:
    expect_only_more(Path("run"), BEFORE, BEFORE | now)


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ({"restarts": 0}, "adaptive.restarts from 1 to 0"),
        ({"queries": 0}, "adaptive.queries from 100 to 0"),
        ({"lambdas": [0.1]}, "adaptive.lambdas from [0.1, 2.0] to [0.1]"),
        ({"steps": 20}, "adaptive.steps from 0 to 20"),
        ({"on": False}, "adaptive.on from True to False"),
    ],
)
def test_attacks_are_neither_changed_nor_taken_back(now: dict[str, Any], said: str) -> None:
    with pytest.raises(BadOption, match="can only get more of them") as error:
        expect_only_more(Path("run"), BEFORE, BEFORE | now)
    assert said in str(error.value)


def test_a_table_without_attacks_may_get_any() -> None:
    expect_only_more(Path("run"), BEFORE | {"on": False}, BEFORE | {"steps": 20, "lambdas": [1.0]})
    expect_only_more(Path("run"), None, BEFORE)
