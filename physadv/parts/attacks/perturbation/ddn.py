"""Decoupled direction and norm: the gradient says where to, and success how far.

Rony et al. 2019, arXiv:1811.09600, Algorithm 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch

from physadv.core.access import AccessLevel
from physadv.core.problem.perturbation_problem import Norm, PerturbationProblem, Perturbed
from physadv.core.protocols import Observer
from physadv.library.perturbations.demands import require_no_eps, require_norm
from physadv.library.perturbations.incumbents import Incumbents, all_rows
from physadv.library.perturbations.iterated import slope
from physadv.library.perturbations.losses import cross_entropy
from physadv.library.perturbations.norms import size, steepest
from physadv.library.perturbations.telling import Telling
from physadv.parts.attacks.perturbation.options_minimal import DdnConfig


@dataclass(frozen=True)
class Ddn:
    """Where we differ: images are not rounded to 256 levels."""

    options: DdnConfig
    needs: AccessLevel = AccessLevel.gradients

    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed:
        """The nearest image that succeeded, of each."""
        require_no_eps("ddn", problem)
        require_norm("ddn", problem, Norm.l2)
        best, rows, gamma = Incumbents(problem), all_rows(problem), self.options.gamma
        x, delta = problem.images, torch.zeros_like(problem.images)
        eps = torch.full((len(x),), self.options.eps, dtype=x.dtype, device=x.device)
        with Telling(observers, self.options.steps) as telling:
            for k in range(self.options.steps):
                alpha = _annealed(k / self.options.steps)
                moved = x + delta
                here = slope(problem, moved, cross_entropy, rows)
                loss, g, fooled = here.loss, here.gradient, problem.fooled(problem.victim.decide(here.outputs), rows)
                best.keep(moved, fooled, rows)
                telling.step(k, loss, best.success)
                if len(left := best.open(rows)) < len(rows):
                    kept = best.sizes[rows] > 0
                    x, delta, eps, g, fooled, rows = x[kept], delta[kept], eps[kept], g[kept], fooled[kept], left
                if not len(rows):
                    break
                delta = delta - alpha * steepest(g, Norm.l2)
                eps = torch.where(fooled, (1 - gamma) * eps, (1 + gamma) * eps)
                delta = delta * (eps / size(delta, Norm.l2).clamp_min(1e-12))[:, None, None, None]
                delta = (x + delta).clamp(0, 1) - x
        return best.result()


def _annealed(progress: float) -> float:
    """The step size: half a cosine from 1 to 0.01 (section 4)."""
    return 0.01 + (1 - 0.01) * (1 + math.cos(math.pi * progress)) / 2
