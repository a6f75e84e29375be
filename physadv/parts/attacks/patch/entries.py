"""Loops that change the patch."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from physadv.core.errors import MissingExtra
from physadv.core.hookspecs import Entry, hookimpl
from physadv.parts.attacks.patch.options import (
    CmaEsConfig,
    EotAdamConfig,
    EotPgdConfig,
    SquareConfig,
    check,
    check_cma_es,
    check_square,
)

if TYPE_CHECKING:
    from physadv.core.problem.patch_problem import Attack


def _adam(config: EotAdamConfig) -> Attack:
    check(config)
    from physadv.parts.attacks.patch.eot import Eot, adam

    return Eot(adam, config)


def _pgd(config: EotPgdConfig) -> Attack:
    check(config)
    from physadv.parts.attacks.patch.eot import Eot, sign_descent

    return Eot(sign_descent, config)


def _square(config: SquareConfig) -> Attack:
    check_square(config)
    from physadv.parts.attacks.patch.square import Square

    return Square(config)


def _cma_es(config: CmaEsConfig) -> Attack:
    check_cma_es(config)
    if find_spec("cmaes") is None:
        raise MissingExtra("attack=cma-es needs the library cmaes: pip install 'physadv[cma]'")
    from physadv.parts.attacks.patch.cma_es import CmaEs

    return CmaEs(config)


@hookimpl
def physadv_attacks() -> list[Entry[Any, Attack]]:
    return [
        Entry(
            "eot-adam", EotAdamConfig, _adam, "expectation over transformation, Adam on the texels",
            "Athalye et al. 2018, arXiv:1707.07397",
        ),
        Entry(
            "eot-pgd", EotPgdConfig, _pgd, "expectation over transformation, projected sign-gradient descent",
            "Madry et al. 2018, arXiv:1706.06083",
        ),
        Entry(
            "square", SquareConfig, _square, "black box: random search by squares of one colour, on scores alone",
            "Andriushchenko et al. 2020, arXiv:1912.00049",
        ),
        Entry(
            "cma-es", CmaEsConfig, _cma_es, "black box: evolution of coarse patches, on scores alone",
            "Ros and Hansen 2008; cmaes, arXiv:2402.01373",
        ),
    ]  # fmt: skip
