"""The first attack there was: L-BFGS in the box of images, and a search for the weight of the change's size.

Szegedy et al. 2014, arXiv:1312.6199, section 4.1: minimise ``c |r| + loss_f(x + r, l)`` subject to ``x + r`` in [0, 1].
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import Bounds, minimize
from torch import Tensor

from physadv.core.access import AccessLevel
from physadv.core.problem.perturbation_problem import Norm, PerturbationProblem, Perturbed
from physadv.core.protocols import Observer
from physadv.library.perturbations.demands import require_no_eps, require_norm
from physadv.library.perturbations.incumbents import Incumbents, all_rows, ask
from physadv.library.perturbations.iterated import slope
from physadv.library.perturbations.lockstep import Function, Vector, minimised
from physadv.library.perturbations.losses import cross_entropy
from physadv.library.perturbations.telling import Telling
from physadv.parts.attacks.perturbation.options_minimal import LbfgsConfig


@dataclass(frozen=True)
class Lbfgs:
    """The size is squared, as Carlini & Wagner 2017 (their section III A) restate it, so that it has a gradient at 0.

    The paper looks for the smallest ``c``, but the smaller it is, the larger may the change be: the largest that
    succeeds is looked for. Without targets, ``l`` is the class that comes second. Each image has a minimiser of its own
    (SciPy's L-BFGS-B); all of them are answered in one batch.
    """

    options: LbfgsConfig
    needs: AccessLevel = AccessLevel.gradients

    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed:
        """The nearest image that succeeded, of each."""
        require_no_eps("lbfgs", problem)
        require_norm("lbfgs", problem, Norm.l2)
        best, rows = Incumbents(problem), all_rows(problem)
        with torch.no_grad():
            logits, fooled = ask(problem, problem.images, rows)
        best.keep(problem.images, fooled, rows)
        aimed = problem
        if problem.targets is None:
            aimed = replace(problem, targets=logits.scatter(1, problem.labels[:, None], -torch.inf).argmax(1))
        works, fails = problem.images.new_zeros(len(rows)), problem.images.new_full((len(rows),), torch.inf)
        c = torch.full_like(works, self.options.c)
        with Telling(observers, self.options.searches) as telling:
            for index in range(self.options.searches):
                if not len(rows := best.open(rows)):
                    break
                search = _AtOneWeight(aimed, problem, c, best)
                loss, fooled = search.run(rows, self.options.iterations)
                works[rows] = torch.where(fooled, torch.maximum(works[rows], c[rows]), works[rows])
                fails[rows] = torch.where(fooled, fails[rows], torch.minimum(fails[rows], c[rows]))
                c = _between(works, fails)
                telling.step(index, loss, best.success)
        return best.result()


@dataclass(frozen=True)
class _AtOneWeight:
    """The minimisers of all images, at one ``c`` each."""

    aimed: PerturbationProblem  # whose targets the loss reads
    problem: PerturbationProblem  # whose success is looked for
    c: Tensor  # (B,)
    best: Incumbents

    def run(self, rows: Tensor, iterations: int) -> tuple[Tensor, Tensor]:
        """The smallest losses ``(b,)``, and whether the images that have them succeed ``(b,)``.

        Images on the way there may succeed, too, which says nothing about ``c``; the nearest are kept all the same.
        """
        clean = self.problem.images[rows]
        lowest, fooled = torch.full_like(self.c, torch.inf), torch.zeros_like(self.c, dtype=torch.bool)

        def minimise(index: int, function: Function) -> Vector:
            start = clean[index].flatten().double().cpu().numpy()
            within = Bounds(np.zeros_like(start), np.ones_like(start))
            options = {"maxiter": iterations, "maxfun": 2 * iterations}
            ended = minimize(function, start, jac=True, method="L-BFGS-B", bounds=within, options=options)
            return np.asarray(ended.x)

        def batch(which: NDArray[np.int64], points: Vector) -> tuple[Vector, Vector]:
            asked = rows[torch.from_numpy(which).to(rows.device)]
            x = torch.from_numpy(points).to(clean).reshape(len(which), *clean.shape[1:])
            here = slope(self.aimed, x, cross_entropy, asked)
            suits = self.problem.fooled(self.problem.victim.decide(here.outputs), asked)
            self.best.keep(x, suits, asked)
            r, c = x - self.problem.images[asked], self.c[asked]
            loss = here.loss + c * r.square().flatten(1).sum(1)
            lower = loss < lowest[asked]
            lowest[asked], fooled[asked] = torch.minimum(loss, lowest[asked]), torch.where(lower, suits, fooled[asked])
            g = here.gradient + 2 * c[:, None, None, None] * r
            return loss.double().cpu().numpy(), g.flatten(1).double().cpu().numpy()

        minimised(len(rows), minimise, batch)
        return lowest[rows], fooled[rows]


def _between(works: Tensor, fails: Tensor) -> Tensor:
    """The next ``c`` of each image: ten times more or less until both kinds are known, then the mean of their logs."""
    return torch.where(
        fails.isinf(), 10 * works, torch.where(works == 0, fails / 10, (works * fails.clamp_max(1e30)).sqrt())
    )
