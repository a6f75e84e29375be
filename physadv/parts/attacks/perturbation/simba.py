"""SimBA: up or down along one direction after the other, on scores alone (Guo et al. 2019, arXiv:1905.07121).

    pick q from Q without replacement;  for α in {ε, −ε}: p_h(y | x + δ + α q) lower? δ ← δ + α q, next q

Algorithm 1. Q are the pixels' channels, or the lowest frequencies of the cosine transform (section 3.1, SimBA-DCT): all
orthonormal, so ‖δ‖₂ ≤ √T ε after T steps. With eps what would leave the ball is brought back into it; without one the
first image that fools is given back.
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
from physadv.core.seeding import generator
from physadv.library.perturbations.demands import require_norm
from physadv.library.perturbations.norms import within
from physadv.library.perturbations.telling import Telling
from physadv.parts.attacks.perturbation.options_black_box import SimbaConfig
from physadv.parts.attacks.perturbation.questions import Questions

_TOLD_EVERY = 10


@dataclass(frozen=True)
class Simba:
    """Coordinate descent in a random order; one question a step and image, or two."""

    config: SimbaConfig
    needs: AccessLevel = AccessLevel.scores

    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed:
        """Step until every image fools, has no question left, or has tried every direction."""
        require_norm("simba", problem, Norm.l2, Norm.linf)
        questions, losses = Questions(problem, self.config.queries), torch.full((len(problem.images),), torch.inf)
        losses = losses.to(problem.images.device)
        basis = _Basis.of(problem.images, self.config.frequencies)
        total = min(basis.count, max(1, int(questions.limits.max())))
        order = basis.orders(len(problem.images), total, generator(problem.seed, "simba"))
        self._try(questions, problem.images, questions.open(), losses)
        with Telling(observers, total, _TOLD_EVERY) as telling:
            for index in range(total):
                if not len(rows := questions.open()):
                    break
                directions = self.config.step * basis.directions(order[rows.cpu(), index].to(rows.device))
                rows_left = rows
                for sign in (1.0, -1.0):
                    asked = questions.asks(rows_left)
                    rows_left, directions = rows_left[asked], directions[asked]
                    moved = self._moved(problem, questions.images[rows_left] + sign * directions, rows_left)
                    better = self._try(questions, moved, rows_left, losses)
                    rows_left, directions = rows_left[~better], directions[~better]
                questions.steps[rows] += 1
                telling.step(index, losses[rows], questions.success)
        if problem.eps is None:
            failed = ~questions.success
            questions.images[failed] = problem.images[failed]
        return questions.perturbed()

    def _moved(self, problem: PerturbationProblem, images: Tensor, rows: Tensor) -> Tensor:
        if problem.eps is None:
            return images.clamp(0, 1)
        return within(images, problem.images[rows], problem.norm, problem.eps)

    def _try(self, questions: Questions, images: Tensor, rows: Tensor, losses: Tensor) -> Tensor:
        """Which of the images are better than the best so far; these are kept."""
        loss, fooled = questions.losses(images, rows)
        better = fooled | (loss < losses[rows])
        kept = rows[better]
        losses[kept] = loss[better]
        questions.keep(images[better], kept, success=fooled[better], done=fooled[better])
        return better


@dataclass(frozen=True)
class _Basis:
    """Orthonormal directions, by number: of a channel, a row and a column of the pixels or of the frequencies."""

    down: Tensor  # (n, H): each row a vector of norm 1
    across: Tensor  # (m, W)
    channels: int

    @staticmethod
    def of(images: Tensor, frequencies: int) -> _Basis:
        height, width = images.shape[-2:]
        if not frequencies:
            return _Basis(torch.eye(height).to(images), torch.eye(width).to(images), images.shape[1])
        return _Basis(
            _cosines(height)[:frequencies].to(images), _cosines(width)[:frequencies].to(images), images.shape[1]
        )

    @property
    def count(self) -> int:
        return self.channels * len(self.down) * len(self.across)

    def orders(self, images: int, steps: int, random: torch.Generator) -> Tensor:
        """``(B, steps)`` numbers of directions, none twice for an image."""
        return torch.stack([torch.randperm(self.count, generator=random)[:steps] for _ in range(images)])

    def directions(self, numbers: Tensor) -> Tensor:
        """``(b, C, H, W)``."""
        each = self.count // self.channels
        channel, place = numbers // each, numbers % each
        down, across = self.down[place // len(self.across)], self.across[place % len(self.across)]
        colour = torch.eye(self.channels, device=numbers.device)[channel]
        return colour[:, :, None, None] * down[:, None, :, None] * across[:, None, None]


def _cosines(size: int) -> Tensor:
    """``(size, size)``: the rows of the orthonormal cosine transform (DCT-II), lowest frequency first."""
    place = torch.arange(size, dtype=torch.float64)
    waves = torch.cos(math.pi * (place[None] + 0.5) * place[:, None] / size) * math.sqrt(2 / size)
    waves[0] /= math.sqrt(2)
    return waves.float()
