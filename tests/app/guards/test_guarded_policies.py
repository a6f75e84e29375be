"""A policy that a plugin offers is held to its actions, and named where it breaks them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from physadv.app.guards.door import built
from physadv.app.guards.policies import GuardedPolicy
from physadv.core.errors import BrokenPart
from physadv.core.worlds import EpisodeMeasure, MeasuresDriving, Observation
from physadv.parts.policies.control_victim import ControlVictim
from physadv.parts.policies.greedy import GreedyPolicy
from physadv.testing import check_policy

SHAPE = (3, 8, 8)


class Strange(GreedyPolicy):
    """Takes the actions it is told to."""

    def __init__(self, actions: Callable[[int], Any] | None = None) -> None:
        network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, 2))
        victim = ControlVictim(network, ("left", "right"), name="strange", observation_shape=SHAPE)
        super().__init__("acme/strange", victim, SHAPE)
        self.told = actions

    def act(self, observation: Observation) -> Any:
        return self.told(len(observation.images)) if self.told else super().act(observation)


def guarded(policy: Any) -> GuardedPolicy:
    made: GuardedPolicy = built("policies", "acme/strange", "acme", lambda _: policy, None)
    return made


def test_what_is_sound_passes() -> None:
    check_policy(guarded(Strange()))
    assert guarded(Strange()).to("cpu").actions == ("left", "right")


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        (lambda n: [0] * n, "gives list, not a tensor"),
        (lambda n: torch.zeros(n), r"must give \(2,\) int64, got \(2,\) torch\.float32"),
        (lambda n: torch.zeros(n + 1, dtype=torch.int64), r"must give \(2,\) int64, got \(3,\)"),
        (lambda n: torch.full((n,), 2), r"gives actions \[2, 2\], but there are 2"),
        (lambda n: 1 / 0, "raised ZeroDivisionError"),
    ],
)
def test_what_cannot_be_right_is_named(actions: Callable[[int], Any], message: str) -> None:
    with pytest.raises(BrokenPart, match=r"policy 'acme/strange' \(plugin acme\): act " + message):
        guarded(Strange(actions)).act(Observation(torch.rand(2, *SHAPE)))


def test_it_must_say_what_it_needs() -> None:
    strange: Any = Strange()
    strange.needs_victim = "no"
    with pytest.raises(BrokenPart, match="needs_victim must be True or False, got no"):
        guarded(strange)


class Counting(Strange):
    """Has a number of its own."""

    measures: Any = (EpisodeMeasure("looks", "pictures seen"),)
    told_numbers: Any = None

    def measured(self) -> Any:
        return self.told_numbers or {"looks": torch.zeros(2)}


def test_numbers_of_its_own_pass_and_are_those_it_names() -> None:
    policy = Counting()
    door = guarded(policy)
    assert isinstance(door, MeasuresDriving)
    assert list(door.measured()) == ["looks"]
    assert not isinstance(guarded(Strange()), MeasuresDriving)
    policy.told_numbers = {"metres": torch.zeros(2)}
    with pytest.raises(BrokenPart, match=r"measured must give looks, got \['metres'\]"):
        door.measured()
