"""The batteries for attacks, penalties and observers pass what is sound, and name what is not."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from physadv.api import Checkpoints, Observer, PatchImage, PatchProblem, Schedule, Step, iterate
from physadv.core.errors import BrokenPart
from physadv.core.hookspecs import Entry
from physadv.parts.attacks.patch.entries import physadv_attacks
from physadv.parts.goals.penalty_entries import physadv_penalties
from physadv.testing import ATTACK_CHECKS, Remembered, check_attack, check_observer, check_penalty


@dataclass
class RandomSearch:
    """Keeps a random change of the texels when the scores say that it helps: a black box in twenty lines."""

    size: float = 0.3
    best: float = float("inf")

    @torch.no_grad()
    def step(self, problem: PatchProblem, index: int, random: torch.Generator) -> Step:
        begun = time.perf_counter()
        kept = {name: value.clone() for name, value in problem.patch.state_dict().items()}
        for parameter in problem.patch.parameters():
            parameter.add_(self.size * (torch.rand(parameter.shape, generator=random) - 0.5))
        problem.patch.project_()
        scene = next(problem.scenes.batches(problem.budget.batch, torch.Generator().manual_seed(1))).to(
            problem.engine.device
        )
        draws = problem.renderer.sample(scene, torch.Generator().manual_seed(1))
        verdict = problem.objective.measure(problem.renderer.render(scene, problem.patch(), draws), scene)
        loss = float(verdict.loss.mean())
        if loss < self.best:
            self.best = loss
        else:
            problem.patch.load_state_dict(kept)
        return Step(index, problem.budget.steps, loss, 0.0, time.perf_counter() - begun, {"goal": loss})

    def exhausted(self) -> bool:
        return False

    def stalled(self) -> None:
        self.size /= 2

    def state_dict(self) -> dict[str, Any]:
        return {"size": self.size, "best": self.best}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.size, self.best = state["size"], state["best"]


class Search:
    needs_gradient = False

    def run(self, problem: PatchProblem, observers: Iterable[Observer], checkpoints: Checkpoints) -> PatchImage:
        return iterate(problem, RandomSearch(), Schedule(check_every=5), observers, checkpoints)


@pytest.mark.slow
@pytest.mark.parametrize("attack", physadv_attacks(), ids=lambda row: row.name)
def test_built_in_attacks_pass(attack: Entry[Any, Any]) -> None:
    made = attack.build(attack.config())
    steps = 60  # square's checkpoints are 25 steps apart
    assert check_attack(made, steps) == tuple(check.__name__ for check in ATTACK_CHECKS)


def test_a_black_box_attack_made_with_the_loop_passes() -> None:
    check_attack(Search())


class Lazy(Search):
    def run(self, problem: PatchProblem, observers: Iterable[Observer], checkpoints: Checkpoints) -> PatchImage:
        return replace(problem.patch(), srgb=problem.patch().srgb.detach())


class Unseeded(Search):
    def run(self, problem: PatchProblem, observers: Iterable[Observer], checkpoints: Checkpoints) -> PatchImage:
        made = super().run(problem, observers, checkpoints)
        return replace(made, srgb=made.srgb * torch.rand(()))


class Forgetful(Search):
    def run(self, problem: PatchProblem, observers: Iterable[Observer], checkpoints: Checkpoints) -> PatchImage:
        return super().run(problem, observers, Remembered())


class Raising(Search):
    def run(self, problem: PatchProblem, observers: Iterable[Observer], checkpoints: Checkpoints) -> PatchImage:
        return problem.no_such_thing  # type: ignore[attr-defined,no-any-return]


class Gradients(Search):
    def run(self, problem: PatchProblem, observers: Iterable[Observer], checkpoints: Checkpoints) -> PatchImage:
        scene = next(problem.scenes.batches(1, torch.Generator()))
        draws = problem.renderer.sample(scene, torch.Generator())
        loss = problem.objective.measure(problem.renderer.render(scene, problem.patch(), draws), scene).loss
        torch.autograd.backward(loss.sum())
        return super().run(problem, observers, checkpoints)


BROKEN = {
    "observers were started with": Lazy,
    "the same seed gives another patch": Unseeded,
    "no checkpoint was saved": Forgetful,
    r"Raising: tells_its_observers raised AttributeError: .*no_such_thing.* \(.*test_attack_battery.py": Raising,
    "Gradients: tells_its_observers raised RuntimeError": Gradients,
}


@pytest.mark.parametrize("message", BROKEN)
def test_a_broken_attack_is_named(message: str) -> None:
    with pytest.raises(BrokenPart, match=message):
        check_attack(BROKEN[message](), steps=12)


@pytest.mark.parametrize("penalty", physadv_penalties(), ids=lambda row: row.name)
def test_built_in_penalties_pass(penalty: Entry[Any, Any], tmp_path: Path) -> None:
    Image.new("RGB", (8, 8), (200, 30, 30)).save(tmp_path / "art.png")
    options = {"artwork": str(tmp_path / "art.png"), "weight": 1.0} if penalty.name == "likeness" else {}
    check_penalty(penalty.build(penalty.config(**options)))


def test_a_broken_penalty_is_named() -> None:
    class Rooted:
        name = "root"

        def __call__(self, patch: PatchImage) -> torch.Tensor:
            return patch.srgb.sum().sqrt()

    with pytest.raises(BrokenPart, match=r"root: its gradient is not finite for a patch of 0\.0"):
        check_penalty(Rooted())


@dataclass
class Log:
    rows: list[str] = field(default_factory=list)

    def started(self, total: int, first: int) -> None:
        self.rows.append(f"{first} of {total}")

    def stepped(self, step: Step) -> None:
        self.rows.append(f"{step.loss:.2f} {step.held_out:.2f}")

    def ended(self) -> None:
        self.rows.append("end")


def test_an_observer_that_expects_a_measurement_each_step_is_named() -> None:
    with pytest.raises(BrokenPart, match="Log: observer_holds raised TypeError"):
        check_observer(Log())
