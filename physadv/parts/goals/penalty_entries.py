"""Terms that only look at the patch. A weight of 0 switches one off; 1 makes it as large as a detector's score."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from physadv.core.errors import BadOption
from physadv.core.hookspecs import Entry, hookimpl

if TYPE_CHECKING:
    from physadv.core.protocols import Penalty


@dataclass
class TotalVariationConfig:
    weight: float = 0.1  # of the mean absolute difference of neighbouring texels (noise 0.33, a photo 0.03)


@dataclass
class NonPrintabilityConfig:
    weight: float = 0.0  # of the mean distance to the nearest ink (random colours: 0.19); a baseline, so off
    inks: int = 30  # printable colours, spread over a measured printing condition


@dataclass
class ProofResidualConfig:
    weight: float = (
        0.0  # of the mean distance between asked and printed colour (pure green 0.57); off, as ink is rendered
    )


def _total_variation(config: TotalVariationConfig) -> Penalty:
    _check_weight("tv", config.weight)
    from physadv.parts.goals.penalties import TotalVariation

    return TotalVariation(config.weight)


def _non_printability(config: NonPrintabilityConfig) -> Penalty:
    _check_weight("nps", config.weight)
    if not 2 <= config.inks <= 1000:
        raise BadOption(f"penalties.nps.inks must be from 2 to 1000, got {config.inks}.")
    from physadv.library.colour.print_proof import ProofLut, spread_inks
    from physadv.parts.goals.penalties import NonPrintability

    return NonPrintability(config.weight, spread_inks(ProofLut.load(), config.inks))


def _proof_residual(config: ProofResidualConfig) -> Penalty:
    _check_weight("proof", config.weight)
    from physadv.library.colour.print_proof import ProofLut
    from physadv.parts.goals.penalties import ProofResidual

    return ProofResidual(config.weight, ProofLut.load())


def _check_weight(name: str, weight: float) -> None:
    if not (weight >= 0 and math.isfinite(weight)):
        raise BadOption(f"penalties.{name}.weight must be 0 or more, got {weight}.")


@hookimpl
def physadv_penalties() -> list[Entry[Any, Penalty]]:
    return [
        Entry(
            "tv", TotalVariationConfig, _total_variation, "neighbouring texels shall be alike",
            "Sharif et al. 2016, doi:10.1145/2976749.2978392",
        ),
        Entry(
            "nps", NonPrintabilityConfig, _non_printability, "non-printability score: near to one of a few inks",
            "Sharif et al. 2016, doi:10.1145/2976749.2978392",
        ),
        Entry("proof", ProofResidualConfig, _proof_residual, "colours that print as they were asked for"),
    ]  # fmt: skip
