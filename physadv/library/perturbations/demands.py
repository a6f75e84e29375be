"""Refusals of attacks: a norm they do not know, a bound they need, a search that has none."""

from __future__ import annotations

from physadv.core.errors import IncompatibleParts
from physadv.core.problem.perturbation_problem import Norm, PerturbationProblem


def require_norm(attack: str, problem: PerturbationProblem, *known: Norm) -> None:
    """Raise :class:`IncompatibleParts` unless the problem's norm is among those that the attack knows."""
    if problem.norm not in known:
        choices = " or ".join(f"norm={norm}" for norm in known)
        raise IncompatibleParts(f"attack={attack} does not know norm={problem.norm}. Choose {choices}")


def require_eps(attack: str, problem: PerturbationProblem) -> float:
    """The problem's largest change. Raises :class:`IncompatibleParts` where it has none."""
    if problem.eps is None:
        raise IncompatibleParts(
            f"attack={attack} needs the largest change that it may make. Give one, such as eps=8/255"
        )
    return problem.eps


def require_no_eps(attack: str, problem: PerturbationProblem) -> None:
    """Raise :class:`IncompatibleParts` where the change has a bound: the attack looks for the smallest one."""
    if problem.eps is not None:
        raise IncompatibleParts(
            f"attack={attack} looks for the smallest change by itself, so it takes no eps. Leave eps out, or choose an "
            "attack within a bound, such as attack=pgd"
        )
