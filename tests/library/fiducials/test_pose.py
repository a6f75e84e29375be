"""Distance and angles against views whose truth is known: 1280x720, 70° across, eight tags of 100 mm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from physadv.core.types import Pose
from physadv.library.fiducials.camera import CalibratedCamera
from physadv.library.fiducials.find import DetectedBoard, Finder
from physadv.library.fiducials.pose import pose_of
from tests.library.fiducials.views import RayCamera, View, ring

BARS = {  # distance in m, yaw in °: bar on the distance in %, on yaw in °
    (1, 0): (0.1, 0.2), (3, 0): (0.5, 1.5), (3, 30): (1.0, 1.0), (3, -30): (1.0, 1.0), (3, 60): (1.0, 1.0),
    (5, 0): (2.0, 4.0), (5, 30): (2.0, 1.5), (5, -60): (2.0, 2.0), (7, 30): (3.0, 3.0),
}  # fmt: skip


def camera_of(ray_camera: RayCamera) -> CalibratedCamera:
    return CalibratedCamera(ray_camera.matrix, np.array(ray_camera.distortion), ray_camera.size_px, "known")


def pose(view: View, ray_camera: RayCamera | None = None, camera: CalibratedCamera | None = None) -> Pose:
    ray_camera = ray_camera or RayCamera()
    (seen,) = Finder([ring()]).find(ray_camera.sees((ring(), view)))
    found = pose_of(seen, camera or camera_of(ray_camera))
    assert found is not None
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("distance_m", "yaw_deg"), list(BARS))
def test_distance_and_yaw_are_within_the_bars(distance_m: float, yaw_deg: float) -> None:
    percent, degrees = BARS[distance_m, yaw_deg]
    found = pose(View((0.0, 0.0, float(distance_m)), yaw_deg, pitch_deg=3))
    assert found.distance_m == pytest.approx(distance_m, rel=percent / 100)
    assert found.yaw_deg == pytest.approx(yaw_deg, abs=degrees)
    assert found.tags >= 2
    assert found.reprojection_px < 0.8


@pytest.mark.parametrize(
    ("yaw", "pitch", "roll"), [(30, 0, 0), (-30, 0, 0), (0, 30, 0), (0, -30, 0), (0, 0, 40), (25, -20, 15)]
)
def test_angles_have_the_sign_and_order_that_pose_says(yaw: float, pitch: float, roll: float) -> None:
    found = pose(View((0.0, 0.0, 2.0), yaw, pitch, roll))
    assert (found.yaw_deg, found.pitch_deg, found.roll_deg) == pytest.approx((yaw, pitch, roll), abs=0.5)
    assert found.ambiguity < 0.3 or yaw == pitch == 0  # where both poses are one


def test_positive_yaw_makes_the_right_edge_the_shorter_one_and_positive_pitch_the_top_one() -> None:
    ray_camera = RayCamera()
    for view, (short, long) in ((View(yaw_deg=40), ((1, 2), (0, 3))), (View(pitch_deg=40), ((0, 1), (3, 2)))):
        corners = ray_camera.corners_px(ring(), view)
        sides = [float(np.linalg.norm(corners[a] - corners[b])) for a, b in (short, long)]
        assert sides[0] < sides[1]


def test_a_print_that_looks_at_the_camera_from_the_side_of_the_picture_has_no_yaw() -> None:
    aside = np.degrees(np.arctan2(1.2, 2.0))  # it stands to the right, so its right edge must come nearer
    found = pose(View((1.2, 0.0, 2.0), yaw_deg=-aside))
    assert found.yaw_deg == pytest.approx(0, abs=1.0)
    assert found.distance_m == pytest.approx(np.hypot(1.2, 2.0), rel=0.005)


@pytest.mark.slow
def test_a_wide_lens_is_respected() -> None:
    ray_camera = RayCamera(distortion=(-0.28, 0.08, 0.0005, -0.0005, 0.0))
    view = View((1.0, 0.4, 2.0), yaw_deg=25)
    truth = pose(view, replace(ray_camera, distortion=()))
    assert pose(view, ray_camera).distance_m == pytest.approx(truth.distance_m, rel=0.01)
    assert pose(view, ray_camera).yaw_deg == pytest.approx(truth.yaw_deg, abs=1.0)
    ignored = pose(view, ray_camera, camera_of(replace(ray_camera, distortion=())))
    assert abs(ignored.distance_m / truth.distance_m - 1) > 0.01


def test_a_head_on_print_far_away_says_that_its_tilt_is_ambiguous() -> None:
    assert pose(View((0.0, 0.0, 6.0))).ambiguity > 0.5 > pose(View((0.0, 0.0, 2.0), yaw_deg=30)).ambiguity


def test_a_poor_webcam_still_measures_at_three_metres() -> None:
    found = pose(View((0.1, 0.0, 3.0), yaw_deg=30), RayCamera(blur_px=1.2, noise=6.0))
    assert found.distance_m == pytest.approx(np.hypot(0.1, 3.0), rel=0.02)


def test_one_tag_has_no_pose() -> None:
    ray_camera = RayCamera()
    (seen,) = Finder([ring()]).find(ray_camera.sees((ring(), View())))
    single = DetectedBoard(seen.board, seen.ids[:1], seen.corners_px[:1], seen.image_from_board, 0.0)
    assert pose_of(single, camera_of(ray_camera)) is None


def test_two_tags_have_a_pose() -> None:
    ray_camera, view = RayCamera(), View((0.0, 0.0, 2.0), yaw_deg=20)
    (seen,) = Finder([ring()]).find(ray_camera.sees((ring(), view)))
    pair = [seen.ids.index(0), seen.ids.index(7)]  # opposite corners
    two = DetectedBoard(seen.board, tuple(seen.ids[i] for i in pair), seen.corners_px[pair], seen.image_from_board, 0.0)
    found = pose_of(two, camera_of(ray_camera))
    assert found is not None
    assert found.tags == 2
    assert found.distance_m == pytest.approx(2.0, rel=0.02)
