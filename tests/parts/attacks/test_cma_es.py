"""The evolution of coarse patches: without gradients, counted, and the same after a stop."""

from __future__ import annotations

import pytest
import torch

from physadv.core.errors import BadOption
from physadv.parts.attacks.patch.entries import physadv_attacks
from physadv.parts.attacks.patch.options import CmaEsConfig
from physadv.testing.attacks import Remembered, check_attack
from physadv.testing.toys import toy_problem

pytest.importorskip("cmaes", reason="needs cmaes, of the extra cma")

from physadv.parts.attacks.patch.cma_es import CmaEs

SEARCH = CmaEs(CmaEsConfig(cells=2, population=6))


def test_the_battery_passes() -> None:
    check_attack(SEARCH)


def test_a_toy_is_hidden_from_scores_alone_and_every_question_is_counted() -> None:
    problem = toy_problem(40, black_box=True)
    made = SEARCH.run(problem, [], Remembered())
    assert float(made.srgb[0].mean()) < 0.25
    a_generation, held_out, looks = 6 * 2, 4, 8
    assert problem.objective.queries.images == 40 * a_generation + looks * held_out


def test_what_it_finds_is_coarse() -> None:
    made = SEARCH.run(toy_problem(5, black_box=True), [], Remembered())
    assert len(torch.unique(made.srgb[0])) <= 4


def test_numbers_that_cannot_be_are_refused() -> None:
    (row,) = [row for row in physadv_attacks() if row.name == "cma-es"]
    with pytest.raises(BadOption, match="population of 4 to 1000"):
        row.build(CmaEsConfig(population=2))
