"""Scores of the localisers that were not trained."""

from __future__ import annotations

import math

import torch

from physadv.parts.defenses.localisation.chroma import ChromaLocaliser
from physadv.parts.defenses.localisation.entropy import EntropyLocaliser


def test_chroma_sees_colour_that_changes_and_not_light_that_does() -> None:
    stripes = torch.zeros(1, 1, 8, 16)
    stripes[..., 1::2] = 1
    grey = stripes.expand(1, 3, 8, 16)
    assert float(ChromaLocaliser().localise(grey).max()) < 1e-3
    reds = grey * torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1)
    # every pixel but the last column differs by 1 in red - green and by 1/2 in yellow - blue
    expected = math.sqrt(1 + 0.25)
    score = ChromaLocaliser().localise(reds)
    torch.testing.assert_close(score[0, 0, 0], torch.tensor([expected, expected * 7 / 8]), rtol=1e-3, atol=1e-3)


def test_entropy_counts_levels() -> None:
    flat = torch.full((1, 3, 24, 24), 0.4)  # a level: 6/15
    assert float(EntropyLocaliser().localise(flat).max()) < 1e-3
    halves = flat.clone()
    halves[..., ::2] = 1.0
    torch.testing.assert_close(EntropyLocaliser().localise(halves)[0, 0, 1, 1], torch.tensor(math.log(2)))
    ramp = (torch.arange(24 * 24) % 16 / 15).view(1, 1, 24, 24).expand(1, 3, 24, 24)
    torch.testing.assert_close(EntropyLocaliser().localise(ramp)[0, 0, 1, 1], torch.tensor(math.log(16)))


def test_the_gradient_of_entropy_is_that_of_its_value() -> None:
    picture = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda image: EntropyLocaliser().localise(image).sum(), picture.requires_grad_(), eps=1e-6, fast_mode=True
    )
