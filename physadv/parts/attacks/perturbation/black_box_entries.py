"""Attacks on images that ask and are given no gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from physadv.core.hookspecs import Entry, hookimpl
from physadv.parts.attacks.perturbation.options_black_box import (
    HopSkipJumpConfig,
    NesConfig,
    OnePixelConfig,
    SimbaConfig,
    SquareSearchConfig,
    check_hop_skip_jump,
    check_nes,
    check_one_pixel,
    check_simba,
    check_square_search,
)

if TYPE_CHECKING:
    from physadv.core.problem.perturbation_problem import PerturbationAttack


def _one_pixel(config: OnePixelConfig) -> PerturbationAttack:
    check_one_pixel(config)
    from physadv.parts.attacks.perturbation.one_pixel import OnePixel

    return OnePixel(config)


def _square(config: SquareSearchConfig) -> PerturbationAttack:
    check_square_search(config)
    from physadv.parts.attacks.perturbation.square_search import SquareSearch

    return SquareSearch(config)


def _hop_skip_jump(config: HopSkipJumpConfig) -> PerturbationAttack:
    check_hop_skip_jump(config)
    from physadv.parts.attacks.perturbation.hop_skip_jump import HopSkipJump

    return HopSkipJump(config)


def _nes(config: NesConfig) -> PerturbationAttack:
    check_nes(config)
    from physadv.parts.attacks.perturbation.nes import Nes

    return Nes(config)


def _simba(config: SimbaConfig) -> PerturbationAttack:
    check_simba(config)
    from physadv.parts.attacks.perturbation.simba import Simba

    return Simba(config)


@hookimpl
def physadv_perturbations() -> list[Entry[Any, PerturbationAttack]]:
    return [
        Entry(
            "one-pixel", OnePixelConfig, _one_pixel, "black box: eps pixels by differential evolution, on scores",
            "Su et al. 2017, arXiv:1710.08864",
        ),
        Entry(
            "square", SquareSearchConfig, _square, "black box: random search by squares, on scores",
            "Andriushchenko et al. 2020, arXiv:1912.00049",
        ),
        Entry(
            "nes", NesConfig, _nes, "black box: descent on gradients estimated from scores",
            "Ilyas et al. 2018, arXiv:1804.08598",
        ),
        Entry(
            "simba", SimbaConfig, _simba, "black box: one pixel or frequency up or down after the other, on scores",
            "Guo et al. 2019, arXiv:1905.07121",
        ),
        Entry(
            "hop-skip-jump", HopSkipJumpConfig, _hop_skip_jump, "black box: along the boundary, on decisions alone",
            "Chen et al. 2020, arXiv:1904.02144",
        ),
    ]  # fmt: skip
