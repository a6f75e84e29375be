"""The fast gradient sign method (Goodfellow, Shlens & Szegedy 2015, arXiv:1412.6572, section 4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from torch import Tensor

from physadv.core.access import AccessLevel
from physadv.core.problem.perturbation_problem import Norm, PerturbationProblem, Perturbed
from physadv.core.protocols import Observer
from physadv.library.perturbations.demands import require_eps, require_norm
from physadv.library.perturbations.iterated import iterated
from physadv.library.perturbations.losses import cross_entropy
from physadv.library.perturbations.norms import steepest


@dataclass(frozen=True)
class Fgsm:
    """One step to the border of the ball; in L2 along the gradient itself."""

    needs: AccessLevel = AccessLevel.gradients

    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed:
        """``x + eps sign(∇x J(θ, x, y))``; with a target ``x - eps sign(∇x J(θ, x, t))``."""
        require_norm("fgsm", problem, Norm.linf, Norm.l2)
        eps = require_eps("fgsm", problem)

        def move(index: int, x: Tensor, gradient: Tensor, rows: Tensor) -> Tensor:
            return (x - eps * steepest(gradient, problem.norm)).clamp(0, 1)

        return iterated(problem, problem.images, 1, move, cross_entropy, observers, stop=False)
