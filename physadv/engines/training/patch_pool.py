"""Patches that are optimised while a detector learns to withstand them: some for every label, kept between batches."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from physadv.core import seeding
from physadv.engines.training.adversarial_options import AdversarialTraining
from physadv.engines.training.patch_families import low_frequency, random_cells
from physadv.library.roads.signs import LABELS


class PatchPool:
    """Square sheets of colours in [0, 1]; number ``label · kept + i`` was made on signs of that label."""

    def __init__(self, config: AdversarialTraining, device: torch.device) -> None:
        rng = _rng(config.seed, "pool")
        count = len(LABELS) * config.kept
        self.sheets = torch.stack([started(config.texels, rng) for _ in range(count)]).to(device)
        self._config = config

    def renew_(self, numbers: set[int], rng: np.random.Generator) -> None:
        """Start a share of these anew, so that the detector does not only learn to know a few patches."""
        for number in sorted(numbers):
            if rng.random() < self._config.renewal:
                self.sheets[number] = started(self._config.texels, rng).to(self.sheets)

    @torch.no_grad()
    def ascend_(self, gradient: Tensor) -> None:
        """A step along the sign of the loss's ``gradient`` ``(S,3,t,t)``; sheets that nobody wore stay."""
        self.sheets += self._config.step * gradient.sign()
        self.sheets.clamp_(0, 1)


def started(texels: int, rng: np.random.Generator) -> Tensor:
    """A sheet ``(3,t,t)`` as an attack begins: grey, one colour, or random, each with a little noise."""
    kind = rng.integers(3)
    base = np.full((3, 1, 1), 0.5) if kind == 0 else rng.random((3, 1, 1) if kind == 1 else (3, texels, texels))
    return torch.from_numpy((base + rng.normal(0, 0.02, (3, texels, texels))).clip(0, 1)).float()


def control(texels: int, rng: np.random.Generator) -> Tensor:
    """A sheet ``(3,t,t)`` that nobody optimised: one colour, a chequer of random ones, or smooth ones."""
    if rng.random() < 1 / 3:
        return torch.from_numpy(rng.random((3, 1, 1))).float().expand(3, texels, texels)
    family = (random_cells, low_frequency)[int(rng.integers(2))]
    sheet = torch.from_numpy(family(rng)).permute(2, 0, 1)[None].float() / 255
    return torch.nn.functional.adaptive_avg_pool2d(sheet, texels)[0]


def _rng(seed: int, purpose: str) -> np.random.Generator:
    draws = seeding.generator(seed, purpose)
    return np.random.default_rng(int(torch.randint(2**62, (1,), generator=draws)))
