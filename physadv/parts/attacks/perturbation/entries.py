"""Loops that change the images themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from physadv.core.hookspecs import Entry, hookimpl
from physadv.parts.attacks.perturbation.options import (
    FgsmConfig,
    IteratedFgsmConfig,
    MiFgsmConfig,
    PgdConfig,
    check_iterated,
    check_mi_fgsm,
    check_pgd,
)

if TYPE_CHECKING:
    from physadv.core.problem.perturbation_problem import PerturbationAttack


def _fgsm(config: FgsmConfig) -> PerturbationAttack:
    from physadv.parts.attacks.perturbation.fgsm import Fgsm

    return Fgsm()


def _iterated(config: IteratedFgsmConfig) -> PerturbationAttack:
    check_iterated(config)
    from physadv.parts.attacks.perturbation.iterated_fgsm import IteratedFgsm

    return IteratedFgsm(config)


def _pgd(config: PgdConfig) -> PerturbationAttack:
    check_pgd(config)
    from physadv.parts.attacks.perturbation.pgd import Pgd

    return Pgd(config)


def _mi_fgsm(config: MiFgsmConfig) -> PerturbationAttack:
    check_mi_fgsm(config)
    from physadv.parts.attacks.perturbation.mi_fgsm import MiFgsm

    return MiFgsm(config)


@hookimpl
def physadv_perturbations() -> list[Entry[Any, PerturbationAttack]]:
    return [
        Entry(
            "fgsm", FgsmConfig, _fgsm, "one step along the gradient's sign",
            "Goodfellow et al. 2015, arXiv:1412.6572",
        ),
        Entry(
            "i-fgsm", IteratedFgsmConfig, _iterated, "many small steps along the gradient's sign, from the image",
            "Kurakin et al. 2017, arXiv:1607.02533",
        ),
        Entry(
            "pgd", PgdConfig, _pgd, "steps along the gradient from anywhere in the ball, back into it after each",
            "Madry et al. 2018, arXiv:1706.06083",
        ),
        Entry(
            "mi-fgsm", MiFgsmConfig, _mi_fgsm, "steps along an accumulated gradient, which carry over better",
            "Dong et al. 2018, arXiv:1710.06081",
        ),
    ]  # fmt: skip
