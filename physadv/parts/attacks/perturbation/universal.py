"""One change for all images.

That there is one: Moosavi-Dezfooli et al. 2017, arXiv:1610.08401. Found as Shafahi et al. 2020, arXiv:1811.11304,
Algorithm 2: signed gradient steps on the mean of losses that are cut off (eq. 4), in place of one DeepFool after
another.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from physadv.core.access import AccessLevel
from physadv.core.problem.perturbation_problem import Norm, PerturbationProblem, Perturbed
from physadv.core.protocols import Observer
from physadv.library.perturbations.demands import require_eps, require_norm
from physadv.library.perturbations.incumbents import all_rows, ask
from physadv.library.perturbations.losses import cross_entropy
from physadv.library.perturbations.norms import projected, steepest
from physadv.library.perturbations.telling import Telling
from physadv.parts.attacks.perturbation.options_strong import UniversalConfig


@dataclass(frozen=True)
class Universal:
    """The images are dealt out to ``folds`` hands; each hand gets the one change that was made on all others.

    So every image is judged with a change that has never met it, as in the papers, and none is lost to that. With
    ``folds=1`` there is one change for all, which they have made themselves: that flatters.
    """

    options: UniversalConfig
    needs: AccessLevel = AccessLevel.gradients

    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed:
        """All images with their hand's change, cut to [0, 1]. An image without others gets none."""
        require_norm("universal", problem, Norm.linf, Norm.l2)
        eps, rows = require_eps("universal", problem), all_rows(problem)
        images, folds, steps = problem.images.clone(), self.options.folds, self.options.steps
        with Telling(observers, folds * steps) as telling:
            for fold in range(folds):
                hand = rows % folds == fold
                seen = rows if folds == 1 else rows[~hand]
                if not len(seen):
                    continue
                delta = self._made(problem, eps, seen, telling, before=fold * steps)
                images[hand] = (problem.images[hand] + delta).clamp(0, 1)
        with torch.no_grad():
            _, success = ask(problem, images, rows)
        return Perturbed(images, success, torch.full_like(problem.labels, steps))

    def _made(self, problem: PerturbationProblem, eps: float, seen: Tensor, telling: Telling, *, before: int) -> Tensor:
        """``(1,3,H,W)`` the change that fools most of these images."""
        delta = torch.zeros_like(problem.images[:1])
        for k in range(self.options.steps):
            loss, g, fooled = self._slope(problem, delta, seen)
            telling.step(before + k, loss, fooled)
            step = eps * self.options.lr * (1 - 0.9 * k / self.options.steps)
            delta = projected(delta - step * steepest(g, problem.norm), problem.norm, eps)
        return delta

    def _slope(self, problem: PerturbationProblem, delta: Tensor, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Losses ``(b,)``, the gradient of their mean at the change ``(1,3,H,W)``, and ``(b,)`` who is fooled."""
        delta = delta.detach().requires_grad_()
        logits, fooled = ask(problem, (problem.images[rows] + delta).clamp(0, 1), rows)
        loss = cross_entropy(logits, problem.labels_of(rows), problem.targets_of(rows))
        if problem.targets is None:  # what is cut off is how far beyond the edge an image is
            loss = loss.clamp_min(-self.options.cut)
        (g,) = torch.autograd.grad(loss.mean(), delta)
        return loss.detach(), g, fooled
