"""One pixel, or k of them, by differential evolution on scores alone (Su, Vargas & Sakurai 2017, arXiv:1710.08864).

    candidate: k tuples (x, y, r, g, b)
    x_i(g+1) = x_r1(g) + F (x_r2(g) − x_r3(g)),  r1 ≠ r2 ≠ r3  (eq. 4); a child replaces its father if it scores lower

No crossover. As in the paper x and y start uniform and colours normal around the middle grey (mean 128, spread 127).
Ours stops an image where it is taken as wished, not at a probability, and compares the label's log-probability (for a
target its negative). What leaves the picture on one side comes in at the other; colours are cut to [0, 1].
All images evolve at once.
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
from physadv.core.seeding import generator
from physadv.library.perturbations.demands import require_eps, require_norm
from physadv.library.perturbations.telling import Telling
from physadv.parts.attacks.perturbation.options_black_box import OnePixelConfig
from physadv.parts.attacks.perturbation.questions import Questions, at_once


@dataclass(frozen=True)
class OnePixel:
    """Differential evolution of eps pixels."""

    config: OnePixelConfig
    needs: AccessLevel = AccessLevel.scores

    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed:
        """Evolve until every image fools or has no generation left; what comes back is each image's best candidate.

        An image whose budget is below the population evolves with as many candidates as it may be asked about.
        """
        require_norm("one-pixel", problem, Norm.l0)
        pixels = _pixels(problem)
        generations = self.config.generations + 1
        questions = Questions(problem, self.config.population * generations)
        population = min(self.config.population, int(questions.limits.max()))
        if population < 4:
            raise BadOption(
                f"attack=one-pixel breeds from four candidates or more, but the budget is {population}. Allow more"
            )
        random = generator(problem.seed, "one-pixel")
        genes = _first(problem.images.shape[:2], population, pixels, random).to(problem.images)
        losses = torch.full(genes.shape[:2], torch.inf, device=genes.device)
        with Telling(observers, generations) as telling:
            for index in range(generations):
                children = _children(genes, self.config.weight, random) if index else genes
                if not len(rows := questions.open(population)):
                    break
                loss, fooled = _asked(questions, children[rows], rows)
                better = loss < losses[rows]
                genes[rows] = torch.where(better[..., None, None], children[rows], genes[rows])
                losses[rows] = torch.where(better, loss, losses[rows])
                self._keep(questions, genes, losses, rows, children[rows], fooled)
                telling.step(index, losses[rows].amin(1), questions.success)
        return questions.perturbed()

    def _keep(
        self, questions: Questions, genes: Tensor, losses: Tensor, rows: Tensor, children: Tensor, fooled: Tensor
    ) -> None:
        """The best candidate of each image; where one of the children fools, the first of these."""
        each = torch.arange(len(rows), device=rows.device)
        chosen = torch.where(
            fooled.any(1)[:, None, None],
            children[each, fooled.int().argmax(1)],
            genes[rows, losses[rows].argmin(1)],
        )
        success = fooled.any(1)
        questions.keep(_painted(questions.problem.images[rows], chosen), rows, success=success, done=success)
        questions.steps[rows] += 1


def _pixels(problem: PerturbationProblem) -> int:
    eps, room = require_eps("one-pixel", problem), problem.images.shape[-2] * problem.images.shape[-1]
    if eps != int(eps) or not 1 <= eps <= room:
        raise BadOption(f"attack=one-pixel changes a whole number of pixels, from eps=1 to eps={room}, got eps={eps}")
    return int(eps)


def _first(size: torch.Size, population: int, pixels: int, random: torch.Generator) -> Tensor:
    """``(B, P, k, 2 + C)``: places x, y as shares of width and height, then the colour."""
    (images, channels), shape = size, (population, pixels)
    places = torch.rand(images, *shape, 2, generator=random)
    colours = (128 + 127 * torch.randn(images, *shape, channels, generator=random)) / 255
    return torch.cat([places, colours.clamp(0, 1)], -1)


def _children(genes: Tensor, weight: float, random: torch.Generator) -> Tensor:
    """Equation 4, with three different candidates for each."""
    images, population = genes.shape[:2]
    first = torch.randint(population, (images, population), generator=random)
    second = torch.randint(1, population, (images, population), generator=random)
    third = torch.randint(1, population - 1, (images, population), generator=random)
    third += third >= second
    parents = [(first + offset).remainder(population).to(genes.device) for offset in (0, second, third)]
    each = torch.arange(images, device=genes.device)[:, None]
    r1, r2, r3 = (genes[each, parent] for parent in parents)
    moved = r1 + weight * (r2 - r3)
    return torch.cat([moved[..., :2].remainder(1), moved[..., 2:].clamp(0, 1)], -1)


def _asked(questions: Questions, genes: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    """``(b, P)`` losses and successes of the candidates ``(b, P, k, 2 + C)``; pictures are made a part at a time."""
    flat, population = genes.flatten(0, 1), genes.shape[1]
    losses, fooled = [], []
    for part in torch.split(torch.arange(len(flat), device=rows.device), at_once(questions.images)):
        its = rows[part // population]
        loss, success = questions.losses(_painted(questions.problem.images[its], flat[part]), its)
        losses.append(loss)
        fooled.append(success)
    return torch.cat(losses).reshape(-1, population), torch.cat(fooled).reshape(-1, population)


def _painted(images: Tensor, genes: Tensor) -> Tensor:
    """The images ``(b, C, H, W)`` with the pixels of ``(b, k, 2 + C)``; of two at one place the later shows."""
    height, width = images.shape[-2:]
    painted, each = images.clone(), torch.arange(len(images), device=images.device)
    for pixel in genes.unbind(1):
        across = (pixel[:, 0] * width).long().clamp_max(width - 1)
        down = (pixel[:, 1] * height).long().clamp_max(height - 1)
        painted[each, :, down, across] = pixel[:, 2:]
    return painted
