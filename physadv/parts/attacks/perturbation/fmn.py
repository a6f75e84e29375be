"""Fast minimum norm: a ball that shrinks while the image in it succeeds, and grows to the edge while it does not.

Pintor et al. 2021, arXiv:2102.12827, Algorithm 1; the margin is its loss (eq. 3).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from physadv.core.access import AccessLevel
from physadv.core.problem.perturbation_problem import Norm, PerturbationProblem, Perturbed
from physadv.core.protocols import Observer
from physadv.library.perturbations.demands import require_no_eps
from physadv.library.perturbations.incumbents import Incumbents, all_rows
from physadv.library.perturbations.iterated import slope
from physadv.library.perturbations.losses import margin
from physadv.library.perturbations.norms import projected, size, steepest
from physadv.library.perturbations.telling import Telling
from physadv.parts.attacks.perturbation.options_minimal import FmnConfig


@dataclass(frozen=True)
class Fmn:
    """All four norms. L0 counts pixels, not values: a pixel may change in all its channels.

    Where we differ: a ball that has not reached the edge yet grows by the share gamma at least; or an image that lies
    on the edge, as where all is linear, would stay there.
    """

    options: FmnConfig
    needs: AccessLevel = AccessLevel.gradients

    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed:
        """The nearest image that succeeded, of each."""
        require_no_eps("fmn", problem)
        best, rows = Incumbents(problem), all_rows(problem)
        x, delta = problem.images, torch.zeros_like(problem.images)
        first = 1.0 if problem.norm is Norm.l0 else torch.inf
        eps = torch.full((len(x),), first, dtype=x.dtype, device=x.device)
        with Telling(observers, self.options.steps) as telling:
            for k in range(self.options.steps):
                decay = (1 + math.cos(math.pi * k / self.options.steps)) / 2
                alpha = self.options.alpha * (0.01 + 0.99 * decay)  # to a hundredth
                gamma = self.options.gamma * (0.02 + 0.98 * decay)  # from .05 to .001
                moved = x + delta
                here = slope(problem, moved, margin, rows)
                loss, g, fooled = here.loss, here.gradient, problem.fooled(problem.victim.decide(here.outputs), rows)
                best.keep(moved, fooled, rows)
                telling.step(k, loss, best.success)
                if len(left := best.open(rows)) < len(rows):
                    kept = best.sizes[rows] > 0
                    x, delta, eps, g, fooled, loss, rows = (
                        x[kept], delta[kept], eps[kept], g[kept], fooled[kept], loss[kept], left,
                    )  # fmt: skip
                if not len(rows):
                    break
                eps = _ball(problem.norm, eps, gamma, fooled, best.sizes[rows], size(delta, problem.norm),
                            loss.abs() / _dual(g, problem.norm))  # fmt: skip
                delta = projected(delta - alpha * steepest(g, Norm.l2), problem.norm, eps)
                delta = (x + delta).clamp(0, 1) - x
        return best.result()


def _ball(
    norm: Norm, eps: Tensor, gamma: float, fooled: Tensor, smallest: Tensor, now: Tensor, to_edge: Tensor
) -> Tensor:
    """``(b,)`` the next radius (lines 5 to 10): ``smallest`` is the size of the best, infinite where there is none.

    For L0 it moves by one pixel at least.
    """
    if norm is Norm.l0:
        inwards = torch.minimum(torch.minimum(eps - 1, (eps * (1 - gamma)).floor()), smallest)
        return torch.where(fooled, inwards, torch.maximum(eps + 1, (eps * (1 + gamma)).floor())).clamp_min(0)
    outwards = torch.where(smallest.isfinite(), eps * (1 + gamma), now + torch.maximum(to_edge, gamma * now))
    return torch.where(fooled, torch.minimum(eps * (1 - gamma), smallest), outwards)


def _dual(g: Tensor, norm: Norm) -> Tensor:
    """``(b,)`` the norm by which the gradient turns a loss into a distance."""
    dual = {Norm.l1: Norm.linf, Norm.l2: Norm.l2, Norm.linf: Norm.l1, Norm.l0: Norm.l2}[norm]
    return size(g, dual).clamp_min(1e-12)
