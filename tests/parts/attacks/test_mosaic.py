"""Four photos in one picture: every object and every surface goes where its pixels go."""

from __future__ import annotations

import pytest
import torch

from physadv.core.types import SceneBatch
from physadv.library.placement.mosaic import SHOWN, mosaic

SIDE = 160


def photos(count: int = 4, *, face: bool = False) -> SceneBatch:
    """Dark photos of 120 × 160 px with one bright wearer each; of a face, the print lies below its box."""
    srgb = torch.full((count, 3, 120, SIDE), 0.1)
    box = [60.0, 20.0, 80.0, 40.0] if face else [60.0, 20.0, 100.0, 100.0]
    srgb[:, :, int(box[1]) : int(box[3]), int(box[0]) : int(box[2])] = 0.9
    x, y = (69.5, 79.5) if face else (79.5, 59.5)
    return SceneBatch(
        srgb=srgb, sizes_px=torch.tensor([[120, SIDE]] * count), keys=tuple(f"{i}.jpg" for i in range(count)),
        image_of=torch.arange(count), boxes_xyxy_px=torch.tensor([box] * count),
        labels=torch.zeros(count, dtype=torch.int64), label_names=("person",),
        wears=torch.ones(count, dtype=torch.bool),
        image_from_surface=torch.tensor([[[0.1, 0, x], [0, 0.1, y], [0, 0, 1.0]]] * count),
        light=torch.arange(count * 3).view(count, 3) / 12.0, camera_mm=torch.tensor([[300.0, -20.0, -2500.0]] * count),
        blur_px=torch.ones(count), noise=torch.zeros(count, 2), visible=torch.ones(count, 1, 120, SIDE),
    )  # fmt: skip


@pytest.fixture(params=range(6))
def made(request: pytest.FixtureRequest) -> SceneBatch:
    return mosaic(photos(8), torch.Generator().manual_seed(request.param))


def test_four_photos_make_one_square_picture_in_which_each_wearer_is_whole(made: SceneBatch) -> None:
    assert made.srgb.shape == (2, 3, SIDE, SIDE)
    assert made.wears.sum() == 8
    assert torch.bincount(made.image_of).tolist() == [4, 4]


def test_boxes_hold_the_pixels_of_their_objects(made: SceneBatch) -> None:
    for image, box in zip(made.image_of.tolist(), made.boxes_xyxy_px, strict=True):
        left, top, right, bottom = box.round().long().tolist()
        inside = made.srgb[image, 0, top + 1 : bottom - 1, left + 1 : right - 1]
        assert (inside > 0.75).float().mean() > 0.95  # the rim is blurred where it was shrunk
    boxes = (made.boxes_xyxy_px[:, 2:] - made.boxes_xyxy_px[:, :2]).prod(1).sum()
    assert (made.srgb[:, 0] > 0.5).sum() == pytest.approx(boxes.item(), rel=0.1)


def test_the_middle_of_the_surface_stays_in_the_middle_of_its_wearer(made: SceneBatch) -> None:
    middle = (made.boxes_xyxy_px[:, :2] + made.boxes_xyxy_px[:, 2:]) / 2 - 0.5
    torch.testing.assert_close(made.image_from_surface[:, :2, 2], middle, atol=0.3, rtol=0)  # a cut is at whole pixels


def test_a_mirrored_photo_does_not_mirror_the_print_but_moves_the_camera_to_the_other_side() -> None:
    made = mosaic(photos(32), torch.Generator().manual_seed(0))
    assert (torch.linalg.det(made.image_from_surface) > 0).all()
    assert set(made.camera_mm[:, 0].tolist()) == {300.0, -300.0}  # type: ignore[index]


def test_a_millimetre_grows_and_shrinks_with_its_wearer(made: SceneBatch) -> None:
    heights = made.boxes_xyxy_px[:, 3] - made.boxes_xyxy_px[:, 1]
    torch.testing.assert_close(
        made.image_from_surface[:, 1, 1] / heights, torch.full_like(heights, 0.1 / 80), rtol=0.02, atol=0
    )
    assert len(set(heights.round().tolist())) > 3


def test_objects_keep_their_light_and_the_camera_of_the_photos_is_forgotten() -> None:
    before = photos(4)
    made = mosaic(before, torch.Generator().manual_seed(0))
    torch.testing.assert_close(made.light, before.light)
    assert made.blur_px is None
    assert made.noise is None


def test_the_print_below_a_face_stays_in_the_picture() -> None:
    for seed in range(6):
        made = mosaic(photos(4, face=True), torch.Generator().manual_seed(seed))
        assert made.wears.all()
        assert ((made.image_from_surface[:, :2, 2] >= 0) & (made.image_from_surface[:, :2, 2] < SIDE)).all()


def test_who_is_mostly_cut_off_wears_nothing() -> None:
    crowd = photos(4)
    far = torch.tensor([[0.0, 0.0, 12.0, 118.0]] * 4)  # at the rim of its photo: often outside of the tile
    both = SceneBatch(
        srgb=crowd.srgb, sizes_px=crowd.sizes_px, keys=crowd.keys, image_of=torch.tensor([0, 1, 2, 3, 0, 1, 2, 3]),
        boxes_xyxy_px=torch.cat([crowd.boxes_xyxy_px, far]), labels=torch.zeros(8, dtype=torch.int64),
        label_names=("person",), wears=torch.ones(8, dtype=torch.bool),
        image_from_surface=crowd.image_from_surface.repeat(2, 1, 1), light=torch.ones(8, 3),
    )  # fmt: skip
    for seed in range(8):
        made = mosaic(both, torch.Generator().manual_seed(seed))
        scale = made.image_from_surface[:, 1, 1] / 0.1
        width = made.boxes_xyxy_px[:, 2] - made.boxes_xyxy_px[:, 0]
        whole = torch.where(width > 30 * scale, 40 * scale, 12 * scale)
        assert (width / whole)[made.wears].min() > SHOWN - 0.05


def test_the_same_generator_makes_the_same_pictures() -> None:
    one, two = (mosaic(photos(8), torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(one.srgb, two.srgb)
    assert torch.equal(one.boxes_xyxy_px, two.boxes_xyxy_px)


def test_what_is_in_front_moves_with_its_photo() -> None:
    before = photos(4)
    before.visible[:, :, 20:100, 60:100] = 0  # type: ignore[index]
    made = mosaic(before, torch.Generator().manual_seed(1))
    assert made.visible is not None
    assert (made.visible[:, 0][made.srgb[:, 0] > 0.8] < 0.2).float().mean() > 0.9
