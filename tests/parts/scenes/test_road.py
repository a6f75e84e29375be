"""The drawn road: geometry that can be trusted to a fraction of a pixel, and pictures that repeat."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from physadv.core.errors import BadOption
from physadv.core.types import SceneBatch
from physadv.library.colour.conversion import linear_from_srgb
from physadv.library.roads.signs import LABELS, NAMES, octagon
from physadv.parts.scenes.options import RoadConfig
from physadv.parts.scenes.road import RoadScenes

FLAT = [0.0, 0.0]


def still(**changes: object) -> RoadConfig:
    """A frontal sign in neutral, noiseless light."""
    plain = RoadConfig(
        distance_m=[6.0, 6.0], yaw_deg=FLAT, roll_deg=FLAT, lateral_m=[1.5, 1.5], mount_height_m=[2.0, 2.0],
        exposure_ev=FLAT, temperature_k=[6500.0, 6500.0], distractors=[0, 0], blur_px=FLAT, noise=FLAT, images=2,
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]


def first(config: RoadConfig) -> SceneBatch:
    return next(RoadScenes(config).sweep(1))


def pixels_at(scene: SceneBatch, points_mm: torch.Tensor) -> torch.Tensor:
    """Linear light ``(n, 3)`` at the pixels nearest to points on the first sign."""
    seen = torch.cat([points_mm, torch.ones(len(points_mm), 1)], 1) @ scene.image_from_surface[0].T
    x, y = (seen[:, :2] / seen[:, 2:]).round().long().unbind(1)
    return linear_from_srgb(scene.srgb[0, :, y, x]).T


def test_the_same_generator_gives_the_same_pictures() -> None:
    road = RoadScenes(RoadConfig())
    a, b = (next(road.batches(2, torch.Generator().manual_seed(3))) for _ in range(2))
    assert torch.equal(a.srgb, b.srgb)
    assert torch.equal(a.image_from_surface, b.image_from_surface)
    assert not torch.equal(a.srgb, next(road.batches(2, torch.Generator().manual_seed(4))).srgb)


def test_the_sweep_does_not_depend_on_the_batch_size_and_counts_as_promised() -> None:
    road = RoadScenes(RoadConfig(images=5, width_px=320, height_px=192))
    whole = next(road.sweep(5))
    parts = list(road.sweep(2))
    assert [len(p.keys) for p in parts] == [2, 2, 1]
    assert torch.equal(whole.srgb, torch.cat([p.srgb for p in parts]))
    assert len(set(whole.keys)) == len(road) == 5


def test_half_the_distance_is_twice_the_size() -> None:
    near, far = (first(still(distance_m=[d, d], lateral_m=FLAT)) for d in (8.0, 16.0))
    size_near, size_far = ((s.boxes_xyxy_px[0, 2:] - s.boxes_xyxy_px[0, :2]) for s in (near, far))
    assert near.distance_m is not None
    assert float(near.distance_m[0]) == pytest.approx(8.0)
    torch.testing.assert_close(size_near, 2 * size_far, rtol=0.01, atol=0)


def test_the_border_corners_touch_the_box() -> None:
    scene = first(RoadConfig(images=1, distance_m=[5.0, 5.0]))
    outline = torch.tensor(octagon(750.0)).float()
    seen = torch.cat([outline, torch.ones(8, 1)], 1) @ scene.image_from_surface[0].T
    edges = seen[:, :2] / seen[:, 2:] + 0.5
    box = torch.cat([edges.amin(0), edges.amax(0)])
    torch.testing.assert_close(box, scene.boxes_xyxy_px[0], rtol=0, atol=1e-2)


def test_the_homography_lands_on_the_drawn_sign() -> None:
    scene = first(still(yaw_deg=[30.0, 30.0]))
    red = pixels_at(scene, torch.tensor([[0.0, -250.0], [0.0, 250.0], [-300.0, 160.0], [300.0, -160.0]]))
    assert (red[:, 0] > 4 * red[:, 1]).all()
    stem_of_t = pixels_at(scene, torch.tensor([[-90.0, 40.0]]))
    assert (stem_of_t[:, 1] > 0.7 * stem_of_t[:, 0]).all()


def test_a_white_surface_looks_as_bright_as_the_light_says() -> None:
    scene = first(still(sign="yield", exposure_ev=[-1.0, -1.0], temperature_k=[5000.0, 5000.0]))
    white_paint = linear_from_srgb(torch.tensor([238, 238, 234]) / 255)
    seen = pixels_at(scene, torch.tensor([[0.0, -130.0]]))[0]
    torch.testing.assert_close(seen, white_paint * scene.light[0], rtol=0.02, atol=0.005)


@pytest.mark.slow
@pytest.mark.parametrize("sign", NAMES)
def test_every_sign_wears_the_patch_once_a_picture_and_distractors_never_do(sign: str) -> None:
    scene = next(RoadScenes(RoadConfig(sign=sign, images=4, distractors=[2, 2])).sweep(4))
    worn = scene.image_of[scene.wears]
    assert worn.tolist() == [0, 1, 2, 3]
    assert len(set(scene.labels[scene.wears].tolist())) == 1
    assert not set(scene.labels[scene.wears].tolist()) & set(scene.labels[~scene.wears].tolist())
    assert scene.label_names == LABELS
    assert torch.equal(scene.image_from_surface[~scene.wears], torch.eye(3).expand(int((~scene.wears).sum()), 3, 3))
    inside = (scene.boxes_xyxy_px >= 0) & (scene.boxes_xyxy_px <= torch.tensor([640, 384, 640, 384]))
    assert inside[scene.wears].float().mean() > 0.95


def test_split_parts_share_no_picture() -> None:
    road = RoadScenes(RoadConfig(images=10, width_px=128, height_px=96))
    ours, judged = road.split(0.3, seed=1)
    assert (len(ours), len(judged)) == (7, 3)
    keys = [key for part in (ours, judged) for scene in part.sweep(4) for key in scene.keys]
    assert len(set(keys)) == 10
    drawn = [next(part.batches(1, torch.Generator().manual_seed(0))).srgb for part in (ours, judged)]
    assert not torch.equal(*drawn)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (RoadConfig(sign="stopp"), "Did you mean 'stop'"),
        (RoadConfig(distance_m=[9.0, 4.0]), "distance_m"),
        (RoadConfig(yaw_deg=[-89.0, 89.0]), "yaw_deg"),
        (RoadConfig(images=0), "images"),
    ],
)
def test_a_bad_option_explains_itself(config: RoadConfig, said: str) -> None:
    with pytest.raises(BadOption, match=said):
        RoadScenes(config)
