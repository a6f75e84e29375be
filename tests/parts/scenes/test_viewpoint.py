"""From where a surface is seen: exact for any pose of a synthetic camera, and refused where there is no answer."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from physadv.core.errors import BadInput, BadOption
from physadv.library.placement.objects import facing_the_camera
from physadv.library.placement.viewpoint import camera_from_homography, focal_px
from physadv.parts.scenes.options import RoadConfig
from physadv.parts.scenes.photo_estimates import Reading
from physadv.parts.scenes.road import RoadScenes

FOCAL, CENTRE = 700.0, (319.5, 239.5)
INTRINSICS = torch.tensor([[FOCAL, 0, CENTRE[0]], [0, FOCAL, CENTRE[1]], [0, 0, 1]], dtype=torch.float64)


def pose(seed: int) -> tuple[Tensor, Tensor]:
    """A surface seen from in front: its homography, at an arbitrary scale, and the camera in its frame."""
    rng = np.random.default_rng(seed)
    while True:
        homography, camera_mm = any_pose(rng)
        if camera_mm[2] < -50:
            return homography, camera_mm


def any_pose(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """A surface before the camera, whichever side it shows."""
    yaw, pitch, roll = np.deg2rad(rng.uniform([-75, -60, -180], [75, 60, 180]))
    turns = [
        [[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]],
        [[1, 0, 0], [0, math.cos(pitch), -math.sin(pitch)], [0, math.sin(pitch), math.cos(pitch)]],
        [[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]],
    ]
    axes = torch.tensor(turns[0]).double() @ torch.tensor(turns[1]).double() @ torch.tensor(turns[2]).double()
    to_origin = torch.tensor(rng.uniform([-900, -600, 1500], [900, 600, 9000]))
    camera_mm = -axes.T @ to_origin
    homography = INTRINSICS @ torch.column_stack((axes[:, 0], axes[:, 1], to_origin))
    return homography * rng.choice([-1, 1]) * 10 ** rng.uniform(-4, 4), camera_mm


@pytest.mark.parametrize("seed", range(40))
def test_the_camera_of_a_random_pose_is_found(seed: int) -> None:
    homography, camera_mm = pose(seed)
    torch.testing.assert_close(camera_from_homography(homography, FOCAL, CENTRE), camera_mm, rtol=1e-6, atol=1e-3)


def test_a_surface_parallel_to_the_image_is_no_special_case() -> None:
    # 500 mm are 100 px: at a focal length of 700 px it is 3.5 m away, and its middle lies on the axis
    facing = facing_the_camera((300.0, 190.0, 340.0, 290.0), 500.0)
    camera_mm = camera_from_homography(facing, FOCAL, CENTRE)
    torch.testing.assert_close(camera_mm, torch.tensor([0.0, 0.0, -3500.0]).double(), rtol=1e-9, atol=1e-6)


def test_what_is_right_of_the_axis_is_seen_from_its_left() -> None:
    x, y, z = camera_from_homography(facing_the_camera((500.0, 190.0, 540.0, 290.0), 500.0), FOCAL, CENTRE).tolist()
    assert x == pytest.approx(-1000)
    assert y == pytest.approx(0)
    assert z == pytest.approx(-3500)


@pytest.mark.parametrize(
    ("matrix", "named"),
    [
        ([[1, 0, 9], [1, 0, 9], [0, 0, 1]], "no area"), ([[0, 0, 0], [0, 0, 0], [0, 0, 0]], "no area"),
        ([[1, 0, 9], [0, 1, 9], [0, 0, 0]], "plane of the camera"), ([[math.nan, 0, 9], [0, 1, 9], [0, 0, 1]], "area"),
        ([[-1, 0, 9], [0, 1, 9], [0, 0, 1]], "mirrored"), ([[1, 0, 9], [0, -1, 9], [0, 0, 1]], "from behind"),
    ],
)  # fmt: skip
def test_a_surface_without_an_eye_explains_itself(matrix: list[list[float]], named: str) -> None:
    with pytest.raises(BadInput, match=named) as caught:
        camera_from_homography(torch.tensor(matrix), FOCAL, CENTRE, "a surface in 'a.jpg'")
    assert "a.jpg" in str(caught.value)


def test_the_longer_side_has_the_field_of_view() -> None:
    assert focal_px((480, 640), 90) == pytest.approx(320)
    assert focal_px((640, 480), 90) == pytest.approx(320)
    with pytest.raises(BadOption, match="field_of_view_deg"):
        Reading(field_of_view_deg=0)


def test_the_road_knows_its_camera_exactly() -> None:
    config = RoadConfig(images=8, width_px=320, height_px=192)
    for scene in RoadScenes(config).sweep(4):
        assert scene.camera_mm is not None
        assert scene.distance_m is not None
        distance = torch.linalg.vector_norm(scene.camera_mm, dim=1) / 1000
        torch.testing.assert_close(distance, scene.distance_m, rtol=1e-5, atol=0)
        for row in scene.wears.nonzero().flatten().tolist():
            focal = 160 / math.tan(math.radians(config.field_of_view_deg) / 2)
            camera_mm = camera_from_homography(scene.image_from_surface[row], focal, (159.5, 95.5))
            torch.testing.assert_close(camera_mm.float(), scene.camera_mm[row], rtol=1e-3, atol=1.0)
