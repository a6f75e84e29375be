"""The battery for defences finds what is wrong with one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from physadv.core.access import Task
from physadv.core.defended import Defended, RandomlyDefended
from physadv.core.defense_kind import DefenseKind
from physadv.core.errors import BrokenPart
from physadv.core.protocols import Evasion, Victim
from physadv.core.types import SceneBatch
from physadv.parts.defenses.tasks import require_task
from physadv.testing import ToyDefense, check_defense


class Tinkered(Defended[Any, Any]):
    """Changes pictures as it is told; counts its frames."""

    def __init__(self, victim: Victim[Any, Any], defense: Toy) -> None:
        super().__init__(victim, defense, {})
        self.toy, self.frames = defense, 0

    def passed_on(self, images: Tensor) -> Tensor:
        self.frames += 1
        return self.toy.change(images, self.frames)

    def reset(self) -> None:
        if self.toy.forgets:
            self.frames = 0

    def to(self, device: torch.device | str) -> Tinkered:
        return Tinkered(self.victim, self.toy)


class Toy:
    name = "toy"

    def __init__(
        self, change: Callable[[Tensor, int], Tensor], kind: DefenseKind = DefenseKind.smooth, *, forgets: bool = True
    ) -> None:
        self.change, self.kind, self.forgets = change, kind, forgets

    def around(self, victim: Victim[Any, Any]) -> Victim[Any, Any]:
        return Tinkered(victim, self)


def fading(images: Tensor, frame: int) -> Tensor:
    return images * (1 - 0.1 * frame)


def rounded(images: Tensor, _: int) -> Tensor:
    return (images * 8).round() / 8 + 0 * images


def straight(images: Tensor, _: int) -> Tensor:
    return images + ((images * 4).floor() / 4 - images).detach()


def in_place(images: Tensor, _: int) -> Tensor:
    return images if images.requires_grad else images.clamp_(0.3, 0.7)


@pytest.mark.parametrize(
    ("defense", "said"),
    [
        (Toy(lambda images, _: images.detach()), "the scores are detached"),
        (Toy(rounded, DefenseKind.quantising), "an image has zero gradient"),
        (Toy(straight), "the gradient says .* where finite differences say"),
        (Toy(lambda images, _: images + 0.1 * torch.rand(images.shape)), "image 0 alone and in a batch"),
        (Toy(lambda images, _: images - images.mean(0)), "image 0 alone and in a batch"),
        (Toy(fading), "differ"),
        (Toy(fading, DefenseKind.temporal, forgets=False), "differ"),
        (Toy(lambda images, _: images, DefenseKind.random), "is random, yet five generators give the same answers"),
        (Toy(lambda images, _: images, DefenseKind.alarm), r"alarm\(\) gives None"),
        (
            Toy(in_place, DefenseKind.quantising),
            "changes the pictures that it is given in place",
        ),
    ],
)
def test_a_fault_is_found_and_named(defense: Toy, said: str) -> None:
    with pytest.raises(BrokenPart, match=said):
        check_defense(defense)


def test_a_memory_that_resets_is_fine_and_so_is_a_step_that_is_called_one() -> None:
    check_defense(Toy(fading, DefenseKind.temporal))
    check_defense(Toy(straight, DefenseKind.quantising))


class Misnamed(ToyDefense):
    def around(self, victim: Victim[Any, Any]) -> Victim[Any, Any]:
        made = super().around(victim)
        return type("Other", (type(made),), {"name": "other"})(victim, self, {"side_px": 3})


class Flat:
    def loss(self, images: Tensor, scene: SceneBatch) -> Tensor:
        return images.mean()


class Evaded(Tinkered):
    @property
    def evasion(self) -> Evasion | None:
        return Flat()


class Drawing(RandomlyDefended[Any, Any]):
    """Goes on with the attack's numbers after it is told to stop."""

    shift = 0.0

    def passed_on(self, images: Tensor) -> Tensor:
        if self._drawn is not None:
            self.shift = float(torch.rand((), generator=self._drawn)) / 10
        return (images + self.shift).clamp(0, 1)

    def to(self, device: torch.device | str) -> Drawing:
        return Drawing(self.victim, self.defense, {})


def test_faults_of_name_evasion_and_draws_are_found() -> None:
    with pytest.raises(BrokenPart, match="must be called 'toy-grid' behind 'blur-3', got 'other'"):
        check_defense(Misnamed())
    evaded = Toy(lambda images, _: images)
    evaded.around = lambda victim: Evaded(victim, evaded)  # type: ignore[method-assign]
    with pytest.raises(BrokenPart, match=r"evasion.loss must be \(B,\), got \(\)"):
        check_defense(evaded)
    lasting = Toy(lambda images, _: images, DefenseKind.random)
    lasting.around = lambda victim: Drawing(victim, lasting, {})  # type: ignore[method-assign]
    with pytest.raises(BrokenPart, match="after an attack's draws it answers otherwise than before"):
        check_defense(lasting)


def test_one_that_refuses_every_victim_is_told_so_and_one_task_suffices() -> None:
    class Picky(ToyDefense):
        task = Task.control

        def around(self, victim: Victim[Any, Any]) -> Victim[Any, Any]:
            require_task(self, victim, self.task, "is picky")
            return super().around(victim)

    with pytest.raises(BrokenPart, match="refuses every victim"):
        check_defense(Picky())
    picky = Picky()
    picky.task = Task.classification
    check_defense(picky)
