"""Episodes side by side, what meddlers change, and when."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from physadv.core.errors import BadOption, IncompatibleParts
from physadv.core.problem.norm import Norm
from physadv.core.types import PatchImage
from physadv.engines.driving.aims import AttackAim, worst_actions
from physadv.engines.driving.meddlers import FixedChange, Untouched
from physadv.engines.driving.observed import SteppedAttack, SteppedNoise, StepPlan
from physadv.engines.driving.rollout import Drive, roll
from physadv.engines.driving.timing import AttackTiming
from physadv.parts.attacks.perturbation.fgsm import Fgsm
from tests.engines.driving.toys import RedStops, ToyCrossing, ToyPolicy

DRIVE = Drive(ToyCrossing(), ToyPolicy(), torch.device("cpu"))
SEEDS = (0, 1, 2, 3)


def plan(aim: str = "away", eps: float = 0.45, beta: float = 0.0, budget: int = 0) -> StepPlan:
    return StepPlan(Fgsm(), Norm.linf, eps, AttackAim(aim), AttackTiming(beta, budget))


def test_without_an_attack_the_policy_does_right() -> None:
    episodes = roll(DRIVE, Untouched(), SEEDS)
    assert [one.measures["return"] for one in episodes] == [1.0] * 4
    assert [one.steps for one in episodes] == [4, 1, 4, 1]
    assert [one.attacked for one in episodes] == [0] * 4


def test_a_batch_of_episodes_is_what_single_ones_are() -> None:
    attack = SteppedAttack(plan(), ToyPolicy(), 0)
    together = roll(DRIVE, attack, SEEDS)
    assert str(together) == str(tuple(one for seed in SEEDS for one in roll(DRIVE, attack, (seed,))))


def test_fgsm_at_every_step_turns_the_policy_and_noise_of_that_size_does_not() -> None:
    attacked = roll(DRIVE, SteppedAttack(plan("go"), ToyPolicy(), 0), SEEDS)
    assert [one.measures["return"] for one in attacked] == [-1.0, 1.0, -1.0, 1.0]
    assert [one.attacked for one in attacked] == [1, 0, 1, 0]  # who goes anyway is left alone
    noisy = roll(DRIVE, SteppedNoise(Norm.linf, 0.1, AttackTiming(), ToyPolicy(), 0), SEEDS)
    assert [one.measures["return"] for one in noisy] == [1.0] * 4


def test_a_timed_attack_waits_until_the_policy_cares() -> None:
    unsure = ToyPolicy(victim=RedStops(steepness=1.0))  # type: ignore[arg-type]
    drive = replace(DRIVE, policy=unsure)
    waiting = roll(drive, SteppedAttack(plan(beta=0.99), unsure, 0), SEEDS)
    assert sum(one.attacked for one in waiting) == 0
    spent = roll(DRIVE, SteppedAttack(plan(eps=0.01, budget=2), ToyPolicy(), 0), SEEDS)
    assert [one.attacked for one in spent] == [2, 1, 2, 1]


def test_luring_finds_the_action_after_which_the_return_is_lowest() -> None:
    world = ToyCrossing()
    assert worst_actions(world, world.reset(torch.tensor([0, 1])), 8, torch.arange(2)).tolist() == [1, 0]
    lured = roll(DRIVE, SteppedAttack(plan("lure"), ToyPolicy(), 0), SEEDS)
    assert [one.measures["return"] for one in lured] == [-1.0] * 4


def test_a_change_below_half_a_code_is_lost_in_eight_bits() -> None:
    images: list[torch.Tensor] = []
    faint = FixedChange(torch.full((3, 8, 8), 0.4 / 255))
    for quantised in (True, False):
        roll(replace(DRIVE, quantised=quantised), faint, (0,), lambda acted: images.append(acted.images))
    clean = ToyCrossing().observe(ToyCrossing().reset(torch.tensor([0])), {}).images
    assert (images[0] * 255 - (clean * 255).round()).abs().max() < 1e-3
    assert (images[-1] - clean).abs().max() > 0.3 / 255


def test_a_print_hangs_in_the_world() -> None:
    green = PatchImage(torch.tensor([0.0, 1.0, 0.0])[:, None, None].expand(3, 2, 2), torch.ones(1, 2, 2), 200.0)
    episodes = roll(DRIVE, Untouched({"sign": green}), SEEDS)
    assert [one.measures["violation"] for one in episodes[::2]] == [1.0, 1.0]


def test_a_policy_that_does_not_fit_its_world_is_refused() -> None:
    with pytest.raises(IncompatibleParts, match=r"can choose fly, but world .* stop, go"):
        roll(replace(DRIVE, policy=ToyPolicy(actions=("stop", "fly"))), Untouched(), SEEDS)
    with pytest.raises(IncompatibleParts, match="made for pictures of 4x84x84"):
        roll(replace(DRIVE, policy=ToyPolicy(observation_shape=(4, 84, 84))), Untouched(), SEEDS)


def test_an_aim_that_is_none_is_refused_with_the_nearest() -> None:
    with pytest.raises(BadOption, match="Did you mean 'stop'"):
        AttackAim("stopp").check(ToyCrossing())
