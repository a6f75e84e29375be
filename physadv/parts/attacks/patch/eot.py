"""Expectation over transformation: minimise the mean loss over sampled conditions (Athalye et al. 2018, eq. 3)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch

from physadv.core.problem.objective import Verdict
from physadv.core.problem.patch_problem import PatchProblem
from physadv.core.protocols import Checkpoints, Observer
from physadv.core.types import Draws, PatchImage, SceneBatch, Step
from physadv.library.placement.cuts import Cuts
from physadv.library.placement.mosaic import TILES, mosaic
from physadv.library.runs.iteration import Schedule, iterate
from physadv.parts.attacks.patch.options import EotAdamConfig

MakeOptimizer = Callable[[Iterator[torch.nn.Parameter], float], torch.optim.Optimizer]


def adam(parameters: Iterator[torch.nn.Parameter], lr: float) -> torch.optim.Optimizer:
    """Adam with the momenta of the patch literature (Thys et al. 2019)."""
    return torch.optim.Adam(parameters, lr=lr, amsgrad=True)


class SignDescent(torch.optim.Optimizer):
    """Move every parameter by ``lr`` against the sign of its gradient (the step of FGSM and PGD)."""

    def __init__(self, parameters: Iterable[torch.nn.Parameter], lr: float) -> None:
        super().__init__(parameters, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.add_(parameter.grad.sign(), alpha=-group["lr"])


def sign_descent(parameters: Iterator[torch.nn.Parameter], lr: float) -> torch.optim.Optimizer:
    """Projected gradient descent in the L∞ sense; the projection is the patch's own."""
    return SignDescent(parameters, lr)


@dataclass(frozen=True)
class Eot:
    """The loop; what steps and how fast is given."""

    make_optimizer: MakeOptimizer
    schedule: EotAdamConfig  # when to look, when to slow down, when to stop

    @property
    def needs_gradient(self) -> bool:
        """It follows the victim's gradient."""
        return True

    def run(self, problem: PatchProblem, observers: Iterable[Observer], checkpoints: Checkpoints) -> PatchImage:
        """Optimise ``problem.patch`` and return the iterate that did best on the held-out draws."""
        optimizer = self.make_optimizer(problem.patch.parameters(), self.schedule.lr)
        cuts = Cuts(problem.scenes, self.schedule.cuts, problem.seed) if self.schedule.cuts else None
        if cuts:
            problem = replace(problem, scenes=cuts)
        descent = _Descent(optimizer, self.schedule, cuts)
        looks = Schedule(self.schedule.check_every, self.schedule.patience)
        return iterate(problem, descent, looks, observers, checkpoints)


@dataclass(frozen=True)
class _Descent:
    """Steps against the gradient, smaller ones when they no longer help."""

    optimizer: torch.optim.Optimizer
    schedule: EotAdamConfig
    cuts: Cuts | None = None

    def step(self, problem: PatchProblem, index: int, random: torch.Generator) -> Step:
        if self.schedule.anneal:
            self._set_lr(annealed(self.schedule, index / problem.budget.steps))
        begun = time.perf_counter()
        if self.cuts:
            scene = self.cuts.pictures(problem.budget.batch, random)
        else:
            scene = _scene(problem, random, self.schedule.mosaic)
        step = _step(problem, self.optimizer, index, scene, random)
        return replace(step, seconds=time.perf_counter() - begun)

    def exhausted(self) -> bool:
        return bool(self.optimizer.param_groups[0]["lr"] < self.schedule.stop_lr)

    def stalled(self) -> None:
        if not self.schedule.anneal:
            self._set_lr(self.optimizer.param_groups[0]["lr"] * self.schedule.factor)

    def state_dict(self) -> dict[str, Any]:
        return self.optimizer.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.optimizer.load_state_dict(dict(state))

    def _set_lr(self, lr: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = lr


def annealed(schedule: EotAdamConfig, progress: float) -> float:
    """The step size after a share of the steps: half a cosine (Loshchilov and Hutter 2017, arXiv:1608.03983)."""
    return schedule.stop_lr + max(schedule.lr - schedule.stop_lr, 0.0) * (1 + math.cos(math.pi * progress)) / 2


def _step(
    problem: PatchProblem, optimizer: torch.optim.Optimizer, index: int, scene: SceneBatch, random: torch.Generator
) -> Step:
    scene = scene.to(problem.engine.device)
    optimizer.zero_grad(set_to_none=True)
    verdicts = []
    for _ in range(problem.budget.draws):  # one draw's graph at a time: memory does not grow with draws
        own, draws = problem.engine.share(scene, _draws(problem, scene, index, random))
        images = problem.renderer.render(own, problem.patch(), draws)
        verdict = problem.objective.measure(images, own, step=index, disturb=random)
        (verdict.loss.mean() / problem.budget.draws).backward()  # type: ignore[no-untyped-call]
        verdicts.append(replace(verdict, loss=verdict.loss.detach()))
        if problem.hardening:
            problem.hardening.learn(own, draws, verdict.loss.detach())
    terms = {"goal": torch.stack([v.loss for v in verdicts]).mean().item()}
    for penalty in problem.penalties:
        value = penalty(problem.patch())
        value.backward()  # type: ignore[no-untyped-call]
        terms[penalty.name] = value.item()
    problem.engine.reduce_(problem.patch.parameters())
    optimizer.step()
    problem.patch.project_()
    if problem.hardening:
        problem.hardening.stepped(index)
    victims, successes = _by_victim(verdicts, own)
    success, loss = sum(successes.values()) / len(successes), sum(terms.values())
    if len(problem.objective.members) > 1:
        terms |= victims
    return Step(index, problem.budget.steps, loss, success, 0.0, terms, successes=successes)


def _scene(problem: PatchProblem, random: torch.Generator, mosaics: float) -> SceneBatch:
    if mosaics and float(torch.rand((), generator=random)) < mosaics:
        return mosaic(next(problem.scenes.batches(problem.budget.batch * TILES**2, random)), random)
    if problem.hardening:
        return problem.hardening.scene(problem.scenes, problem.budget.batch, random)
    return next(problem.scenes.batches(problem.budget.batch, random))


def _draws(problem: PatchProblem, scene: SceneBatch, index: int, random: torch.Generator) -> Draws:
    draws = problem.renderer.sample(scene, random)
    if problem.hardening is None:
        return draws
    return problem.hardening.draws(scene, draws, index / max(1, problem.budget.steps - 1), random)


def _by_victim(verdicts: list[Verdict], scene: SceneBatch) -> tuple[dict[str, float], dict[str, float]]:
    """Mean loss, and share of the wearers on which the goal was achieved, of each victim that was asked."""
    names = list(verdicts[0].losses)
    losses = {name: torch.stack([v.losses[name] for v in verdicts]).mean().item() for name in names}
    shares = {
        name: torch.cat([v.achieved[name][scene.wears] for v in verdicts]).float().mean().item() for name in names
    }
    return losses, shares
