"""A perturbation attack of a plugin: the images it returns are checked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from physadv.app.guards.calls import SLACK, Owner
from physadv.core.access import AccessLevel
from physadv.core.problem.perturbation_problem import PerturbationAttack, PerturbationProblem, Perturbed
from physadv.core.protocols import Observer
from physadv.library.perturbations.norms import size


class GuardedPerturbation:
    """The attack itself, but its images must be images, and changed by no more than was allowed."""

    def __init__(self, attack: PerturbationAttack, owner: Owner) -> None:
        self._attack, self._owner = attack, owner
        needs: Any = owner.call("needs", lambda: attack.needs)
        owner.require(isinstance(needs, AccessLevel), "needs", f"must be an AccessLevel, got {needs!s:.80}")

    @property
    def needs(self) -> AccessLevel:
        return self._attack.needs

    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed:
        """The changed images. Raises :class:`BrokenPart` where they cannot be right."""
        owner, here = self._owner, "run"
        made: Any = owner.call(here, self._attack.run, problem, observers)
        owner.require(isinstance(made, Perturbed), here, f"gives {type(made).__name__} where Perturbed is due")
        owner.check_tensor(here, "images", made.images, tuple(problem.images.shape), problem.images)
        owner.require(not made.images.requires_grad, here, "gives images that carry a gradient")
        owner.check_share(here, "images", made.images)
        if problem.eps is not None:
            largest = float(size(made.images - problem.images, problem.norm).max())
            fine = largest <= problem.eps * (1 + SLACK) + 1e-6
            owner.require(fine, here, f"changes an image by {largest:.4g} in {problem.norm}; eps is {problem.eps:.4g}")
        return made  # type: ignore[no-any-return]
