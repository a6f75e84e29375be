"""Bleed continues the patch outwards, upsampling keeps its colours, and cut lines follow its outline."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from physadv.core.errors import BadInput
from physadv.core.types import PatchImage
from physadv.parts.printing.artwork import MAX_PIXELS, make_artwork


def a_patch(alpha: Tensor, width_mm: float = 100.0) -> PatchImage:
    height, width = alpha.shape[1:]
    srgb = torch.linspace(0, 1, 3 * height * width).view(3, height, width)
    return PatchImage(srgb, alpha, width_mm)


def a_disc(texels: int) -> Tensor:
    at = torch.arange(texels) - (texels - 1) / 2
    return (texels / 2 - torch.hypot(at[None], at[:, None]) + 0.5 - 2).clamp(0, 1)[None]


def test_a_rectangle_grows_by_whole_texels_of_its_edge_colour() -> None:
    art = make_artwork(a_patch(torch.ones(1, 50, 50)), bleed_mm=3.0, dpi=36)
    assert art.box.x == art.box.y == -4  # texels of 2 mm
    assert art.box.width == 108
    assert art.alpha_u8 is None
    assert not art.contours
    assert (art.rgb_u8[0, 0] == art.rgb_u8[3, 3]).all()


def test_without_bleed_nothing_grows() -> None:
    art = make_artwork(a_patch(torch.ones(1, 20, 20)), bleed_mm=0.0, dpi=36)
    assert (art.box.x, art.box.width) == (0, 100)


def test_upsampling_meets_the_resolution_and_keeps_flat_colour() -> None:
    patch = PatchImage(torch.tensor([0.2, 0.4, 0.6]).view(3, 1, 1).expand(3, 10, 10), torch.ones(1, 10, 10), 25.4)
    art = make_artwork(patch, bleed_mm=0.0, dpi=300)
    assert art.rgb_u8.shape == (300, 300, 3)
    assert np.unique(art.rgb_u8.reshape(-1, 3), axis=0).tolist() == [[51, 102, 153]]


def test_a_finer_patch_is_never_made_coarser() -> None:
    assert make_artwork(a_patch(torch.ones(1, 200, 200), 10.0), 0.0, dpi=72).rgb_u8.shape[:2] == (200, 200)


@pytest.mark.slow
def test_memory_is_bounded_on_a_billboard() -> None:
    art = make_artwork(a_patch(torch.ones(1, 100, 100), 5000.0), 3.0, dpi=300)
    assert art.rgb_u8.shape[0] * art.rgb_u8.shape[1] <= MAX_PIXELS * 1.01


def test_a_disc_grows_a_rim_of_bleed() -> None:
    art = make_artwork(a_patch(a_disc(100)), bleed_mm=3.0, dpi=25.4)
    assert art.alpha_u8 is not None
    area = float((art.alpha_u8 / 255).sum()) * (art.box.width / art.alpha_u8.shape[1]) ** 2
    assert area == pytest.approx(math.pi * (48 + 3) ** 2, rel=0.01)
    assert make_artwork(a_patch(a_disc(100)), 0.0, 25.4).alpha_u8.sum() / 255 == pytest.approx(  # type: ignore[union-attr]
        math.pi * 48**2, rel=0.01
    )


def test_colour_beyond_the_edge_is_that_of_the_edge() -> None:
    srgb = torch.zeros(3, 40, 40)
    srgb[:, :, 10:30] = 1.0  # white where there is material, black in the invisible rest
    alpha = (srgb[:1] > 0).float()
    assert make_artwork(PatchImage(srgb, alpha, 40.0), 3.0, dpi=100).rgb_u8.min() == 255


def test_the_cut_line_is_the_outline_in_millimetres() -> None:
    (line,) = make_artwork(a_patch(a_disc(100)), 3.0, 36).contours
    radius = np.hypot(*(line - 50).T)
    assert radius == pytest.approx(np.full(len(line), 48.0), abs=0.1)
    alpha = torch.zeros(1, 10, 10)
    alpha[:, :, :5] = 1  # a bar along the raster's edge
    (bar,) = make_artwork(a_patch(alpha), 0.0, 36).contours
    assert [*bar.min(0), *bar.max(0)] == pytest.approx([0, 0, 50, 100])


def test_an_invisible_patch_is_refused() -> None:
    with pytest.raises(BadInput, match="transparent everywhere"):
        make_artwork(a_patch(torch.zeros(1, 4, 4)), 3.0, 300)
