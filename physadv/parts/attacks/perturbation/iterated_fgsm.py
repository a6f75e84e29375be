"""The basic iterative method (Kurakin, Goodfellow & Bengio 2017, arXiv:1607.02533, section 2.2).

With a target it is their iterative least-likely class method (section 2.3), for whichever target.
"""

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
from physadv.library.perturbations.norms import within
from physadv.parts.attacks.perturbation.options import IteratedFgsmConfig


@dataclass(frozen=True)
class IteratedFgsm:
    """``X_{N+1} = Clip_{X,eps}{X_N + alpha sign(∇X J(X_N, y))}``."""

    config: IteratedFgsmConfig
    needs: AccessLevel = AccessLevel.gradients

    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed:
        """From the image itself; every step is made."""
        require_norm("i-fgsm", problem, Norm.linf)
        eps, alpha = require_eps("i-fgsm", problem), self.config.alpha

        def move(index: int, x: Tensor, gradient: Tensor, rows: Tensor) -> Tensor:
            return within(x - alpha * gradient.sign(), problem.images[rows], Norm.linf, eps)

        steps = self.config.steps or steps_of(eps, alpha)
        return iterated(problem, problem.images, steps, move, cross_entropy, observers, stop=False)


def steps_of(eps: float, alpha: float) -> int:
    """``min(eps + 4, 1.25 eps)``, with ``eps`` in steps of ``alpha``; one at least."""
    return max(1, round(min(eps / alpha + 4, 1.25 * eps / alpha)))
