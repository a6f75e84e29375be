"""Projected gradient descent (Madry, Makelov, Schmidt, Tsipras & Vladu 2018, arXiv:1706.06083, section 2.1).

In L1 a step moves the share of values whose gradients are largest, all by the same (the SLIDE of Tramèr & Boneh 2019,
arXiv:1904.13000, section 3): along the single steepest coordinate it would take a step a value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from physadv.core.access import AccessLevel
from physadv.core.problem.perturbation_problem import Norm, PerturbationProblem, Perturbed
from physadv.core.protocols import Observer
from physadv.core.seeding import generator
from physadv.library.perturbations import losses
from physadv.library.perturbations.demands import require_eps, require_norm
from physadv.library.perturbations.iterated import iterated
from physadv.library.perturbations.norms import random_change, size, steepest, within
from physadv.parts.attacks.perturbation.options import LossName, PgdConfig

LOSSES = {
    LossName.entropy: losses.cross_entropy,
    LossName.margin: losses.margin,
    LossName.ratio: losses.logits_ratio,
}


@dataclass(frozen=True)
class Pgd:
    """``x^{t+1} = Π_{x+S}(x^t + alpha sign(∇x L(θ, x, y)))``; restarts are made by whoever runs it."""

    config: PgdConfig
    needs: AccessLevel = AccessLevel.gradients

    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed:
        """An image that is taken as wished is left alone, unless the victim stands in for another one."""
        require_norm("pgd", problem, Norm.linf, Norm.l2, Norm.l1)
        eps, norm, config = require_eps("pgd", problem), problem.norm, self.config
        alpha = config.reach * eps / config.steps

        def move(index: int, x: Tensor, gradient: Tensor, rows: Tensor) -> Tensor:
            way = sparse(gradient, config.density) if norm is Norm.l1 else steepest(gradient, norm)
            return within(x - alpha * way, problem.images[rows], norm, eps)

        start = random_start(problem, eps) if config.random_start else problem.images
        stop = config.stop and not problem.stands_in
        return iterated(problem, start, config.steps, move, LOSSES[config.loss], observers, stop=stop)


def random_start(problem: PerturbationProblem, eps: float) -> Tensor:
    """Uniform in the ball, then cut to [0, 1]."""
    images = problem.images
    random = generator(problem.seed, "perturbation/start", images.device)
    if problem.norm is Norm.linf:
        change = (torch.rand(images.shape, generator=random, device=images.device) * 2 - 1) * eps
    else:
        share = torch.rand(len(images), generator=random, device=images.device) ** (1 / images[0].numel())
        change = random_change(images.shape, problem.norm, eps * share, random)
    return within(images + change, images, problem.norm, eps)


def sparse(gradient: Tensor, density: float) -> Tensor:
    """The signs of the share of values that are largest in size, scaled to an L1 norm of 1."""
    flat = gradient.flatten(1).abs()
    count = max(1, round(density * flat.shape[1]))
    least = flat.topk(count, dim=1).values[:, -1:]
    signs = gradient.sign() * (flat >= least).reshape(gradient.shape)
    return signs / size(signs, Norm.l1).clamp_min(1)[:, None, None, None]
