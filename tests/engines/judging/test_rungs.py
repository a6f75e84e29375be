"""Which worlds stand between the screen and the street."""

from __future__ import annotations

import pytest
import torch

from physadv.core.errors import BadOption
from physadv.core.types import PatchImage
from physadv.engines.judging.rungs import only, present, rungs
from physadv.parts.render.entries import build_renderer
from physadv.parts.render.options import CameraConfig, CoverConfig, EotConfig, JitterConfig, PlaceConfig
from tests.toys import ToyScenes

EOT = EotConfig(
    place=PlaceConfig(y_mm=20.0), jitter=JitterConfig(yaw_deg=[-40, 40], viewing_distance_mm=900.0),
    cover=CoverConfig(arms=[0.0, 0.5]), camera=CameraConfig(tone=[0.8, 1.2]),
)  # fmt: skip


def ink(patch: PatchImage) -> PatchImage:
    return patch


def test_stages_are_added_and_left_out_one_at_a_time_and_no_world_comes_twice() -> None:
    made = [rung.stages for rung in rungs(EOT, ink, build_renderer)]
    assert made == [
        (), ("relight",), ("relight", "ink"), ("relight", "ink", "turn"), ("relight", "ink", "turn", "arms"),
        ("relight", "ink", "turn", "arms", "camera"), ("ink", "turn", "arms", "camera"),
        ("relight", "turn", "arms", "camera"), ("relight", "ink", "arms", "camera"),
        ("relight", "ink", "turn", "camera"),
    ]  # fmt: skip


def test_place_and_camera_distance_stay_on_the_screen_and_nothing_varies_there() -> None:
    screen = only(EOT, ())
    assert (screen.place, screen.jitter.viewing_distance_mm, screen.jitter.yaw_deg) == (EOT.place, 900.0, [0.0, 0.0])
    assert only(EOT, ("relight", "ink", "turn", "arms", "camera")) == EOT


def test_ink_is_a_stage_only_where_there_is_some() -> None:
    assert present(EOT, None) == ("relight", "turn", "arms", "camera")
    with pytest.raises(BadOption, match="nothing varies"):
        present(EotConfig(), None)


def test_worlds_share_the_draws_of_the_stages_that_they_have() -> None:
    scene = next(ToyScenes(2).sweep(2))
    without, street = rungs(EOT, None, build_renderer)[1:5:3]
    drawn = [one.renderer.sample(scene, torch.Generator().manual_seed(3)).stages for one in (without, street)]
    assert not torch.equal(drawn[0]["jitter"]["yaw_deg"], drawn[1]["jitter"]["yaw_deg"])
    for name in ("arms_lie",):
        assert torch.equal(drawn[0]["cover"][name], drawn[1]["cover"][name])
    assert torch.equal(drawn[0]["surface"]["fold"], drawn[1]["surface"]["fold"])
