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
from physadv.core.errors import BadOption
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
    """The change is optimised on a share of the images, the first ones, and laid on all.

    The others are asked about once, without gradient: their count of gradients is 0 and so are their steps. Success on
    them is what the paper reports; that on the first ones flatters.
    """

    options: UniversalConfig
    needs: AccessLevel = AccessLevel.gradients

    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed:
        """All images with the same change, cut to [0, 1]."""
        require_norm("universal", problem, Norm.linf, Norm.l2)
        eps, rows = require_eps("universal", problem), all_rows(problem)
        seen = rows[: max(1, round(self.options.share * len(rows)))]
        if self.options.share < 1 and len(seen) == len(rows):
            raise BadOption(
                f"attack=universal optimises on {self.options.share:g} of the images and judges on the others, but "
                f"there are {len(rows)} in all. Give more images, or attack.share=1"
            )
        delta = torch.zeros_like(problem.images[:1])
        success = torch.zeros_like(problem.labels, dtype=torch.bool)
        with Telling(observers, self.options.steps) as telling:
            for k in range(self.options.steps):
                loss, g, success[seen] = self._slope(problem, delta, seen)
                telling.step(k, loss, success[seen])
                step = eps * self.options.lr * (1 - 0.9 * k / self.options.steps)
                delta = projected(delta - step * steepest(g, problem.norm), problem.norm, eps)
        images = (problem.images + delta).clamp(0, 1)
        with torch.no_grad():
            _, success = ask(problem, images, rows)
        steps = torch.zeros_like(problem.labels)
        steps[seen] = self.options.steps
        return Perturbed(images, success, steps)

    def _slope(self, problem: PerturbationProblem, delta: Tensor, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Losses ``(b,)``, the gradient of their mean at the change ``(1,3,H,W)``, and ``(b,)`` who is fooled."""
        delta = delta.detach().requires_grad_()
        logits, fooled = ask(problem, (problem.images[rows] + delta).clamp(0, 1), rows)
        loss = cross_entropy(logits, problem.labels_of(rows), problem.targets_of(rows))
        if problem.targets is None:  # what is cut off is how far beyond the edge an image is
            loss = loss.clamp_min(-self.options.cut)
        (g,) = torch.autograd.grad(loss.mean(), delta)
        return loss.detach(), g, fooled
