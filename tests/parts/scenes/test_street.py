"""The drawn street: chests of known millimetres, people who are where the boxes say, and pictures that repeat."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from physadv.core.errors import BadOption
from physadv.core.types import SceneBatch
from physadv.parts.scenes.street import StreetScenes
from physadv.parts.scenes.street_options import STANCES, StreetConfig

FLAT = [0.0, 0.0]
SMALL = StreetConfig(images=6, width_px=320, height_px=192)


def alone(**changes: object) -> StreetConfig:
    """Somebody who stands alone and faces the camera."""
    plain = StreetConfig(
        images=2, width_px=320, height_px=192, distance_m=[4.0, 4.0], yaw_deg=FLAT, pitch_deg=FLAT, others=[0, 0],
        occluded=0.0, stances=["stand"], noise=FLAT, blur_px=FLAT,
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def swept() -> SceneBatch:
    return next(StreetScenes(SMALL).sweep(6))


def px_per_mm(scene: SceneBatch) -> torch.Tensor:
    """``(N,)`` how large a millimetre at the middle of each print is seen."""
    lens = scene.image_from_surface
    return (torch.linalg.det(lens).abs() / lens[:, 2, 2].abs() ** 3).sqrt()


def test_the_sweep_does_not_depend_on_the_batch_size(swept: SceneBatch) -> None:
    parts = list(StreetScenes(SMALL).sweep(4))
    assert [len(p.keys) for p in parts] == [4, 2]
    assert torch.equal(swept.srgb, torch.cat([p.srgb for p in parts]))
    assert len(set(swept.keys)) == 6


def test_the_same_generator_gives_the_same_pictures() -> None:
    street = StreetScenes(SMALL)
    a, b = (next(street.batches(1, torch.Generator().manual_seed(3))) for _ in range(2))
    assert torch.equal(a.srgb, b.srgb)
    assert torch.equal(a.image_from_surface, b.image_from_surface)


def test_one_person_a_picture_wears_the_patch_and_everybody_is_a_person(swept: SceneBatch) -> None:
    assert swept.image_of[swept.wears].tolist() == list(range(6))
    assert swept.label_names == ("person",)
    assert len(swept.image_of) > 6  # others, who never wear it
    height, width = swept.srgb.shape[2:]
    assert (swept.boxes_xyxy_px >= 0).all()
    assert (swept.boxes_xyxy_px[:, 2] <= width).all()
    assert (swept.boxes_xyxy_px[:, 3] <= height).all()


def test_the_print_lies_on_the_wearers_shirt_where_it_is_visible(swept: SceneBatch) -> None:
    assert swept.visible is not None
    for image, lens, box in zip(
        swept.image_of[swept.wears],
        swept.image_from_surface[swept.wears],
        swept.boxes_xyxy_px[swept.wears],
        strict=True,
    ):
        x, y = (lens[:2, 2] / lens[2, 2]).tolist()
        assert box[0] < x < box[2]
        assert box[1] < y < box[3]
        shown = swept.visible[image, 0].nonzero()
        assert shown[:, 1].min() >= box[0] - 4
        assert shown[:, 1].max() <= box[2] + 4


def test_half_the_distance_shows_a_millimetre_twice_as_large() -> None:
    near, far = (next(StreetScenes(alone(distance_m=[d, d])).sweep(2)) for d in (4.0, 8.0))
    assert near.distance_m is not None
    torch.testing.assert_close(near.distance_m, torch.full((2,), 4.0), rtol=0.06, atol=0)
    torch.testing.assert_close(px_per_mm(near), 2 * px_per_mm(far), rtol=0.1, atol=0)


def test_the_camera_is_as_far_from_the_chest_as_it_is_said_and_before_it(swept: SceneBatch) -> None:
    assert swept.camera_mm is not None
    assert swept.distance_m is not None
    worn = swept.camera_mm[swept.wears]
    torch.testing.assert_close(worn.norm(dim=1) / 1000, swept.distance_m[swept.wears], rtol=1e-3, atol=0)
    assert (worn[:, 2] < 0).all()


def test_arms_before_the_chest_hide_some_of_the_print() -> None:
    def shown(stance: str) -> float:
        scene = next(StreetScenes(alone(stances=[stance], distance_m=[3.0, 3.0], images=4)).sweep(4))
        assert scene.visible is not None
        total = 0.0
        for index, lens in enumerate(scene.image_from_surface):
            x, y = (int(v) for v in (lens[:2, 2] / lens[2, 2]).round())
            half = int(float(px_per_mm(scene)[index]) * 150)
            total += float(scene.visible[index, 0, y - half : y + half, x - half : x + half].mean())
        return total / 4

    assert shown("stand") > 0.95
    assert shown("cross-arms") < 0.85


def test_split_parts_share_no_picture() -> None:
    ours, judged = StreetScenes(SMALL).split(0.34, seed=1)
    assert (len(ours), len(judged)) == (4, 2)
    drawn = [next(part.batches(1, torch.Generator().manual_seed(0))).srgb for part in (ours, judged)]
    assert not torch.equal(*drawn)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (StreetConfig(stances=["wlak"]), "unknown 'wlak'"),
        (StreetConfig(stances=[]), "none"),
        (StreetConfig(distance_m=[9.0, 4.0]), "distance_m"),
        (StreetConfig(yaw_deg=[-120.0, 120.0]), "yaw_deg"),
        (StreetConfig(others=[0, 99]), "others"),
        (StreetConfig(occluded=2.0), "occluded"),
        (StreetConfig(images=0), "images"),
        (StreetConfig(field_of_view_deg=140.0), "field_of_view_deg"),
    ],
)
def test_a_bad_option_explains_itself(config: StreetConfig, said: str) -> None:
    with pytest.raises(BadOption, match=said):
        StreetScenes(config)


def test_the_stances_of_the_options_are_those_that_can_be_drawn() -> None:
    from physadv.library.people import pose

    assert pose.STANCES == STANCES
