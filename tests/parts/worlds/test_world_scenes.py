"""Moments of a world are scenes like any other."""

from __future__ import annotations

import pytest
import torch

from physadv.core.errors import BadOption
from physadv.parts.worlds.options import WorldScenesConfig
from physadv.parts.worlds.scenes import build_world_scenes
from physadv.testing import check_scenes

SMALL = {"height_px": 48, "width_px": 80, "images": 10}


@pytest.mark.parametrize("slot", ["sign", "shirt"])
def test_they_pass_the_battery(slot: str) -> None:
    check_scenes(build_world_scenes(WorldScenesConfig(**SMALL, slot=slot, standing=0.6)))  # type: ignore[arg-type]


def test_the_sweep_sees_the_sign_from_near_and_far() -> None:
    scenes = build_world_scenes(WorldScenesConfig(height_px=48, width_px=80, images=60))
    worn = [scene.distance_m[scene.wears] for scene in scenes.sweep(30) if scene.distance_m is not None]
    distances = torch.cat(worn)
    assert len(distances) == 60
    assert float(distances.min()) < 11
    assert float(distances.max()) > 35


def test_parts_share_no_random_picture() -> None:
    one, other = build_world_scenes(WorldScenesConfig(**SMALL)).split(0.5, 3)  # type: ignore[arg-type]
    keys = [next(part.batches(4, torch.Generator().manual_seed(5))).keys for part in (one, other)]
    assert not set(keys[0]) & set(keys[1])


@pytest.mark.parametrize(
    ("options", "message"),
    [({"slot": "hat"}, "scenes.slot=hat is none of this world's: sign"), ({"images": 0}, "scenes.images"),
     ({"slot": "shirt", "standing": 0.0, "crossing": 0.0}, "hardly any moment of this world shows the slot 'shirt'")],
)  # fmt: skip
def test_what_cannot_be_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(BadOption, match=message):
        next(build_world_scenes(WorldScenesConfig(**(SMALL | options))).batches(2, torch.Generator()))  # type: ignore[arg-type]
