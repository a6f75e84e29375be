"""Rivals of the patch: no patch, a grey one and a random one of the same size, and other patches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from physadv.core.errors import BadOption
from physadv.core.seeding import generator
from physadv.core.types import PatchImage
from physadv.library.runs.relation import Origin

CLEAN, GREY, RANDOM, PATCH = "clean", "grey", "random", "patch"

DESCRIPTIONS = {
    CLEAN: "no patch",
    GREY: "a plain grey patch (sRGB 0.5) of the same size, shape and place",
    RANDOM: "uniform noise in texels of the same size, in a patch of the same size, shape and place",
    PATCH: "the patch",
}
"""Arm → what it is, in the order of every table."""

ROLES = {CLEAN: "clean", GREY: "control", RANDOM: "control"}
"""Arm → its role; every other arm is a patch."""

_ALIKE = 0.01  # sizes that differ by less than this share are the same


@dataclass(frozen=True)
class PatchUnderTest:
    """A patch that is judged, and what is known about it."""

    arm: str  # its name among the arms
    patch: PatchImage
    name: str = ""  # of its run or file
    trained_on: tuple[tuple[str, str], ...] | None = None  # name and digest of every victim it was optimised on
    queries: int | None = None  # pictures those victims were asked about
    origin: Origin | None = None  # what it was optimised on


def arms(patch: PatchImage, seed: int, others: Sequence[PatchUnderTest] = ()) -> dict[str, PatchImage]:
    """One patch an arm. The clean one is fully transparent, so that every arm takes the same path."""
    noise = torch.rand(patch.srgb.shape, generator=generator(seed, "evaluate/noise-control"))
    shown = {
        CLEAN: replace(patch, srgb=torch.full_like(patch.srgb, 0.5), alpha=torch.zeros_like(patch.alpha)),
        GREY: replace(patch, srgb=torch.full_like(patch.srgb, 0.5)),
        RANDOM: replace(patch, srgb=noise.to(patch.srgb)),
        PATCH: replace(patch, srgb=patch.srgb.detach()),
    }
    for other in others:
        _expect_alike(patch, other)
        shown[other.arm] = other.patch
    return shown


def descriptions(others: Sequence[PatchUnderTest]) -> dict[str, str]:
    """Arm → what it is."""
    return DESCRIPTIONS | {other.arm: f"another patch: {other.name}" for other in others}


def role(arm: str) -> str:
    """clean, control or patch."""
    return ROLES.get(arm, "patch")


def names_of(wanted: Sequence[str]) -> list[str]:
    """Short names for arms, all different and none of them taken."""
    made: list[str] = []
    for name in wanted:
        plain, number = name, 1
        while plain in DESCRIPTIONS or plain in made:
            number += 1
            plain = f"{name}-{number}"
        made.append(plain)
    return made


def _expect_alike(patch: PatchImage, other: PatchUnderTest) -> None:
    """Controls are as large as the patch, so all patches must be."""
    pairs = ((patch.width_mm, other.patch.width_mm), (patch.height_mm, other.patch.height_mm))
    if any(abs(a - b) > _ALIKE * a for a, b in pairs):
        raise BadOption(
            f"{other.name} is {other.patch.width_mm:.0f} × {other.patch.height_mm:.0f} mm, the patch "
            f"{patch.width_mm:.0f} × {patch.height_mm:.0f} mm: patches are compared at one size. "
            "Give width_mm=, or judge them apart"
        )
