"""The rings pass the battery, each of one colour, and are cut to a circle; nonsense is refused."""

from __future__ import annotations

import pytest
import torch
from physadv_halo import HaloConfig, build_halo, physadv_patches

from physadv.api import BadOption
from physadv.testing import check_patch


def test_they_pass_the_battery() -> None:
    (row,) = physadv_patches()
    check_patch(row.build(row.config()))


def test_a_ring_has_one_colour_and_the_corners_none() -> None:
    halo = build_halo(HaloConfig(rings=3, size_px=60))
    with torch.no_grad():
        next(iter(halo.parameters()))[0] = torch.tensor([1.0, 0, 0])
    image = halo()
    assert image.srgb[:, 30, 30].tolist() == [1, 0, 0]
    assert image.srgb[:, 30, 45].tolist() == [0.5, 0.5, 0.5]
    assert image.alpha[0, 0, 0] == 0
    assert float(image.alpha.mean()) == pytest.approx(torch.pi / 4, abs=0.01)


def test_nonsense_is_refused() -> None:
    with pytest.raises(BadOption, match="rings"):
        build_halo(HaloConfig(rings=0))
