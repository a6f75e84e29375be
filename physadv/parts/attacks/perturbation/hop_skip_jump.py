"""HopSkipJump: along the boundary, on decisions alone (Chen, Jordan & Wainwright 2020, arXiv:1904.02144, algorithm 2).

    x̃_0 fools;  x_0 ← bin-search(x̃_0)                                    the boundary between the image x* and x̃_0
    for t = 1 … T:  v ← Σ (φ(x + δ u_b) − mean φ) u_b,  B_t = B_0 √t probes, u_b uniform on the sphere     (eq. 16)
                    ξ ← ‖x − x*‖ / √t, halved until x + ξ v fools;  x ← bin-search(x + ξ v)

φ is 1 where the victim is fooled and −1 elsewhere; v is normed in L2 and its sign taken in Linf. θ = d^(−3/2) in L2 and
d^(−2) in Linf ends the search, δ = ‖x − x*‖ / d (section IV-C). Each image has its own random numbers, its own
budget, and with eps it is done once it is within eps.
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
from physadv.library.perturbations.norms import size, steepest, within
from physadv.library.perturbations.telling import Telling
from physadv.parts.attacks.perturbation.options_black_box import HopSkipJumpConfig
from physadv.parts.attacks.perturbation.questions import Questions, at_once

_HALVINGS = 24
"""No float32 image tells more apart."""


@dataclass(frozen=True)
class HopSkipJump:
    """The walk; how far it may go is given."""

    config: HopSkipJumpConfig
    needs: AccessLevel = AccessLevel.decisions

    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed:
        """Walk until every image is within eps or has no question left.

        Without eps the nearest image that fools comes back. With eps an image that is not within it gives back its
        nearest one brought into the ball, about which the last question is asked.
        """
        require_norm("hop-skip-jump", problem, Norm.l2, Norm.linf)
        walk = _Walk(problem, self.config)
        with Telling(observers, self.config.steps) as telling:
            rows = walk.begun()
            for index in range(self.config.steps):
                if not len(rows):
                    break
                rows = walk.step(index + 1, rows)
                telling.step(index, walk.distances[walk.fools], walk.questions.success)
        walk.brought_within_eps()
        return walk.questions.perturbed()


class _Walk:
    """Where each image stands on its boundary. ``fools``: whether one was found for it at all."""

    def __init__(self, problem: PerturbationProblem, config: HopSkipJumpConfig) -> None:
        self.problem, self.config, self.norm = problem, config, problem.norm
        self.questions = Questions(problem, config.queries)
        self.spare = 0 if problem.eps is None else 1  # question, for the image brought into the ball
        self.questions.limits -= self.spare
        self.here = problem.images.clone()
        count, device = len(problem.images), problem.images.device
        self.fools = torch.zeros(count, dtype=torch.bool, device=device)
        self.distances = torch.full((count,), torch.inf, device=device)
        self.nearest, self.nearest_distances = problem.images.clone(), self.distances.clone()
        self.generators = [generator(problem.seed, f"hop-skip-jump {position}") for position in range(count)]

    def begun(self) -> Tensor:
        """Stand on the boundary; the rows for which one was found and which are not done."""
        questions, clean = self.questions, self.problem.images
        rows = questions.open()
        fooled = questions.fooled(clean[rows], rows)
        questions.keep(clean[rows], rows, success=fooled, done=fooled)
        for trial in range(self.config.start):
            rows = questions.open()
            rows = rows[~self.fools[rows]]
            if not len(rows):
                break
            images = self._candidates(rows, trial)
            fooled = questions.fooled(images, rows)
            self.here[rows[fooled]], self.fools[rows[fooled]] = images[fooled], True
        self._searched(self.fools.nonzero().squeeze(1))
        return (self.fools & ~questions.done).nonzero().squeeze(1)

    def step(self, t: int, rows: Tensor) -> Tensor:
        """One iteration for the rows that can pay for it; those that are not done after it.

        Probes take at most half of what an image has left.
        """
        half = (self.questions.limits - self.questions.asked) // 2
        probes = half.clamp_max(round(self.config.probes * math.sqrt(t)))
        rows = rows[probes[rows] >= max(2, self.config.probes // 10)]
        direction = (
            torch.cat([self._direction(row, int(probes[row])) for row in torch.split(rows, 1)])
            if len(rows)
            else self.here[:0]
        )
        x, length = self.here[rows], self.distances[rows] / math.sqrt(t)
        waiting = torch.ones(len(rows), dtype=torch.bool, device=rows.device)
        for _ in range(_HALVINGS):
            waiting &= self.questions.asks(rows)
            if not waiting.any():
                break
            asked = waiting.nonzero().squeeze(1)
            moved = (x[asked] + _by_image(length[asked]) * direction[asked]).clamp(0, 1)
            fooled = self.questions.fooled(moved, rows[asked])
            self.here[rows[asked[fooled]]] = moved[fooled]
            waiting[asked[fooled]] = False
            length = length / 2
        self.questions.steps[rows] += 1
        self._searched(rows[~waiting])
        return rows[~self.questions.done[rows]]

    def brought_within_eps(self) -> None:
        """Ask about the nearest images brought into the ball, where they are not in it."""
        self.questions.limits += self.spare
        if self.problem.eps is None:
            return
        rows = self.questions.open()
        rows = rows[self.fools[rows]]
        images = within(self.nearest[rows], self.problem.images[rows], self.norm, self.problem.eps)
        fooled = self.questions.fooled(images, rows)
        self.questions.keep(images, rows, success=fooled, done=fooled)

    def _candidates(self, rows: Tensor, trial: int) -> Tensor:
        """Uniform noise; for targets first an image that shows the target, where the batch has one."""
        shape = self.problem.images.shape[1:]
        drawn = [torch.rand(shape, generator=self.generators[row]) for row in rows.tolist()]
        noise, targets = torch.stack(drawn).to(self.problem.images), self.problem.targets_of(rows)
        if targets is None or trial:
            return noise
        shows = self.problem.labels[None] == targets[:, None]  # (b, B)
        return torch.where(_by_image(shows.any(1)), self.problem.images[shows.int().argmax(1)], noise)

    def _direction(self, row: Tensor, probes: int) -> Tensor:
        """``(1, 3, H, W)``: where fooling lies, as the boundary of the row ``(1,)`` runs; unit step in the norm."""
        x, random = self.here[row], self.generators[int(row)]
        radius = (self.distances[row] / x.numel()).clamp_min(1e-12)
        total, decided, kept = torch.zeros_like(x), 0.0, torch.zeros_like(x)
        for part in torch.split(torch.arange(probes), at_once(x)):
            noise = torch.randn(len(part), *x.shape[1:], generator=random).to(x)
            shown = (x + radius * steepest(noise, Norm.l2)).clamp(0, 1)
            u = (shown - x) / radius
            phi = 2.0 * self.questions.fooled(shown, row.expand(len(part))) - 1
            total, decided, kept = total + (_by_image(phi) * u).sum(0), decided + float(phi.sum()), kept + u.sum(0)
        mean = decided / probes
        v = total - mean * kept if abs(mean) < 1 else mean * kept
        return steepest(v, self.norm)

    def _searched(self, rows: Tensor) -> None:
        """Halve the way from where the rows stand to the clean images until the boundary is met; stand there."""
        clean, far = self.problem.images[rows], self.here[rows]
        d = self.problem.images[0].numel()
        length = size(far - clean, self.norm)
        low, high = torch.zeros_like(length), torch.ones_like(length)  # of the way: at low it does not fool
        theta = d**-1.5 if self.norm is Norm.l2 else 1 / (d * d)
        for _ in range(_HALVINGS):
            asked = ((high - low > theta) & self.questions.asks(rows)).nonzero().squeeze(1)
            if not len(asked):
                break
            middle = (low[asked] + high[asked]) / 2
            images = self._between(clean[asked], far[asked], length[asked], middle)
            fooled = self.questions.fooled(images, rows[asked])
            low[asked] = torch.where(fooled, low[asked], middle)
            high[asked] = torch.where(fooled, middle, high[asked])
        self.here[rows] = self._between(clean, far, length, high)
        self.distances[rows] = size(self.here[rows] - clean, self.norm)
        self._remember(rows)

    def _remember(self, rows: Tensor) -> None:
        """The nearest that each image was; without eps it is what was found, with eps once it is within."""
        rows = rows[self.distances[rows] < self.nearest_distances[rows]]
        self.nearest[rows], self.nearest_distances[rows] = self.here[rows], self.distances[rows]
        if (eps := self.problem.eps) is not None:
            rows = rows[self.distances[rows] <= eps]
        there = torch.ones(len(rows), dtype=torch.bool, device=rows.device)
        self.questions.keep(self.here[rows], rows, success=there, done=there if eps is not None else ~there)

    def _between(self, clean: Tensor, far: Tensor, length: Tensor, share: Tensor) -> Tensor:
        """A share of the way from the clean images in L2; in Linf the far ones brought so near."""
        if self.norm is Norm.linf:
            there = within(far, clean, self.norm, share * length)
        else:
            there = clean + _by_image(share) * (far - clean)
        return torch.where(_by_image(share) == 1, far, there)


def _by_image(values: Tensor) -> Tensor:
    return values[:, None, None, None]
