"""Pairs of attack, victim and goal that cannot work together are refused with advice."""

from __future__ import annotations

import pytest

from physadv.app.assembly.victims import check_fit
from physadv.core.access import AccessLevel
from physadv.core.errors import IncompatibleParts
from physadv.parts.attacks.patch.eot import Eot, adam
from physadv.parts.attacks.patch.options import EotAdamConfig, SquareConfig
from physadv.parts.attacks.patch.square import Square
from tests.toys import ToyDetector, ToyGoal

SQUARE, EOT = Square(SquareConfig()), Eot(adam, EotAdamConfig())


def test_a_black_box_attack_takes_a_victim_that_gives_scores() -> None:
    goal = ToyGoal()
    assert check_fit(SQUARE, ToyDetector(access=AccessLevel.scores), goal) is goal


def test_a_white_box_attack_needs_gradients() -> None:
    with pytest.raises(IncompatibleParts, match="needs gradients, but victim 'toy' has none"):
        check_fit(EOT, ToyDetector(access=AccessLevel.scores), ToyGoal())


def test_no_attack_takes_a_victim_that_only_decides() -> None:
    with pytest.raises(IncompatibleParts, match="victim 'toy' gives only decisions"):
        check_fit(SQUARE, ToyDetector(access=AccessLevel.decisions), ToyGoal())
