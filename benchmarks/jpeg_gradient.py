"""Gradients that stand in for JPEG's, against finite differences of the real codec.

    python benchmarks/jpeg_gradient.py

On made-up pictures with fine texture: for random linear readings of the decoded picture, the correlation over random
directions between what a surrogate's gradient says and what the codec does over a step, and the slope of that line.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from kornia.enhance import jpeg_codec_differentiable
from torch import Tensor
from torch.nn.functional import interpolate

from physadv.parts.defenses.purification.jpeg import half_colour, recompressed
from physadv.testing import sample_images

SIDE, DIRECTIONS, READINGS = 128, 60, 4
SURROGATES: dict[str, Callable[[Tensor, int], Tensor]] = {
    "straight through": lambda images, _: images,
    "colour at half the resolution": lambda images, _: half_colour(images),
    "kornia's differentiable JPEG": lambda images, quality: jpeg_codec_differentiable(
        images, torch.tensor([float(quality)])
    ),
}


def textured(generator: torch.Generator) -> Tensor:
    """``(2,3,SIDE,SIDE)`` smooth pictures with texture of two scales."""
    base = sample_images(2, SIDE, SIDE) * 0.8 + 0.1
    coarse = interpolate(torch.randn(2, 3, SIDE // 4, SIDE // 4, generator=generator), size=SIDE)
    fine = torch.randn(2, 3, SIDE, SIDE, generator=generator)
    return (base + 0.1 * coarse + 0.03 * fine).clamp(0.1, 0.9)


def noise(grains: int, generator: torch.Generator) -> Tensor:
    """``(2,3,SIDE,SIDE)`` of so many grains a side."""
    return interpolate(torch.randn(2, 3, grains, grains, generator=generator), size=SIDE)


def main() -> None:
    generator = torch.Generator().manual_seed(0)
    images = textured(generator)
    readings = [noise(grains, generator) for grains in (8, 32, 64, 128) for _ in range(READINGS // 4)]
    for quality in (20, 50, 90):
        for step in (4 / 255, 16 / 255):
            rises: list[float] = []
            told: dict[str, list[float]] = {name: [] for name in SURROGATES}
            for reading in readings:
                slopes = {name: _slope(make, images, quality, reading) for name, make in SURROGATES.items()}
                for place in range(DIRECTIONS):
                    way = noise((4, 16, 64, 128)[place % 4], generator).sign()
                    ends = [recompressed(images + sign * step * way, quality) for sign in (1, -1)]
                    rises.append(float(((ends[0] - ends[1]) * reading).double().sum() / (2 * step)))
                    for name, slope in slopes.items():
                        told[name].append(float((slope * way).double().sum()))
            for name, values in told.items():
                pair = torch.tensor([rises, values])
                correlation, line = (
                    float(torch.corrcoef(pair)[0, 1]),
                    float(pair.prod(0).sum() / pair[1].square().sum()),
                )
                print(f"quality {quality:2d}  step {255 * step:2.0f} codes  {name:30s} correlation {correlation:.2f}  "
                      f"codec / gradient {line:.2f}")  # fmt: skip


def _slope(make: Callable[[Tensor, int], Tensor], images: Tensor, quality: int, reading: Tensor) -> Tensor:
    leaf = images.clone().requires_grad_()
    return torch.autograd.grad((make(leaf, quality) * reading).sum(), leaf)[0]


if __name__ == "__main__":
    main()
