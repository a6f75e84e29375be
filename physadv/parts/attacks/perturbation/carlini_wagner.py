"""Carlini & Wagner's attack in L2: the smallest change with a margin, by Adam and a search over the margin's weight.

Carlini & Wagner 2017, arXiv:1608.04644: minimise ``||delta||^2 + c f(x + delta)`` for ``x + delta = (tanh(w) + 1)/2``
(section VI A), where ``f`` is the margin, cut at ``-kappa`` (f6); ``c`` by bisection (section V D).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from physadv.core.access import AccessLevel
from physadv.core.problem.perturbation_problem import Norm, PerturbationProblem, Perturbed
from physadv.core.protocols import Observer
from physadv.library.perturbations.demands import require_no_eps, require_norm
from physadv.library.perturbations.incumbents import Incumbents, all_rows, ask
from physadv.library.perturbations.losses import margin
from physadv.library.perturbations.telling import Telling
from physadv.parts.attacks.perturbation.options_minimal import CarliniWagnerConfig

BETA1, BETA2, TINY = 0.9, 0.999, 1e-8  # of Adam (Kingma & Ba 2015, arXiv:1412.6980)
LOOKS = 10  # how often in a search it is seen whether the loss still falls, as in the authors' code


@dataclass(frozen=True)
class CarliniWagner:
    """Where we differ: each image has a ``c``, an Adam and an end of its own, so that images do not wait for others."""

    options: CarliniWagnerConfig
    needs: AccessLevel = AccessLevel.gradients

    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed:
        """The nearest image that succeeded with the margin ``kappa``, of each."""
        require_no_eps("carlini-wagner", problem)
        require_norm("carlini-wagner", problem, Norm.l2)
        best, rows = Incumbents(problem), all_rows(problem)
        with torch.no_grad():
            logits, fooled = ask(problem, problem.images, rows)
        best.keep(problem.images, fooled & (self._f(problem, logits, rows) <= -self.options.kappa), rows)
        lower = problem.images.new_zeros(len(rows))
        upper, c = torch.full_like(lower, torch.inf), torch.full_like(lower, self.options.c)
        with Telling(observers, self.options.searches * self.options.steps) as telling:
            for index in range(self.options.searches):
                rows = best.open(rows)
                fooled = self._search(problem, c, rows, best, telling, index * self.options.steps)
                upper, lower = (
                    torch.where(fooled, torch.minimum(upper, c), upper),
                    torch.where(fooled, lower, torch.maximum(lower, c)),
                )
                c = torch.where(upper.isfinite(), (lower + upper) / 2, 10 * c)
        return best.result()

    def _search(
        self, problem: PerturbationProblem, c: Tensor, rows: Tensor, best: Incumbents, telling: Telling, before: int
    ) -> Tensor:
        """``(B,)`` whether an image was fooled at its ``c``; the nearest are kept."""
        fooled_once = torch.zeros(len(c), dtype=torch.bool, device=c.device)
        x, c, w = problem.images[rows], c[rows], _outwards(problem.images[rows])
        first, second, last = torch.zeros_like(w), torch.zeros_like(w), torch.full_like(c, torch.inf)
        for index in range(self.options.steps):
            if not len(rows):
                break
            w = w.detach().requires_grad_()
            moved = (w.tanh() + 1) / 2
            logits, fooled = ask(problem, moved, rows)
            f = self._f(problem, logits, rows)
            loss = (moved - x).square().flatten(1).sum(1) + c * f
            (g,) = torch.autograd.grad(loss.sum(), w)
            fooled = fooled & (f <= -self.options.kappa)
            fooled_once[rows] |= fooled
            best.keep(moved, fooled, rows)
            telling.step(before + index, loss, best.success)
            first, second = torch.lerp(g, first, BETA1), torch.lerp(g.square(), second, BETA2)
            unbiased = (second / (1 - BETA2 ** (index + 1))).sqrt()
            w = w.detach() - self.options.lr * (first / (1 - BETA1 ** (index + 1))) / (unbiased + TINY)
            if index % max(1, self.options.steps // LOOKS) == 0:
                falls = loss.detach() <= 0.9999 * last
                rows, x, c, w, first, second, last = (
                    rows[falls], x[falls], c[falls], w[falls], first[falls], second[falls], loss.detach()[falls],
                )  # fmt: skip
        return fooled_once

    def _f(self, problem: PerturbationProblem, logits: Tensor, rows: Tensor) -> Tensor:
        """``(b,)`` the margin, cut at ``-kappa`` (f6)."""
        return margin(logits, problem.labels_of(rows), problem.targets_of(rows)).clamp_min(-self.options.kappa)


def _outwards(images: Tensor) -> Tensor:
    """``w`` with ``(tanh(w) + 1) / 2`` the image; black and white are a hair's breadth inside, or they never moved."""
    return torch.atanh((2 * images - 1) * 0.999999)
