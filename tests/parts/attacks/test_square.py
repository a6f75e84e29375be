"""The search by squares: without gradients, counted, repeatable, and on patches of every kind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from physadv.core.errors import BadOption, IncompatibleParts
from physadv.core.problem.patch_problem import Budget
from physadv.parts.attacks.patch.entries import physadv_attacks
from physadv.parts.attacks.patch.options import SquareConfig
from physadv.parts.attacks.patch.square import Square, halved
from physadv.parts.patches.entries import physadv_patches
from physadv.parts.transfer.hardening import TransferHardening
from physadv.parts.transfer.options import CurriculumConfig, CutoutConfig, EraseConfig
from physadv.testing.attacks import Remembered, check_attack
from physadv.testing.toys import toy_problem

SQUARE = Square(SquareConfig(check_every=10))


def test_the_battery_passes() -> None:
    check_attack(SQUARE)


def test_a_toy_is_hidden_from_scores_alone() -> None:
    problem = toy_problem(200, black_box=True)
    made = SQUARE.run(problem, [], Remembered())
    assert float(made.srgb[0].mean()) < 0.2


def test_every_question_is_counted() -> None:
    problem = toy_problem(30, black_box=True)
    Square(SquareConfig(fresh_every=10, check_every=10)).run(problem, [], Remembered())
    batch, held_out, rounds, looks = 2, 4, 3, 3
    assert problem.objective.queries.images == 30 * batch + rounds * batch + looks * held_out


@pytest.mark.parametrize("queries", [50, 51, 100, 333])
def test_the_steps_that_fit_a_number_of_questions_ask_no_more(queries: int) -> None:
    budget = Budget(steps=1, batch=2, draws=2, held_out=4)
    square = Square(SquareConfig(fresh_every=7, check_every=5))
    steps = square.steps_within(queries, budget)
    problem = replace(toy_problem(steps, black_box=True), budget=replace(budget, steps=steps))
    square.run(problem, [], Remembered())
    assert queries - 8 < problem.objective.queries.images <= queries


def test_where_not_even_one_step_fits_there_are_none() -> None:
    assert SQUARE.steps_within(3, Budget(1, 2, 1, 4)) == 0


def test_squares_shrink_by_the_papers_schedule() -> None:
    assert [halved(share) for share in (0.0, 0.006, 0.5, 1.0)] == [1, 1 / 4, 1 / 64, 1 / 256]


@pytest.mark.parametrize("entry", physadv_patches(), ids=lambda entry: entry.name)
def test_every_kind_of_patch_gets_better(entry: Any) -> None:
    patch = entry.build(entry.config())
    problem = replace(toy_problem(60, black_box=True), patch=patch)
    with torch.no_grad():
        before = float(patch().srgb[0].mean())
    made = SQUARE.run(problem, [], Remembered())
    assert float(made.srgb[0].mean()) < before
    assert float(made.srgb.min()) >= 0
    assert float(made.srgb.max()) <= 1


def test_conditions_that_change_from_step_to_step_are_refused() -> None:
    harder = TransferHardening(CutoutConfig(), EraseConfig(), CurriculumConfig(), (0.0, 0.0))
    with pytest.raises(IncompatibleParts, match="attack=square compares"):
        SQUARE.run(replace(toy_problem(4, black_box=True), hardening=harder), [], Remembered())


@pytest.mark.parametrize("wrong", [{"area": 0.0}, {"area": float("nan")}, {"fresh_every": 0}, {"check_every": 0}])
def test_wrong_numbers_are_refused(wrong: dict[str, Any]) -> None:
    entry = next(entry for entry in physadv_attacks() if entry.name == "square")
    with pytest.raises(BadOption, match="attack=square needs"):
        entry.build(SquareConfig(**wrong))
