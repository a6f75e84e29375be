"""Attacks on images that look for the smallest change, and the simple changes beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from physadv.core.hookspecs import Entry, hookimpl
from physadv.parts.attacks.perturbation.options_minimal import (
    CarliniWagnerConfig,
    DdnConfig,
    DeepFoolConfig,
    FmnConfig,
    LbfgsConfig,
    check_carlini_wagner,
    check_ddn,
    check_deepfool,
    check_fmn,
    check_lbfgs,
)
from physadv.parts.attacks.perturbation.options_simple import (
    BrightnessConfig,
    RotationConfig,
    TranslationConfig,
    check_brightness,
    check_rotation,
    check_translation,
)

if TYPE_CHECKING:
    from physadv.core.problem.perturbation_problem import PerturbationAttack


def _lbfgs(config: LbfgsConfig) -> PerturbationAttack:
    check_lbfgs(config)
    from physadv.parts.attacks.perturbation.lbfgs import Lbfgs

    return Lbfgs(config)


def _deepfool(config: DeepFoolConfig) -> PerturbationAttack:
    check_deepfool(config)
    from physadv.parts.attacks.perturbation.deepfool import DeepFool

    return DeepFool(config)


def _carlini_wagner(config: CarliniWagnerConfig) -> PerturbationAttack:
    check_carlini_wagner(config)
    from physadv.parts.attacks.perturbation.carlini_wagner import CarliniWagner

    return CarliniWagner(config)


def _ddn(config: DdnConfig) -> PerturbationAttack:
    check_ddn(config)
    from physadv.parts.attacks.perturbation.ddn import Ddn

    return Ddn(config)


def _fmn(config: FmnConfig) -> PerturbationAttack:
    check_fmn(config)
    from physadv.parts.attacks.perturbation.fmn import Fmn

    return Fmn(config)


def _brightness(config: BrightnessConfig) -> PerturbationAttack:
    check_brightness(config)
    from physadv.parts.attacks.perturbation.simple import Brightness, Simple

    return Simple(Brightness(config))


def _rotation(config: RotationConfig) -> PerturbationAttack:
    check_rotation(config)
    from physadv.parts.attacks.perturbation.simple import Rotation, Simple

    return Simple(Rotation(config))


def _translation(config: TranslationConfig) -> PerturbationAttack:
    check_translation(config)
    from physadv.parts.attacks.perturbation.simple import Simple, Translation

    return Simple(Translation(config))


@hookimpl
def physadv_perturbations() -> list[Entry[Any, PerturbationAttack]]:
    return [
        Entry(
            "lbfgs", LbfgsConfig, _lbfgs, "smallest change in L2: L-BFGS in the box of images, and a search for c",
            "Szegedy et al. 2014, arXiv:1312.6199",
        ),
        Entry(
            "deepfool", DeepFoolConfig, _deepfool, "smallest change in L2 or Linf: to the nearest edge, over and over",
            "Moosavi-Dezfooli et al. 2016, arXiv:1511.04599",
        ),
        Entry(
            "carlini-wagner", CarliniWagnerConfig, _carlini_wagner, "smallest change in L2: Adam, and a search for c",
            "Carlini & Wagner 2017, arXiv:1608.04644",
        ),
        Entry(
            "ddn", DdnConfig, _ddn, "smallest change in L2, quickly: the gradient says where to, success how far",
            "Rony et al. 2019, arXiv:1811.09600",
        ),
        Entry(
            "fmn", FmnConfig, _fmn, "smallest change in L0, L1, L2 or Linf: a ball that shrinks and grows",
            "Pintor et al. 2021, arXiv:2102.12827",
        ),
        Entry("brightness", BrightnessConfig, _brightness, "control: the smallest change of brightness that fools"),
        Entry(
            "rotation", RotationConfig, _rotation, "control: the smallest turn that fools",
            "Engstrom et al. 2019, arXiv:1712.02779",
        ),
        Entry(
            "translation", TranslationConfig, _translation, "control: the smallest shift that fools",
            "Engstrom et al. 2019, arXiv:1712.02779",
        ),
    ]  # fmt: skip
