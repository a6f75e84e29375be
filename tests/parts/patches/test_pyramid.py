"""A pyramid is a raster whose large structures learn as fast as single texels."""

from __future__ import annotations

import torch

from physadv.parts.patches.options import PyramidConfig
from physadv.parts.patches.pyramid import COARSEST, build_pyramid


def test_a_step_on_all_grids_lands_in_the_texels() -> None:
    pyramid = build_pyramid(PyramidConfig(width_mm=200, height_mm=100))
    (pyramid().srgb[:, :, :24].mean() - pyramid().srgb[:, :, 24:].mean()).backward()  # left darker, right brighter
    torch.optim.SGD(pyramid.parameters(), lr=10.0).step()
    moved = pyramid().srgb.detach().clamp(0, 1)
    pyramid.project_()
    torch.testing.assert_close(pyramid().srgb.detach(), moved)
    torch.testing.assert_close(pyramid.srgb.detach(), moved)
    assert not any(grid.any() for grid in pyramid.coarser)
    assert moved[:, :, :20].mean() < 0.5 < moved[:, :, 28:].mean()


def test_the_coarsest_grid_has_a_few_texels_and_each_finer_one_twice_as_many() -> None:
    pyramid = build_pyramid(PyramidConfig(width_mm=200, height_mm=100))  # 24 × 48 texels
    assert [tuple(grid.shape[2:]) for grid in pyramid.coarser] == [(12, 24), (6, 12)]
    assert min(pyramid.coarser[-1].shape[2:]) >= COARSEST


def test_adam_reaches_a_large_structure_in_fewer_steps_than_texel_noise_hides() -> None:
    """Gradients with as much noise as signal: texels alone move at random, the coarse grids average it out."""
    wanted = torch.zeros(3, 24, 48)
    wanted[:, :, 24:] = 1
    errors = []
    for coarse in (True, False):
        pyramid = build_pyramid(PyramidConfig(width_mm=200, height_mm=100))
        optimizer = torch.optim.Adam(pyramid.parameters() if coarse else [pyramid.srgb], lr=0.02)
        random = torch.Generator().manual_seed(0)
        for _ in range(12):
            optimizer.zero_grad()
            noise = torch.randn(wanted.shape, generator=random)
            (pyramid().srgb * (pyramid().srgb.detach() - wanted + noise)).sum().backward()
            optimizer.step()
            pyramid.project_()
        errors.append((pyramid().srgb.detach() - wanted).abs().mean().item())
    assert errors[0] < 0.7 * errors[1]
