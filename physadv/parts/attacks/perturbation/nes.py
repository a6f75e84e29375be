"""Gradients estimated from scores: natural evolution strategies (Ilyas et al. 2018, arXiv:1804.08598, algorithm 1).

    g ← 1/(2nσ) Σ (L(x + σ u_i) − L(x − σ u_i)) u_i,  u_i ~ N(0, I), n/2 pairs;   x ← Π(x − η sign(g))

Steps are those of projected gradient descent in the norm; Π is onto the ball and into [0, 1]. As in the authors' code
g is the running mean of the estimates. A step costs n questions and one to see whether it fools. Each image has its own
random numbers.
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
from physadv.library.perturbations.demands import require_eps, require_norm
from physadv.library.perturbations.norms import steepest, within
from physadv.library.perturbations.telling import Telling
from physadv.parts.attacks.perturbation.options_black_box import NesConfig
from physadv.parts.attacks.perturbation.questions import Questions, at_once


@dataclass(frozen=True)
class Nes:
    """Descent on estimated gradients."""

    config: NesConfig
    needs: AccessLevel = AccessLevel.scores

    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed:
        """Step until every image fools or has no step left; an image that does not gives back its last."""
        require_norm("nes", problem, Norm.linf, Norm.l2)
        eps = require_eps("nes", problem)
        questions, a_step = Questions(problem, self.config.queries), self.config.samples + 1
        generators = [generator(problem.seed, f"nes {position}") for position in range(len(problem.images))]
        mu, gradient = self.config.momentum, torch.zeros_like(problem.images)
        total = max(0, int(questions.limits.max()) // a_step)
        with Telling(observers, total) as telling:
            for index in range(total):
                if not len(rows := questions.open(a_step)):
                    break
                here = questions.images[rows]
                gradient[rows] = mu * gradient[rows] + (1 - mu) * self._estimated(questions, here, rows, generators)
                moved = here - self.config.step * eps * steepest(gradient[rows], problem.norm)
                moved = within(moved, problem.images[rows], problem.norm, eps)
                losses, fooled = questions.losses(moved, rows)
                questions.keep(moved, rows, success=fooled, done=fooled)
                questions.steps[rows] += 1
                telling.step(index, losses, questions.success)
        return questions.perturbed()

    def _estimated(
        self, questions: Questions, images: Tensor, rows: Tensor, generators: list[torch.Generator]
    ) -> Tensor:
        """The loss's gradient at each image; as many images at a time as memory allows."""
        pairs, sigma = self.config.samples // 2, self.config.sigma
        gradients, together = [], max(1, at_once(images) // (2 * pairs))
        for part in torch.split(torch.arange(len(images), device=rows.device), together):
            drawn = [torch.randn(pairs, *images.shape[1:], generator=generators[row]) for row in rows[part].tolist()]
            noise = torch.stack(drawn).to(images)  # (b, pairs, 3, H, W)
            shown = images[part, None, None] + sigma * torch.stack([noise, -noise], 1)
            losses, _ = questions.losses(shown.flatten(0, 2), rows[part].repeat_interleave(2 * pairs))
            up, down = losses.reshape(-1, 2, pairs).unbind(1)
            gradients.append(torch.einsum("bp,bpchw->bchw", up - down, noise) / (2 * pairs * sigma))
        return torch.cat(gradients)
