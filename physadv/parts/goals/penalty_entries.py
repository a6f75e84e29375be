"""Terms that only look at the patch. A weight of 0 switches one off; 1 makes it as large as a detector's score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from physadv.core.errors import BadOption
from physadv.core.hookspecs import Entry, hookimpl
from physadv.parts.goals.options import (
    LikenessConfig,
    NonPrintabilityConfig,
    ProofResidualConfig,
    TotalVariationConfig,
    check_weight,
)

if TYPE_CHECKING:
    from physadv.core.protocols import Penalty


def _total_variation(config: TotalVariationConfig) -> Penalty:
    check_weight("tv", config.weight)
    from physadv.parts.goals.penalties import TotalVariation

    return TotalVariation(config.weight)


def _non_printability(config: NonPrintabilityConfig) -> Penalty:
    check_weight("nps", config.weight)
    if not 2 <= config.inks <= 1000:
        raise BadOption(f"penalties.nps.inks must be from 2 to 1000, got {config.inks}.")
    from physadv.library.colour.print_proof import ProofLut, spread_inks
    from physadv.parts.goals.penalties import NonPrintability

    return NonPrintability(config.weight, spread_inks(ProofLut.load(), config.inks))


def _proof_residual(config: ProofResidualConfig) -> Penalty:
    check_weight("proof", config.weight)
    from physadv.library.colour.print_proof import ProofLut
    from physadv.parts.goals.penalties import ProofResidual

    return ProofResidual(config.weight, ProofLut.load())


def _likeness(config: LikenessConfig) -> Penalty:
    check_weight("likeness", config.weight)
    if not config.artwork:
        raise BadOption("penalties.likeness needs the picture to look like: give penalties.likeness.artwork=FILE.")
    from physadv.library.files.images import load_srgb
    from physadv.parts.goals.likeness import Likeness

    return Likeness(config.weight, load_srgb(config.artwork))


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
        Entry(
            "likeness", LikenessConfig, _likeness, "the print looks like an artwork: its colours and its structure",
            "Wang et al. 2004, doi:10.1109/TIP.2003.819861",
        ),
        Entry("proof", ProofResidualConfig, _proof_residual, "colours that print as they were asked for"),
    ]  # fmt: skip
