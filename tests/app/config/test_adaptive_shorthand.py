"""``adaptive=true`` is an option of evaluate."""

from __future__ import annotations

import pytest

from physadv.app.commands import COMMANDS
from physadv.app.config.adaptive_shorthand import adaptive_attacks


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("adaptive=true", "adaptive.on=true"),
        ("adaptive=False", "adaptive.on=False"),
        ("adaptive.on=true", "adaptive.on=true"),
        ("adaptive.steps=5", "adaptive.steps=5"),
        ("adaptive={on:true}", "adaptive={on:true}"),
    ],
)
def test_true_and_false_switch_it(typed: str, meant: str) -> None:
    assert adaptive_attacks(COMMANDS["evaluate"], ["seed=1", typed]) == ["seed=1", meant]


def test_no_other_command_has_it() -> None:
    assert adaptive_attacks(COMMANDS["grid"], ["adaptive=true"]) == ["adaptive=true"]
