"""What the patch is compared with: no patch, a grey one and a random one of the same size and shape."""

from __future__ import annotations

from dataclasses import replace

import torch

from physadv.seeding import generator
from physadv.types import PatchImage

CLEAN, GREY, RANDOM, PATCH = "clean", "grey", "random", "patch"

DESCRIPTIONS = {
    CLEAN: "no patch",
    GREY: "a plain grey patch (sRGB 0.5) of the same size, shape and place",
    RANDOM: "uniform noise in texels of the same size, in a patch of the same size, shape and place",
    PATCH: "the patch",
}
"""Condition → what it is, in the order of every table."""


def conditions(patch: PatchImage, seed: int) -> dict[str, PatchImage]:
    """One patch a condition. The clean one is fully transparent, so that every condition takes the same path."""
    noise = torch.rand(patch.srgb.shape, generator=generator(seed, "evaluate/noise-control"))
    return {
        CLEAN: replace(patch, srgb=torch.full_like(patch.srgb, 0.5), alpha=torch.zeros_like(patch.alpha)),
        GREY: replace(patch, srgb=torch.full_like(patch.srgb, 0.5)),
        RANDOM: replace(patch, srgb=noise.to(patch.srgb)),
        PATCH: replace(patch, srgb=patch.srgb.detach()),
    }
