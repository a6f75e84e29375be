"""Wearers are cut out of road pictures at their own size and laid six to a picture, with all that is known of them."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from physadv.core.seeding import generator
from physadv.core.types import SceneBatch
from physadv.library.placement.cuts import COLUMNS, EACH, ROWS, Cuts, cut_out
from physadv.parts.scenes.options import RoadConfig
from physadv.parts.scenes.road import RoadScenes

SCENES = RoadScenes(RoadConfig(width_px=320, height_px=192, distance_m=[5.0, 20.0]))


@pytest.fixture(scope="module")
def picture() -> SceneBatch:
    return Cuts(SCENES, EACH, seed=0).pictures(1, generator(1, "order"))


def test_a_picture_holds_six_wearers_each_in_its_own_cut(picture: SceneBatch) -> None:
    height, width = 192 // ROWS, 320 // COLUMNS
    assert picture.srgb.shape == (1, 3, ROWS * height, COLUMNS * width)
    assert int(picture.wears.sum()) == EACH
    middle = picture.image_from_surface[picture.wears][:, :2, 2]
    places = (middle // torch.tensor([width, height])).long()
    assert {tuple(place) for place in places.tolist()} == {(x, y) for x in range(COLUMNS) for y in range(ROWS)}


def test_pixels_distance_and_surface_are_those_of_the_picture_it_was_cut_from() -> None:
    scene = next(SCENES.batches(1, generator(3, "scene")))
    cut = cut_out(scene, (96, 106), generator(4, "cut"))
    whole, piece = (one.boxes_xyxy_px[one.wears][0] for one in (scene, cut))
    (x, y), (left, top, right, bottom) = (whole - piece)[:2].round().long().tolist(), piece.tolist()
    assert torch.equal(cut.srgb[0], scene.srgb[0, :, y : y + 96, x : x + 106])
    assert 0 <= left < right <= 106
    assert 0 <= top < bottom <= 96
    moved = cut.image_from_surface[cut.wears][0][:2, 2] - scene.image_from_surface[scene.wears][0][:2, 2]
    torch.testing.assert_close(moved, torch.tensor([-float(x), -float(y)]))
    assert cut.distance_m is not None
    assert scene.distance_m is not None
    assert torch.equal(cut.distance_m[cut.wears], scene.distance_m[scene.wears])


def test_the_same_seed_makes_the_same_cuts_in_whatever_order_they_are_asked_for() -> None:
    early, late = Cuts(SCENES, 2 * EACH, seed=5), Cuts(SCENES, 2 * EACH, seed=5)
    late.pictures(1, generator(9, "others first"))
    one, two = (cuts.pictures(1, generator(1, "order")) for cuts in (early, late))
    assert torch.equal(one.srgb, two.srgb)


def test_held_out_cuts_are_none_of_the_steps() -> None:
    cuts = Cuts(SCENES, EACH, seed=0)
    steps, held_out = cuts.pictures(1, generator(1, "order")), next(cuts.batches(1, generator(0, "held-out")))
    assert held_out.srgb.shape == steps.srgb.shape
    assert not set(map(tuple, steps.boxes_xyxy_px.tolist())) & set(map(tuple, held_out.boxes_xyxy_px.tolist()))


def test_a_wearer_larger_than_the_cut_wears_nothing_and_a_small_picture_is_filled_up_with_grey() -> None:
    scene = next(SCENES.batches(1, generator(3, "scene")))
    huge = dataclasses.replace(scene, boxes_xyxy_px=torch.tensor([[0.0, 0, 320, 192]] * len(scene.wears)))
    assert not cut_out(huge, (64, 64), generator(0, "cut")).wears.any()
    small = cut_out(scene, (250, 400), generator(0, "cut"))
    assert torch.equal(small.srgb[:, :, :192, :320], scene.srgb)
    assert small.srgb[:, :, 192:].unique().numel() == 1
