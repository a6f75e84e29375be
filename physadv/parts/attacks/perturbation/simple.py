"""Simple changes as controls: is a victim fooled by what a lamp, a tilted or a shifted camera does by itself?

Rotations and shifts searched by a grid: Engstrom et al. 2019, arXiv:1712.02779, section 3.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import torch
from kornia.geometry.transform import rotate
from torch import Tensor

from physadv.core.access import AccessLevel
from physadv.core.problem.perturbation_problem import PerturbationProblem, Perturbed
from physadv.core.protocols import Observer
from physadv.library.perturbations.demands import require_no_eps
from physadv.library.perturbations.incumbents import all_rows, ask
from physadv.library.perturbations.telling import Telling
from physadv.parts.attacks.perturbation.options_simple import BrightnessConfig, RotationConfig, TranslationConfig


class Change(Protocol):
    """A family of changes, ordered from none to the largest."""

    @property
    def name(self) -> str: ...
    def amounts(self) -> list[tuple[float, ...]]:
        """All that are tried, in this order."""
        ...

    def made(self, images: Tensor, amount: tuple[float, ...]) -> Tensor:
        """``images`` ``(b,3,H,W)`` changed by it, in [0, 1]."""
        ...


@dataclass(frozen=True)
class Simple:
    """Tries the changes of a grid, the smallest first, until one fools; it needs no more than decisions.

    What is small is the change's own (codes, degrees, pixels); how large it is in the problem's norm is told like that
    of any attack. An image that nothing fools comes back as it was.
    """

    change: Change
    needs: AccessLevel = AccessLevel.decisions

    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed:
        """The first change of the grid that fools, of each image."""
        require_no_eps(self.change.name, problem)
        images, rows = problem.images.clone(), all_rows(problem)
        success, steps = torch.zeros_like(problem.labels, dtype=torch.bool), torch.zeros_like(problem.labels)
        amounts, budget = self.change.amounts(), problem.victim.queries.budget
        with Telling(observers, len(amounts)) as telling, torch.no_grad():
            for index, amount in enumerate(amounts[:budget]):
                tried = self.change.made(problem.images[rows], amount)
                _, fooled = ask(problem, tried, rows)
                steps[rows] += 1
                images[rows[fooled]], success[rows[fooled]] = tried[fooled], True
                telling.step(index, (~fooled).float(), success)
                rows = rows[~fooled]
                if not len(rows):
                    break
        return Perturbed(images, success, steps)


@dataclass(frozen=True)
class Brightness:
    """Adds the same to every value, up or down."""

    options: BrightnessConfig
    name: str = "brightness"

    def amounts(self) -> list[tuple[float, ...]]:
        """Nothing, then up and down in turns."""
        return _there_and_back(self.options.limit, self.options.steps)

    def made(self, images: Tensor, amount: tuple[float, ...]) -> Tensor:
        """Values that leave [0, 1] are cut."""
        return (images + amount[0]).clamp(0, 1)


@dataclass(frozen=True)
class Rotation:
    """Turns the picture about its centre; what comes in at the corners is black."""

    options: RotationConfig
    name: str = "rotation"

    def amounts(self) -> list[tuple[float, ...]]:
        """Nothing, then to the left and to the right in turns, in degrees."""
        return _there_and_back(self.options.limit_deg, self.options.steps)

    def made(self, images: Tensor, amount: tuple[float, ...]) -> Tensor:
        """Resampled bilinearly; no turn leaves the picture as it is."""
        if not amount[0]:
            return images
        turned: Tensor = rotate(images, torch.full((len(images),), amount[0]).to(images))
        return turned.clamp(0, 1)


@dataclass(frozen=True)
class Translation:
    """Shifts the picture by whole pixels; what comes in at the edges is black."""

    options: TranslationConfig
    name: str = "translation"

    def amounts(self) -> list[tuple[float, ...]]:
        """All shifts in x and y up to the limit, the shortest first."""
        limit = self.options.limit_px
        shifts = [(float(x), float(y)) for x in range(-limit, limit + 1) for y in range(-limit, limit + 1)]
        return [*sorted(shifts, key=lambda shift: (shift[0] ** 2 + shift[1] ** 2, shift))]

    def made(self, images: Tensor, amount: tuple[float, ...]) -> Tensor:
        """No shift leaves the picture as it is."""
        x, y = (int(part) for part in amount)
        shifted = torch.zeros_like(images)
        height, width = images.shape[-2:]
        if abs(x) < width and abs(y) < height:
            shifted[..., max(y, 0) : height + min(y, 0), max(x, 0) : width + min(x, 0)] = images[
                ..., max(-y, 0) : height - max(y, 0), max(-x, 0) : width - max(x, 0)
            ]
        return shifted


def _there_and_back(limit: float, steps: int) -> list[tuple[float, ...]]:
    """0, then ``limit`` times 1/steps, -1/steps, 2/steps, … -1."""
    return [(0.0,), *((sign * limit * k / steps,) for k in range(1, steps + 1) for sign in (1, -1))]
