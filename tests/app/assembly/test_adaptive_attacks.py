"""Which attacks are planned on a defended victim, and what they take over from the run that made the patch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from physadv.app.assembly.adaptive_attacks import planned
from physadv.app.assembly.attack_recipes import AVERAGED, AttackRecipe
from physadv.app.config.schema import AdaptiveConfig, BudgetConfig, GenerateConfig
from physadv.core.access import AccessLevel
from physadv.core.clip import ClipConfig
from physadv.core.defended import Defended
from physadv.core.defense_kind import DefenseKind
from physadv.core.errors import BadOption
from physadv.core.problem.limited import Limited
from physadv.core.protocols import Evasion, Victim
from physadv.core.types import SceneBatch
from physadv.engines.judging.defenses.arms import AttackColumn
from physadv.parts.defenses.temporal.options import VoteConfig
from physadv.parts.defenses.temporal.vote import Vote
from physadv.testing.toys import ToyDefense, ToyDetector

OPTIONS = AdaptiveConfig(on=True, lambdas=[0.1, 1.0, 10.0], restarts=2, queries=200)
RECIPE = AttackRecipe(
    GenerateConfig(budget=BudgetConfig(steps=40, batch=4, draws=2, held_out=4), patch={"init": "grey"}),
    {"patch": "raster", "attack": "eot-adam"},
)


class Seeing:
    """Notices patches of a kind."""

    def __init__(self, kind: DefenseKind) -> None:
        self.name, self.kind = f"seeing-{kind}", kind

    def around(self, victim: Victim[Any, Any]) -> Victim[Any, Any]:
        return SeenBy(victim, self, {})


class SeenBy(Defended[Any, Any]):
    @property
    def evasion(self) -> Evasion | None:
        return Red() if self.defense.kind is DefenseKind.localising else None

    def to(self, device: torch.device | str) -> SeenBy:
        return self


class Red:
    def loss(self, images: Tensor, scene: SceneBatch) -> Tensor:
        return images[:, 0].mean((1, 2))


def weights(victim: Victim) -> Iterator[tuple[float | None, int]]:
    for one in planned(victim, {}, OPTIONS, seed=7):
        if one.attack is AttackColumn.adaptive:
            yield one.evasion, one.seed


def test_a_defence_that_looks_for_patches_is_evaded_with_every_weight_and_restart() -> None:
    found = list(weights(Seeing(DefenseKind.localising).around(ToyDetector())))
    assert found == [(weight, seed) for weight in (0.1, 1.0, 10.0) for seed in (7, 8)]


def test_a_black_box_attack_with_more_questions_is_another_run() -> None:
    few, many = (planned(ToyDetector(), {}, replace(OPTIONS, queries=queries), seed=7)[-1] for queries in (200, 2000))
    assert few.attack is AttackColumn.black_box
    assert few.slug != many.slug


def test_where_there_is_nothing_to_evade_there_are_restarts_alone() -> None:
    assert list(weights(ToyDefense().around(ToyDetector()))) == [(None, 7), (None, 8)]
    assert list(weights(ToyDetector())) == [(None, 7), (None, 8)]


def test_every_attack_has_a_name_and_a_folder_of_its_own() -> None:
    made = planned(Seeing(DefenseKind.localising).around(ToyDetector()), {}, OPTIONS, seed=7)
    assert len({one.arm for one in made}) == len({one.slug for one in made}) == len(made) == 7


def test_a_victim_without_gradients_is_only_searched() -> None:
    blind = ToyDefense().around(Limited(ToyDetector(), AccessLevel.scores))
    assert [one.attack for one in planned(blind, {}, OPTIONS, seed=7)] == [AttackColumn.black_box]
    assert planned(blind, {}, replace(OPTIONS, queries=0), seed=7) == ()


def test_a_random_defence_is_averaged_over_enough_draws() -> None:
    drawn = Seeing(DefenseKind.random).around(ToyDetector())
    budget = RECIPE.budget(drawn)
    assert budget.batch * budget.draws >= AVERAGED
    assert RECIPE.budget(ToyDefense().around(ToyDetector())).draws == 2
    assert RECIPE.searched(200).budget(drawn).draws == 1


def test_a_memory_is_attacked_on_films_without_mosaics() -> None:
    mixed = AttackRecipe(replace(RECIPE.options, attack={"mosaic": 0.8, "lr": 0.1}), RECIPE.choices)
    (first, _, search) = planned(Vote(VoteConfig()).around(ToyDetector()), {}, OPTIONS, seed=7)
    assert first.recipe(mixed, OPTIONS, 7, ClipConfig(frames=6)).options.attack == {"mosaic": 0.0, "lr": 0.1}
    asked = search.recipe(mixed, OPTIONS, 7, ClipConfig(frames=6)).options.budget
    assert 0 < asked.steps * 12 + 4 * 6 <= 200


def test_the_first_attack_starts_as_the_run_did_and_others_from_random_colours() -> None:
    assert RECIPE.started(7, 7).options.patch == {"init": "grey"}
    assert RECIPE.started(8, 7).options.patch == {"init": "random"}


def test_steps_are_the_runs_unless_others_are_asked_for() -> None:
    assert RECIPE.with_steps(0).options.budget.steps == 40
    assert RECIPE.with_steps(5).options.budget.steps == 5


def test_a_search_spends_no_more_than_it_may() -> None:
    searched = RECIPE.searched(200)
    assert searched.choices["attack"] == "square"
    assert 0 < searched.options.budget.steps <= 200 / 4
    with pytest.raises(BadOption, match="is not enough for one step"):
        RECIPE.searched(3)
