"""Auto-PGD: projected gradient steps that halve themselves when they no longer help.

Croce & Hein 2020, arXiv:2003.01690, Algorithm 1, with the losses of its sections 3 and 4.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from physadv.core.access import AccessLevel
from physadv.core.answers import ClassLogits
from physadv.core.errors import IncompatibleParts
from physadv.core.problem.perturbation_problem import Norm, PerturbationProblem, Perturbed
from physadv.core.protocols import Observer
from physadv.core.seeding import generator
from physadv.library.perturbations.demands import require_eps, require_norm
from physadv.library.perturbations.incumbents import all_rows, ask
from physadv.library.perturbations.iterated import ImageLoss, slope
from physadv.library.perturbations.losses import cross_entropy, logits_ratio
from physadv.library.perturbations.norms import size, steepest, within
from physadv.library.perturbations.subproblem import only
from physadv.library.perturbations.telling import Telling
from physadv.parts.attacks.perturbation.options_strong import ApgdConfig, ApgdLoss, ApgdTargetedConfig

ALPHA, RHO = 0.75, 0.75  # of the momentum; share of steps that must have helped


@dataclass(frozen=True)
class Apgd:
    """Where we differ: an image that is fooled is asked about no more; the loss falls, where the paper's rises."""

    options: ApgdConfig
    needs: AccessLevel = AccessLevel.gradients

    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed:
        """The first image that succeeded; the last best one where none did."""
        require_norm("apgd", problem, Norm.linf, Norm.l2)
        loss = cross_entropy if self.options.loss is ApgdLoss.ce else logits_ratio
        with Telling(observers, self.options.steps) as telling:
            return descended(problem, loss, self.options.steps, f"apgd {self.options.loss}", telling)


@dataclass(frozen=True)
class ApgdTargeted:
    """Towards one rival class after another, by the targeted ratio of logits (eq. 7): the highest first."""

    options: ApgdTargetedConfig
    needs: AccessLevel = AccessLevel.gradients

    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed:
        """The first image that succeeded; the last one where none did."""
        require_norm("apgd-t", problem, Norm.linf, Norm.l2)
        require_eps("apgd-t", problem)
        if problem.targets is not None:
            raise IncompatibleParts(
                "attack=apgd-t chooses targets by itself. Leave targets= out, or choose attack=apgd"
            )
        images, steps = problem.images.clone(), torch.zeros_like(problem.labels)
        with torch.no_grad():
            logits, success = ask(problem, problem.images)
        rivals = logits.scatter(1, problem.labels[:, None], -torch.inf).argsort(dim=1, descending=True)
        count = min(self.options.classes, logits.shape[1] - 1)
        with Telling(observers, count * self.options.steps) as telling:
            for k in range(count):
                rows = (~success).nonzero().flatten()
                if not len(rows):
                    break
                made = descended(
                    only(problem, rows),
                    logits_ratio,
                    self.options.steps,
                    f"apgd-t {k}",
                    telling,
                    before=k * self.options.steps,
                    towards=rivals[rows, k],
                )
                images[rows], success[rows] = made.images, made.success
                steps[rows] += made.steps
        return Perturbed(images, success, steps)


@dataclass
class _Iterates:
    """What Algorithm 1 keeps, a row an image that is not fooled yet."""

    rows: Tensor  # (b,) of the problem's images
    x: Tensor  # (b, 3, H, W)
    x_before: Tensor
    x_best: Tensor
    g: Tensor  # the gradient at x
    g_best: Tensor  # at x_best
    f: Tensor  # (b,) the loss at x
    f_best: Tensor
    eta: Tensor  # (b,) the step size
    helped: Tensor  # (b,) steps since the last checkpoint that made the loss smaller
    eta_then: Tensor  # at the last checkpoint
    f_best_then: Tensor

    def of(self, kept: Tensor) -> _Iterates:
        """That of some of its images, ``(b,)`` bool."""
        return _Iterates(**{field.name: getattr(self, field.name)[kept] for field in fields(self)})


def descended(
    problem: PerturbationProblem,
    loss: ImageLoss,
    steps: int,
    purpose: str,
    telling: Telling,
    before: int = 0,
    towards: Tensor | None = None,
) -> Perturbed:
    """Algorithm 1 from a random start; ``purpose`` seeds it, ``before`` steps have been told.

    The loss is that of the targets ``towards`` ``(B,)`` if given; success is the problem's all the same.
    """
    eps = require_eps("apgd", problem)
    aimed = problem if towards is None else replace(problem, targets=towards)
    images, success = problem.images.clone(), torch.zeros_like(problem.labels, dtype=torch.bool)
    taken = torch.zeros_like(problem.labels)
    state, looks = _started(problem, eps, purpose), checkpoints(steps)
    for k in range(steps + 1):  # the last one is only judged
        outputs = _measured_(aimed, state, loss, gradient=k < steps)
        fooled = problem.fooled(problem.victim.decide(outputs), state.rows)
        images[state.rows], success[state.rows], taken[state.rows] = state.x, fooled, k
        if k:
            telling.step(before + k - 1, state.f, success)
        if bool(fooled.any()):
            state = state.of(~fooled)
        if not len(state.rows) or k == steps:
            break
        if k and k in looks:
            _halve_(state, k - looks[looks.index(k) - 1])
        _move_(problem, state, eps, first=k == 0)
    images[state.rows] = state.x_best
    return Perturbed(images, success, taken)


def checkpoints(steps: int) -> list[int]:
    """The steps after which it is seen whether the step size still fits (section 3.1): 0, 22 %, 41 %, 57 % of them."""
    shares = [0.0, 0.22]
    while shares[-1] < 1:
        shares.append(shares[-1] + max(shares[-1] - shares[-2] - 0.03, 0.06))
    return sorted({math.ceil(round(share * steps, 6)) for share in shares if share <= 1})


def _started(problem: PerturbationProblem, eps: float, purpose: str) -> _Iterates:
    """A random start, in the ball: for Linf uniform in it, stretched to its border; for L2 a normal direction."""
    x = problem.images
    random = generator(problem.seed, purpose)
    uniform = problem.norm is Norm.linf
    drawn = torch.rand(x.shape, generator=random) * 2 - 1 if uniform else torch.randn(x.shape, generator=random)
    length = size(drawn, problem.norm).clamp_min(1e-12)[:, None, None, None]
    x = within(x + (drawn / length * eps).to(x), x, problem.norm, eps)
    inf = torch.full((len(x),), torch.inf, dtype=x.dtype, device=x.device)
    zero = torch.zeros_like(x)
    return _Iterates(
        all_rows(problem), x, x, x, zero, zero, -inf, inf, torch.full_like(inf, 2 * eps),
        torch.zeros_like(problem.labels), torch.full_like(inf, 2 * eps), inf,
    )  # fmt: skip


def _measured_(problem: PerturbationProblem, state: _Iterates, loss: ImageLoss, *, gradient: bool) -> ClassLogits:
    """Ask about ``state.x`` and keep what is best."""
    if gradient:
        here = slope(problem, state.x, loss, state.rows)
        f, state.g, outputs = here.loss, here.gradient, here.outputs
    else:
        with torch.no_grad():
            outputs = problem.victim.outputs(state.x, state.rows)
        f = loss(outputs.logits, problem.labels_of(state.rows), problem.targets_of(state.rows))
    state.helped = state.helped + (f < state.f)
    better = f < state.f_best
    where = better[:, None, None, None]
    state.x_best, state.g_best = torch.where(where, state.x, state.x_best), torch.where(where, state.g, state.g_best)
    state.f, state.f_best = f, torch.where(better, f, state.f_best)
    return outputs


def _halve_(state: _Iterates, since: int) -> None:
    """Where too few of the steps since the last checkpoint helped, or nothing changed: half the step, from the best."""
    few = state.helped < RHO * since
    stuck = (state.eta == state.eta_then) & (state.f_best == state.f_best_then)
    halved = few | stuck
    state.eta_then, state.f_best_then = state.eta, state.f_best
    state.eta = torch.where(halved, state.eta / 2, state.eta)
    where = halved[:, None, None, None]
    state.x, state.g = torch.where(where, state.x_best, state.x), torch.where(where, state.g_best, state.g)
    state.helped = torch.zeros_like(state.helped)


def _move_(problem: PerturbationProblem, state: _Iterates, eps: float, *, first: bool) -> None:
    """Lines 7 and 8: a step, and a share of the last one; the first has none before it."""
    clean, norm = problem.images[state.rows], problem.norm
    eta, alpha = state.eta[:, None, None, None], 1.0 if first else ALPHA
    z = within(state.x - eta * steepest(state.g, norm), clean, norm, eps)
    moved = state.x + alpha * (z - state.x) + (1 - alpha) * (state.x - state.x_before)
    state.x, state.x_before = within(moved, clean, norm, eps), state.x
