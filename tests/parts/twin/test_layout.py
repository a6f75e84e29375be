"""Geometry of the twin, without Mitsuba."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from physadv.core.errors import BadOption
from physadv.parts.twin.entries import build_twin
from physadv.parts.twin.layout import octagon, shot
from physadv.parts.twin.options import TwinConfig


@pytest.mark.parametrize("story", ["sign", "bottle"])
def test_the_homography_takes_the_surface_where_the_camera_sees_it(story: str) -> None:
    taken = shot(TwinConfig(story=story), 3)
    points = np.array([(0.0, 0.0), (0.0, 40.0)])  # where a cylinder touches its plane
    seen = taken.camera.project(taken.surface.world(points))
    mapped = np.concatenate([points, np.ones((2, 1))], 1) @ taken.image_from_surface().T
    assert np.allclose(mapped[:, :2] / mapped[:, 2:], seen, atol=1e-9)


def test_the_camera_is_before_the_surface_at_its_distance() -> None:
    taken = shot(TwinConfig(distance_m=[5.0, 5.0], yaw_deg=[0.0, 0.0]), 0)
    camera_mm = taken.surface.camera_mm()
    assert np.linalg.norm(camera_mm) == pytest.approx(5000)
    assert camera_mm[2] < -4500


def test_positive_yaw_turns_the_right_edge_away() -> None:
    surface = shot(TwinConfig(yaw_deg=[30.0, 30.0]), 0).surface
    left, right = surface.world(np.array([(-300.0, 0.0), (300.0, 0.0)]))
    assert np.linalg.norm(right) > np.linalg.norm(left)


def test_an_octagon_is_as_wide_across_as_it_is_tall() -> None:
    assert np.ptp(octagon(750), axis=0) == pytest.approx((750, 750))


def test_signs_stand_in_the_picture_at_every_distance() -> None:
    for index in range(40):
        taken = shot(TwinConfig(), index)
        box = taken.box_px()
        assert box[0] > 0
        assert box[1] > 0
        assert box[2] < taken.camera.size_px[0]
        assert box[3] < taken.camera.size_px[1]


@pytest.mark.parametrize(
    "wrong",
    [{"story": "car"}, {"lights": ["moon"]}, {"lights": []}, {"distance_m": [3.0]}, {"yaw_deg": [-90.0, 0.0]},
     {"filter_px": 0.1}, {"images": 0}],
)  # fmt: skip
def test_options_that_cannot_be_pictured_are_named(wrong: dict[str, object]) -> None:
    with pytest.raises(BadOption, match=f"scenes.{next(iter(wrong))}"):
        build_twin(replace(TwinConfig(), **wrong))  # type: ignore[arg-type]
