"""Loops that change the images themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from physadv.core.hookspecs import Entry, hookimpl
from physadv.parts.attacks.perturbation.options import FgsmConfig

if TYPE_CHECKING:
    from physadv.core.problem.perturbation_problem import PerturbationAttack


def _fgsm(config: FgsmConfig) -> PerturbationAttack:
    from physadv.parts.attacks.perturbation.fgsm import Fgsm

    return Fgsm()


@hookimpl
def physadv_perturbations() -> list[Entry[Any, PerturbationAttack]]:
    return [
        Entry(
            "fgsm", FgsmConfig, _fgsm, "one step along the gradient's sign",
            "Goodfellow et al. 2015, arXiv:1412.6572",
        ),
    ]  # fmt: skip
