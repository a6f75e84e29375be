"""A victim behind defences: who it is, what it passes on, and what an attack may ask of it."""

from __future__ import annotations

from contextlib import nullcontext

import torch
from torch import Tensor

from physadv.core.access import AccessLevel
from physadv.core.defended import BEHIND, Defended, RandomlyDefended, defended_in
from physadv.core.defense_kind import DefenseKind
from physadv.core.problem.limited import Limited
from physadv.core.protocols import Victim
from physadv.core.types import SceneBatch
from physadv.parts.defenses.chain import Chain
from physadv.parts.defenses.filtered import Filtered
from physadv.testing import ToyDefense, ToyGridDetector, check_defense, one_scene, sample_images


class Darker:
    """Takes light away."""

    kind = DefenseKind.smooth

    def __init__(self, share: float) -> None:
        self.share = share
        self.name = f"darker-{share:g}"

    def around(self, victim: Victim) -> Victim:
        return Filtered(victim, self, {"share": self.share}, lambda images: images * self.share)


class Watchman:
    """Is alarmed by light."""

    name, kind = "watchman", DefenseKind.alarm

    def around(self, victim: Victim) -> Victim:
        return Watched(victim, self, {})


class Watched(Defended):
    def alarm(self, images: Tensor) -> Tensor:
        return images.flatten(1).mean(1)

    @property
    def evasion(self) -> Light:
        return Light()

    def to(self, device: torch.device | str) -> Watched:
        return Watched(self.victim.to(device), self.defense, self.options)


class Light:
    def loss(self, images: Tensor, scene: SceneBatch) -> Tensor:
        return images.flatten(1).mean(1)


class Noise:
    """Adds a number to every picture."""

    name, kind = "noise", DefenseKind.random

    def around(self, victim: Victim) -> Victim:
        return Noisy(victim, self, {})


class Noisy(RandomlyDefended):
    def passed_on(self, images: Tensor) -> Tensor:
        shifts = [torch.rand((), generator=own) for own in self.generators(images)]
        return (images + 0.1 * torch.stack(shifts)[:, None, None, None]).clamp(0, 1)

    def to(self, device: torch.device | str) -> Noisy:
        return Noisy(self.victim.to(device), self.defense, self.options)


def test_these_pass_the_battery() -> None:
    for defense in (Darker(0.5), Watchman(), Noise(), Chain([Noise(), ToyDefense()])):
        check_defense(defense)


def test_a_defended_victim_says_who_it_is() -> None:
    bare = ToyGridDetector()
    one = Darker(0.5).around(bare)
    assert one.name == f"toy-grid{BEHIND}darker-0.5"
    assert (one.labels, one.task, one.confidence, one.access) == (bare.labels, bare.task, bare.confidence, bare.access)
    digests = {victim.digest for victim in (bare, one, Darker(0.25).around(bare), ToyDefense().around(bare))}
    assert len(digests) == 4
    assert one.digest == Darker(0.5).around(bare).digest


def test_the_first_of_a_chain_sees_the_picture_first() -> None:
    images, bare = sample_images(), ToyGridDetector()
    chain = Chain([Darker(0.5), Darker(0.25)])
    made = chain.around(bare)
    assert (chain.name, made.name) == ("darker-0.5+darker-0.25", "toy-grid behind darker-0.5+darker-0.25")
    assert torch.allclose(made.outputs(images).scores, bare.outputs(images / 8).scores)
    assert made.digest != Chain([Darker(0.25), Darker(0.5)]).around(bare).digest
    outermost = defended_in(made)
    assert outermost is not None
    assert outermost.bare is bare


def test_a_chain_is_of_the_kind_that_asks_most_of_an_attack() -> None:
    assert Chain([Darker(0.5), Noise()]).kind is DefenseKind.random
    assert Chain([Watchman(), Darker(0.5)]).kind is DefenseKind.alarm


def test_the_alarm_and_its_evasion_are_asked_about_what_the_outer_defence_passes_on() -> None:
    images = sample_images()
    behind = defended_in(Chain([Darker(0.5), Watchman()]).around(ToyGridDetector()))
    assert behind is not None
    alarms, evasion = behind.alarm(images), behind.evasion
    assert alarms is not None
    assert torch.allclose(alarms, images.flatten(1).mean(1) / 2)
    assert evasion is not None
    assert torch.allclose(evasion.loss(images, one_scene(2)), alarms)


def test_a_defence_is_found_behind_limits() -> None:
    made = Watchman().around(ToyGridDetector())
    assert defended_in(Limited(made, AccessLevel.scores)) is made
    assert defended_in(ToyGridDetector()) is None


def test_a_picture_has_numbers_of_its_own_unless_an_attack_draws() -> None:
    images = torch.cat([sample_images(), sample_images()[:1]])
    behind = defended_in(Chain([ToyDefense(), Noise()]).around(ToyGridDetector()))
    assert behind is not None

    def scores(seed: int | None) -> Tensor:
        with behind.drawing(torch.Generator().manual_seed(seed)) if seed is not None else nullcontext():
            return behind.outputs(images).scores

    fixed = scores(None)
    assert torch.equal(fixed[0], fixed[2])
    assert torch.equal(fixed, scores(None))
    drawn = scores(1)
    assert not torch.equal(drawn[0], drawn[2])
    assert torch.equal(drawn, scores(1))
    assert torch.equal(fixed, scores(None))
