"""Every patch passes the battery, prints at the size it says, and starts where it is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from physadv.core.errors import BadOption
from physadv.core.hookspecs import Entry
from physadv.core.protocols import PatchModel
from physadv.parts.patches.entries import physadv_patches
from physadv.testing import check_patch

ENTRIES = physadv_patches()
SMALL = {
    "fabric": {"tile_width_mm": 40.0, "tile_height_mm": 20.0, "tiles_across": 3, "tiles_down": 2, "px_per_100mm": 20},
}
GRID = {"width_mm": 120.0, "height_mm": 40.0, "px_per_100mm": 20}
each = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)


def build(entry: Entry[Any, PatchModel], **options: Any) -> PatchModel:
    return entry.build(entry.config(**(SMALL.get(entry.name, GRID) | options)))


@each
@pytest.mark.parametrize("init", ["grey", "random"])
def test_a_patch_passes_the_battery(entry: Entry[Any, PatchModel], init: str) -> None:
    check_patch(build(entry, init=init, seed=3))


@each
def test_millimetres_and_resolution_make_the_print(entry: Entry[Any, PatchModel]) -> None:
    patch = build(entry)()
    assert patch.srgb.shape == (3, 8, 24)
    assert (patch.width_mm, patch.height_mm) == (120, 40)
    assert patch.repeats == (entry.name == "fabric")


@each
def test_the_same_seed_gives_the_same_patch_and_another_one_does_not(entry: Entry[Any, PatchModel]) -> None:
    first, again, other = (build(entry, init="random", seed=seed)().srgb for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@each
def test_a_picture_can_be_the_start(entry: Entry[Any, PatchModel], tmp_path: Path) -> None:
    Image.new("RGB", (5, 4), (200, 30, 30)).save(tmp_path / "red.png")
    with torch.no_grad():
        red, green, blue = build(entry, init=str(tmp_path / "red.png"))().srgb.mean((1, 2)).tolist()
    assert red > max(green, blue) + 0.3


@each
def test_a_step_down_the_gradient_makes_it_darker(entry: Entry[Any, PatchModel]) -> None:
    patch = build(entry)
    optimizer = torch.optim.Adam(patch.parameters(), lr=0.1)
    with torch.no_grad():
        before = patch().srgb.mean()
    for _ in range(30):
        optimizer.zero_grad()
        patch().srgb.mean().backward()
        optimizer.step()
        patch.project_()
    with torch.no_grad():
        assert patch().srgb.mean() < before - 0.2


@each
@pytest.mark.parametrize("options", [{"px_per_100mm": 0.0}, {"px_per_100mm": 1e5}, {"init": "no-such.png"}])
def test_nonsense_is_refused_by_name(entry: Entry[Any, PatchModel], options: dict[str, Any]) -> None:
    if entry.name == "spectrum" and options.get("px_per_100mm") == 1e5:
        options = options | {"cycles_per_100mm": 4.0}
    with pytest.raises(BadOption, match=next(iter(options)) if "init" in options else "px_per_100mm"):
        build(entry, **options)
