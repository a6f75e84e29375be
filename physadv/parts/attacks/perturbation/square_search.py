"""Square Attack: random search by squares, on scores alone (Andriushchenko et al. 2020, arXiv:1912.00049).

    x̂ ← initial colours;  repeat: δ ~ a square of side h at a random place,  x̂ + δ better? keep it : leave it
    h = √(p w²), p halved at 10, 50, 200, 1000, 2000, 4000, 6000 and 8000 of 10,000 queries

In Linf the square's pixels are moved to the border of the ball (algorithm 2), in L2 mass is moved from one square to
another (algorithm 3). All images are at the same step; each has its own squares and is done once it fools.
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
from physadv.library.perturbations.demands import require_eps, require_norm
from physadv.library.perturbations.telling import Telling
from physadv.parts.attacks.patch.square import halved
from physadv.parts.attacks.perturbation.options_black_box import SquareSearchConfig
from physadv.parts.attacks.perturbation.questions import Questions

_TOLD_EVERY = 10


@dataclass(frozen=True)
class SquareSearch:
    """Algorithm 1; one question a step and image."""

    config: SquareSearchConfig
    needs: AccessLevel = AccessLevel.scores

    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed:
        """Search until every image fools or has no question left; what comes back is each image's best."""
        eps = require_eps("square", problem)
        require_norm("square", problem, Norm.linf, Norm.l2)
        first, proposed = (_stripes, _square) if problem.norm is Norm.linf else (_tiles, _moved_mass)
        questions, random = Questions(problem, self.config.queries), generator(problem.seed, "square")
        losses = torch.full((len(problem.images),), torch.inf, device=problem.images.device)
        total = max(0, int(questions.limits.max()))
        with Telling(observers, total, _TOLD_EVERY) as telling:
            for index in range(total):
                if not len(rows := questions.open()):
                    break
                clean, best = problem.images[rows], questions.images[rows]
                draws = _Draws.sample(len(problem.images), random).of(rows)
                area = self.config.p * halved(index / total)
                images = proposed(best, clean, eps, area, draws) if index else first(problem.images, eps, random)[rows]
                loss, fooled = questions.losses(images, rows)
                better = fooled | (loss < losses[rows])
                kept = rows[better]
                losses[kept] = loss[better]
                questions.keep(images[better], kept, success=fooled[better], done=fooled[better])
                questions.steps[rows] += 1
                telling.step(index, losses[rows], questions.success)
        return questions.perturbed()


@dataclass(frozen=True)
class _Draws:
    """The random numbers of one step: what an image gets does not depend on which others are done."""

    places: Tensor  # (b, 4) in [0, 1): top, left of the square, and of the one that gives its mass
    signs: Tensor  # (b, 3) -1 or 1, by channel
    upright: Tensor  # (b,) bool: how the bump stands

    @staticmethod
    def sample(count: int, random: torch.Generator) -> _Draws:
        numbers = torch.rand(count, 8, generator=random)
        return _Draws(numbers[:, :4], (numbers[:, 4:7] < 0.5) * 2.0 - 1, numbers[:, 7] < 0.5)

    def of(self, rows: Tensor) -> _Draws:
        where = rows.cpu()
        places, signs, upright = (each[where].to(rows.device) for each in (self.places, self.signs, self.upright))
        return _Draws(places, signs, upright)


def _stripes(clean: Tensor, eps: float, random: torch.Generator) -> Tensor:
    """Vertical stripes one pixel wide, each channel up or down by eps (section 3.2)."""
    signs = torch.randint(2, (*clean.shape[:2], 1, clean.shape[3]), generator=random) * 2.0 - 1
    return (clean + eps * signs.to(clean)).clamp(0, 1)


def _square(best: Tensor, clean: Tensor, eps: float, area: float, draws: _Draws) -> Tensor:
    """Every pixel of a square moved to one and the same corner of the ball around it (algorithm 2)."""
    height, width = clean.shape[-2:]
    side = max(1, min(round(math.sqrt(area * height * width)), height, width))
    inside = _window(clean, side, draws.places[:, :2]).mask
    return torch.where(inside, clean + eps * draws.signs[:, : clean.shape[1], None, None], best).clamp(0, 1)


def _tiles(clean: Tensor, eps: float, random: torch.Generator) -> Tensor:
    """Five by five bumps of random signs, together of norm eps (section 3.3)."""
    height, width = clean.shape[-2:]
    side = max(1, min(height, width) // 5)
    down, across = torch.arange(height) // side, torch.arange(width) // side
    shape = *clean.shape[:2], height // side + 1, width // side + 1
    signs = torch.randint(2, shape, generator=random) * 2.0 - 1
    bumps = _bump(side)[torch.arange(height) % side][:, torch.arange(width) % side]
    change = (signs[:, :, down][..., across] * bumps).to(clean)
    return (clean + eps * change / _norm(change)).clamp(0, 1)


def _moved_mass(best: Tensor, clean: Tensor, eps: float, area: float, draws: _Draws) -> Tensor:
    """The mass of one square, and what clipping has freed, goes into a bump in another square (algorithm 3)."""
    height, width = clean.shape[-2:]
    side = min(max(round(math.sqrt(area * height * width)), 3) // 2 * 2 + 1, height, width)
    taker, giver = (_window(clean, side, places) for places in (draws.places[:, :2], draws.places[:, 2:]))
    change = best - clean
    freed = (eps**2 - _norm(change) ** 2).clamp_min(0) / clean.shape[1]
    # of all channels, as AutoAttack has it: channel by channel, as printed, the attack is weaker
    mass = (_norm(change * (taker.mask | giver.mask)) ** 2 + freed).sqrt()
    inside = change * taker.mask
    bump = _bump(side).to(clean)
    standing = torch.where(draws.upright[:, None, None], bump, bump.T)
    each = torch.arange(len(clean), device=clean.device)[:, None, None]
    laid = standing[each, taker.down[:, :, None], taker.across[:, None]]
    direction = (laid[:, None] * draws.signs[:, : clean.shape[1], None, None] + inside / _mass(inside)) * taker.mask
    moved = torch.where(giver.mask, 0.0, change)
    moved = torch.where(taker.mask, direction / _mass(direction) * mass, moved)
    return (clean + eps * moved / _norm(moved)).clamp(0, 1)


@dataclass(frozen=True)
class _Window:
    mask: Tensor  # (b, 1, H, W) bool
    down: Tensor  # (b, H) int64: how far below the square's top, cut to the square
    across: Tensor  # (b, W) int64


def _window(images: Tensor, side: int, places: Tensor) -> _Window:
    """Squares whose top left corners are at these shares ``(b, 2)`` of where they can be."""
    height, width = images.shape[-2:]
    room = torch.tensor([height - side + 1, width - side + 1], device=images.device)
    top, left = (places * room).long().unbind(1)
    down = torch.arange(height, device=images.device) - top[:, None]
    across = torch.arange(width, device=images.device) - left[:, None]
    rows, columns = (down >= 0) & (down < side), (across >= 0) & (across < side)
    mask = (rows[:, :, None] & columns[:, None])[:, None]
    return _Window(mask, down.clamp(0, side - 1), across.clamp(0, side - 1))


def _bump(side: int) -> Tensor:
    """``(side, side)`` of norm 1: one half up, the other down, each highest in its middle (eq. 2 and below)."""
    upper = side // 2
    whole = torch.cat([_half(upper, side), -_half(side - upper, side)])
    length: Tensor = torch.linalg.vector_norm(whole)
    return whole / length


def _half(height: int, width: int) -> Tensor:
    """``(height, width)``: at distance ``m`` from the middle ``Σ 1/j²``, j from ``m + 1`` to that of the border."""
    down = (torch.arange(height) - height // 2).abs()
    across = (torch.arange(width) - width // 2).abs()
    distance = torch.maximum(down[:, None], across[None])
    tail = (1 / torch.arange(1, max(height, width) // 2 + 2, dtype=torch.float32) ** 2).flip(0).cumsum(0).flip(0)
    return tail[distance]


def _norm(change: Tensor) -> Tensor:
    norm: Tensor = torch.linalg.vector_norm(change, dim=(1, 2, 3), keepdim=True)
    return norm.clamp_min(1e-12)


def _mass(change: Tensor) -> Tensor:
    """``(b, 3, 1, 1)`` L2 by channel."""
    norm: Tensor = torch.linalg.vector_norm(change, dim=(2, 3), keepdim=True)
    return norm.clamp_min(1e-12)
