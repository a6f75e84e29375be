"""Rows of defences with a proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from physadv.core.hookspecs import Entry, hookimpl
from physadv.parts.defenses.certified.options import MaskEnsembleConfig, PatchCleanserConfig, SmoothingConfig

if TYPE_CHECKING:
    from physadv.core.protocols import Defense


def _patch_cleanser(config: PatchCleanserConfig) -> Defense:
    from physadv.parts.defenses.certified.patch_cleanser import PatchCleanser

    return PatchCleanser(config)


def _mask_ensemble(config: MaskEnsembleConfig) -> Defense:
    from physadv.parts.defenses.certified.mask_ensemble import MaskEnsemble

    return MaskEnsemble(config)


def _smoothing(config: SmoothingConfig) -> Defense:
    from physadv.parts.defenses.certified.smoothing import Smoothing

    return Smoothing(config)


@hookimpl
def physadv_defenses() -> list[Entry[Any, Defense]]:
    return [
        Entry(
            "mask-ensemble", MaskEnsembleConfig, _mask_ensemble, "with a proof: what a detector finds behind windows",
            "cf. Xiang et al. 2023, arXiv:2202.01811",
        ),
        Entry(
            "patch-cleanser", PatchCleanserConfig, _patch_cleanser, "with a proof: a classifier under two windows",
            "Xiang et al. 2022, arXiv:2108.09135",
        ),
        Entry(
            "smoothing", SmoothingConfig, _smoothing, "with a proof: a classifier's vote over noise",
            "Cohen et al. 2019, arXiv:1902.02918",
        ),
    ]  # fmt: skip
