"""An adaptive attack takes the defence into its loss and averages over its draws."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from physadv.core.defended import RandomlyDefended
from physadv.core.defense_kind import DefenseKind
from physadv.core.problem.adaptive import adaptive
from physadv.core.problem.objective import Member, Objective
from physadv.core.protocols import Evasion, Victim
from physadv.core.types import SceneBatch
from tests.toys import ToyDetector, ToyGoal, one_scene

SCENE = one_scene(images=3)


class Lottery:
    """Adds a random red to every picture, and notices blue."""

    name, kind = "lottery", DefenseKind.random

    def around(self, victim: Victim[Any, Any]) -> Victim[Any, Any]:
        return Drawn(victim, self, {})


class Blue:
    def loss(self, images: Tensor, scene: SceneBatch) -> Tensor:
        return images[:, 2].mean((1, 2))


class Drawn(RandomlyDefended[Any, Any]):
    def passed_on(self, images: Tensor) -> Tensor:
        reds = torch.stack([torch.rand((), generator=g) for g in self.generators(images)])
        return images + 0.1 * reds[:, None, None, None] * torch.tensor([1.0, 0, 0])[:, None, None]

    @property
    def evasion(self) -> Evasion | None:
        return Blue()

    def to(self, device: torch.device | str) -> Drawn:
        return self


def measured(member: Member, seed: int | None) -> Tensor:
    disturb = None if seed is None else torch.Generator().manual_seed(seed)
    return Objective((member,)).measure(SCENE.srgb, SCENE, disturb=disturb).loss


def test_a_bare_victim_is_attacked_as_ever() -> None:
    member = Member(ToyDetector(), ToyGoal())
    assert adaptive(member, 3.0) is member


def test_draws_are_new_for_every_generator_and_fixed_without_one() -> None:
    member = adaptive(Member(Lottery().around(ToyDetector()), ToyGoal()))
    assert torch.equal(measured(member, 1), measured(member, 1))
    assert not torch.equal(measured(member, 1), measured(member, 2))
    assert torch.equal(measured(member, None), measured(member, None))


def test_what_the_defence_looks_for_is_added_times_lambda() -> None:
    bare = Member(Lottery().around(ToyDetector()), ToyGoal())
    added = measured(adaptive(bare, 2.0), None) - measured(bare, None)
    torch.testing.assert_close(added, 2 * SCENE.srgb[:, 2].mean((1, 2)))


def test_a_shaken_victim_stays_shaken() -> None:
    seen: list[int] = []

    @contextmanager
    def shaken(generator: torch.Generator) -> Iterator[None]:
        seen.append(1)
        yield

    measured(adaptive(Member(Lottery().around(ToyDetector()), ToyGoal(), disturbed=shaken)), 1)
    assert seen == [1]
