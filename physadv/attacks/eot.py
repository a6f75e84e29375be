"""Expectation over transformation: minimise the mean loss over sampled conditions (Athalye et al. 2018, eq. 3).

Every step draws its scenes and conditions from a generator of its own, seeded by the run's seed and the step's number.
So a run that was killed and resumed gives the same patch, bit for bit, as one that was not.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from physadv.attacks.entries import EotAdamConfig
from physadv.attacks.mosaic import TILES, mosaic
from physadv.errors import PhysadvError
from physadv.objective import Verdict
from physadv.protocols import Checkpoints, Observer, Problem
from physadv.seeding import generator
from physadv.types import Draws, PatchImage, SceneBatch, Step

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


@dataclass
class _Progress:
    """What has to survive a stop besides the patch and the optimiser."""

    step: int = 0
    best: float = math.inf
    stale: int = 0  # measurements since the best one


@dataclass(frozen=True)
class _HeldOut:
    """Fixed scenes and draws that no step optimises on; they choose the best iterate."""

    scenes: tuple[SceneBatch, ...]
    draws: tuple[Draws, ...]

    @torch.no_grad()
    def loss(self, problem: Problem) -> Tensor:
        patch = problem.patch()
        losses = [
            problem.objective.measure(problem.renderer.render(scene, patch, draws), scene).loss.mean()
            for scene, draws in zip(self.scenes, self.draws, strict=True)
        ]
        return torch.stack(losses).mean() + sum(penalty(patch) for penalty in problem.penalties)


def _held_out(problem: Problem) -> _HeldOut:
    random = generator(problem.seed, "held-out")
    count, batch = problem.budget.held_out, problem.budget.batch
    batches = problem.scenes.batches(min(batch, count), random)
    scenes = tuple(next(batches).to(problem.device) for _ in range(math.ceil(count / batch)))
    return _HeldOut(scenes, tuple(problem.renderer.sample(scene, random) for scene in scenes))


@dataclass(frozen=True)
class Eot:
    """The loop; what steps and how fast is given."""

    make_optimizer: MakeOptimizer
    schedule: EotAdamConfig  # when to look, when to slow down, when to stop

    @property
    def needs_gradient(self) -> bool:
        """It follows the victim's gradient."""
        return True

    def run(self, problem: Problem, observers: Iterable[Observer], checkpoints: Checkpoints) -> PatchImage:
        """Optimise ``problem.patch`` and return the iterate that did best on the held-out draws."""
        observers = tuple(observers)
        optimizer = self.make_optimizer(problem.patch.parameters(), self.schedule.lr)
        best = _copy(problem.patch.state_dict())
        progress, best = _resume(checkpoints.load(), problem, optimizer, best)
        held_out = _held_out(problem)
        for observer in observers:
            observer.started(problem.budget.steps, progress.step)
        try:
            while progress.step < problem.budget.steps and optimizer.param_groups[0]["lr"] >= self.schedule.stop_lr:
                step = self._step(problem, optimizer, progress.step)
                progress.step += 1
                if progress.step % self.schedule.check_every == 0 or progress.step == problem.budget.steps:
                    step, best = self._check(problem, optimizer, progress, held_out, step, best)
                    checkpoints.save(_state(problem, optimizer, progress, best))
                for observer in observers:
                    observer.stepped(step)
        finally:
            for observer in observers:
                observer.ended()
        problem.patch.load_state_dict(best)
        with torch.no_grad():  # as it was measured: some patches explore while gradients are recorded
            return _detached(problem.patch())

    def _check(
        self, problem: Problem, optimizer: torch.optim.Optimizer, progress: _Progress, held_out: _HeldOut,
        step: Step, best: dict[str, Tensor],
    ) -> tuple[Step, dict[str, Tensor]]:  # fmt: skip
        loss = held_out.loss(problem).item()
        if not math.isfinite(loss):
            raise PhysadvError(
                f"the loss became {loss} at step {progress.step}: lower attack.lr, or check the victim's file"
            )
        if loss < progress.best:
            progress.best, progress.stale, best = loss, 0, _copy(problem.patch.state_dict())
        else:
            progress.stale += 1
            if progress.stale >= self.schedule.patience and not self.schedule.anneal:
                progress.stale = 0
                for group in optimizer.param_groups:
                    group["lr"] *= self.schedule.factor
        return replace(step, held_out=loss), best

    def _step(self, problem: Problem, optimizer: torch.optim.Optimizer, index: int) -> Step:
        if self.schedule.anneal:
            for group in optimizer.param_groups:
                group["lr"] = annealed(self.schedule, index / problem.budget.steps)
        return _step(problem, optimizer, index, self.schedule.mosaic)


def annealed(schedule: EotAdamConfig, progress: float) -> float:
    """The step size after a share of the steps: half a cosine (Loshchilov and Hutter 2017, arXiv:1608.03983)."""
    return schedule.stop_lr + max(schedule.lr - schedule.stop_lr, 0.0) * (1 + math.cos(math.pi * progress)) / 2


def _step(problem: Problem, optimizer: torch.optim.Optimizer, index: int, mosaics: float) -> Step:
    begun = time.perf_counter()
    random = generator(problem.seed, f"step {index}")
    scene = _scene(problem, random, mosaics).to(problem.device)
    optimizer.zero_grad(set_to_none=True)
    verdicts = []
    for _ in range(problem.budget.draws):  # one draw's graph at a time: memory does not grow with draws
        draws = _draws(problem, scene, index, random)
        images = problem.renderer.render(scene, problem.patch(), draws)
        verdict = problem.objective.measure(images, scene, step=index, disturb=random)
        (verdict.loss.mean() / problem.budget.draws).backward()  # type: ignore[no-untyped-call]
        verdicts.append(replace(verdict, loss=verdict.loss.detach()))
        if problem.practice:
            problem.practice.learn(scene, draws, verdict.loss.detach())
    terms = {"goal": torch.stack([v.loss for v in verdicts]).mean().item()}
    for penalty in problem.penalties:
        value = penalty(problem.patch())
        value.backward()  # type: ignore[no-untyped-call]
        terms[penalty.name] = value.item()
    optimizer.step()
    problem.patch.project_()
    if problem.practice:
        problem.practice.stepped(index)
    victims, successes = _by_victim(verdicts, scene)
    success, loss = sum(successes.values()) / len(successes), sum(terms.values())
    if len(problem.objective.members) > 1:
        terms |= victims
    seconds = time.perf_counter() - begun
    return Step(index, problem.budget.steps, loss, success, seconds, terms, successes=successes)


def _scene(problem: Problem, random: torch.Generator, mosaics: float) -> SceneBatch:
    if mosaics and float(torch.rand((), generator=random)) < mosaics:
        return mosaic(next(problem.scenes.batches(problem.budget.batch * TILES**2, random)), random)
    if problem.practice:
        return problem.practice.scene(problem.scenes, problem.budget.batch, random)
    return next(problem.scenes.batches(problem.budget.batch, random))


def _draws(problem: Problem, scene: SceneBatch, index: int, random: torch.Generator) -> Draws:
    draws = problem.renderer.sample(scene, random)
    if problem.practice is None:
        return draws
    return problem.practice.draws(scene, draws, index / max(1, problem.budget.steps - 1), random)


def _by_victim(verdicts: list[Verdict], scene: SceneBatch) -> tuple[dict[str, float], dict[str, float]]:
    """Mean loss, and share of the wearers on which the goal was achieved, of each victim that was asked."""
    names = list(verdicts[0].losses)
    losses = {name: torch.stack([v.losses[name] for v in verdicts]).mean().item() for name in names}
    shares = {
        name: torch.cat([v.achieved[name][scene.wears] for v in verdicts]).float().mean().item() for name in names
    }
    return losses, shares


def _copy(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in state.items()}


def _detached(patch: PatchImage) -> PatchImage:
    return replace(patch, srgb=patch.srgb.detach().cpu(), alpha=patch.alpha.detach().cpu())


def _state(
    problem: Problem, optimizer: torch.optim.Optimizer, progress: _Progress, best: dict[str, Tensor]
) -> dict[str, Any]:
    return {
        "patch": problem.patch.state_dict(), "best": best, "optimizer": optimizer.state_dict(),
        "step": progress.step, "best_loss": progress.best, "stale": progress.stale,
        "practice": problem.practice.state_dict() if problem.practice else {},
    }  # fmt: skip


def _resume(
    state: dict[str, Any] | None, problem: Problem, optimizer: torch.optim.Optimizer, best: dict[str, Tensor]
) -> tuple[_Progress, dict[str, Tensor]]:
    if state is None:
        return _Progress(), best
    problem.patch.load_state_dict(state["patch"])
    optimizer.load_state_dict(state["optimizer"])
    if problem.practice:
        problem.practice.load_state_dict(state["practice"])
    return _Progress(int(state["step"]), float(state["best_loss"]), int(state["stale"])), state["best"]
