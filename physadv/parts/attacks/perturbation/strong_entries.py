"""Attacks on images that make the most of a given size without settings, and one change for all images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from physadv.core.hookspecs import Entry, hookimpl
from physadv.parts.attacks.perturbation.options_strong import (
    ApgdConfig,
    ApgdTargetedConfig,
    AutoConfig,
    UniversalConfig,
    check_apgd,
    check_apgd_targeted,
    check_auto,
    check_universal,
)

if TYPE_CHECKING:
    from physadv.core.problem.perturbation_problem import PerturbationAttack


def _apgd(config: ApgdConfig) -> PerturbationAttack:
    check_apgd(config)
    from physadv.parts.attacks.perturbation.apgd import Apgd

    return Apgd(config)


def _apgd_targeted(config: ApgdTargetedConfig) -> PerturbationAttack:
    check_apgd_targeted(config)
    from physadv.parts.attacks.perturbation.apgd import ApgdTargeted

    return ApgdTargeted(config)


def _auto(config: AutoConfig) -> PerturbationAttack:
    check_auto(config)
    from physadv.parts.attacks.perturbation.auto import Auto

    return Auto(config)


def _universal(config: UniversalConfig) -> PerturbationAttack:
    check_universal(config)
    from physadv.parts.attacks.perturbation.universal import Universal

    return Universal(config)


@hookimpl
def physadv_perturbations() -> list[Entry[Any, PerturbationAttack]]:
    return [
        Entry(
            "apgd", ApgdConfig, _apgd, "PGD whose steps halve themselves: nothing to set but their number",
            "Croce & Hein 2020, arXiv:2003.01690",
        ),
        Entry(
            "apgd-t", ApgdTargetedConfig, _apgd_targeted, "the same towards one rival class after another",
            "Croce & Hein 2020, arXiv:2003.01690",
        ),
        Entry(
            "auto", AutoConfig, _auto, "APGD, APGD-T and Square in turn, each on what is left: nothing to set",
            "Croce & Hein 2020, arXiv:2003.01690",
        ),
        Entry(
            "universal", UniversalConfig, _universal, "one change for all images, judged on others than it was made on",
            "Moosavi-Dezfooli et al. 2017, arXiv:1610.08401; Shafahi et al. 2020, arXiv:1811.11304",
        ),
    ]  # fmt: skip
