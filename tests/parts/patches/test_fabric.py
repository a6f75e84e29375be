"""A fabric is the same everywhere, one tile further."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from physadv.core.errors import BadOption
from physadv.parts.patches.fabric import build_fabric
from physadv.parts.patches.options import FabricConfig

SMALL = {"tile_width_mm": 50.0, "tile_height_mm": 30.0, "tiles_across": 2, "tiles_down": 3, "px_per_100mm": 20}


def test_a_shift_by_a_tile_changes_nothing_and_any_other_one_does() -> None:
    patch = build_fabric(FabricConfig(init="random", **SMALL))()
    assert patch.repeats
    assert torch.equal(patch.srgb.roll((6, 10), (1, 2)), patch.srgb)
    assert not torch.equal(patch.srgb.roll(1, 2), patch.srgb)


def test_a_texel_of_the_tile_hears_from_all_its_copies() -> None:
    fabric = build_fabric(FabricConfig(**SMALL))
    fabric().srgb.sum().backward()
    assert (fabric.tile.grad == 6).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tiles_across": 0}, "tiles_across"),
        ({"tiles_down": 1000}, "tiles_down"),
        ({"tile_width_mm": 0.0}, "tile_width_mm"),
        ({"tile_width_mm": 5000.0, "tiles_across": 9}, "tiles_across"),
    ],
)
def test_nonsense_is_refused_by_name(options: dict[str, Any], message: str) -> None:
    with pytest.raises(BadOption, match=message):
        build_fabric(FabricConfig(**options))
