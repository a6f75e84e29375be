"""The momentum iterative fast gradient sign method (Dong et al. 2018, arXiv:1710.06081, algorithm 1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from physadv.core.access import AccessLevel
from physadv.core.problem.perturbation_problem import Norm, PerturbationProblem, Perturbed
from physadv.core.protocols import Observer
from physadv.library.perturbations.demands import require_eps, require_norm
from physadv.library.perturbations.iterated import iterated
from physadv.library.perturbations.losses import cross_entropy
from physadv.library.perturbations.norms import size, steepest, within
from physadv.parts.attacks.perturbation.options import MiFgsmConfig


@dataclass(frozen=True)
class MiFgsm:
    """What is remembered of earlier gradients keeps the steps from turning with each of them."""

    config: MiFgsmConfig
    needs: AccessLevel = AccessLevel.gradients

    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed:
        """``g_{t+1} = mu g_t + ∇J / ||∇J||_1`` (eq. 6), ``x_{t+1} = x_t + alpha sign(g_{t+1})`` (eq. 7)."""
        require_norm("mi-fgsm", problem, Norm.linf, Norm.l2)
        eps, norm, mu, steps = require_eps("mi-fgsm", problem), problem.norm, self.config.mu, self.config.steps
        alpha = eps / steps
        g = torch.zeros_like(problem.images)

        def move(index: int, x: Tensor, gradient: Tensor, rows: Tensor) -> Tensor:
            scale = size(gradient, Norm.l1).clamp_min(1e-12)[:, None, None, None]
            g[rows] = mu * g[rows] + gradient / scale
            return within(x - alpha * steepest(g[rows], norm), problem.images[rows], norm, eps)

        return iterated(problem, problem.images, steps, move, cross_entropy, observers, stop=self.config.stop)
