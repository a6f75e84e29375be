"""Values check themselves; colour and seeds keep their promises."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from physadv.core.errors import BadShape
from physadv.core.labels import canonical, index_of
from physadv.core.seeding import fenced, generator
from physadv.core.types import Candidates, Detections, PatchImage, SceneBatch
from physadv.library.colour.conversion import bgr_u8_from_srgb, linear_from_srgb, srgb_from_bgr_u8, srgb_from_linear
from tests.toys import one_scene


def test_a_patch_of_the_wrong_shape_names_expected_and_got() -> None:
    with pytest.raises(BadShape, match=r"PatchImage.srgb must be \(3, h, w\), got \(4, 2, 2\)"):
        PatchImage(torch.zeros(4, 2, 2), torch.ones(1, 2, 2), 100.0)


def test_a_patch_without_size_is_refused() -> None:
    with pytest.raises(BadShape, match="width_mm must be positive"):
        PatchImage(torch.zeros(3, 2, 2), torch.ones(1, 2, 2), 0.0)


def test_candidates_must_agree_on_their_number() -> None:
    with pytest.raises(BadShape, match=r"Candidates.scores must be \(1, 5, K\)"):
        Candidates(torch.zeros(1, 5, 4), torch.zeros(1, 4, 2))


def test_detections_above_a_confidence_keep_their_order() -> None:
    found = Detections(torch.zeros(3, 4), torch.tensor([0.9, 0.5, 0.1]), torch.tensor([0, 1, 2]))
    assert found.above(0.5).labels.tolist() == [0, 1]


def test_repeating_a_scene_keeps_objects_with_their_images() -> None:
    twice = one_scene(images=2).repeat(2)
    assert twice.image_of.tolist() == [0, 1, 2, 3]
    assert len(twice.keys) == 4


def test_linear_light_and_srgb_are_inverse_with_finite_gradients() -> None:
    codes = torch.linspace(0, 1, 257, dtype=torch.float64, requires_grad=True)
    back = srgb_from_linear(linear_from_srgb(codes))
    torch.testing.assert_close(back, codes)
    back.sum().backward()
    assert codes.grad is not None
    assert torch.isfinite(codes.grad).all()


def test_a_red_pixel_is_red_on_both_sides_of_opencv() -> None:
    bgr = np.array([[[0, 0, 255]]], np.uint8)
    assert srgb_from_bgr_u8(bgr)[:, 0, 0].tolist() == [1.0, 0.0, 0.0]
    assert (bgr_u8_from_srgb(srgb_from_bgr_u8(bgr)) == bgr).all()


def test_a_seed_and_purpose_give_the_same_numbers_and_purposes_differ() -> None:
    first, again, other = (torch.rand(4, generator=generator(3, p)) for p in ("draws", "draws", "held-out"))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_fence_leaves_the_global_generator_as_it_was() -> None:
    before = torch.get_rng_state()
    with fenced(1):
        torch.rand(3)
    assert torch.equal(before, torch.get_rng_state())


def test_spelling_does_not_separate_labels() -> None:
    assert canonical("Stop_Sign") == canonical("stop") == "stop sign"
    assert index_of("trafficlight", ("car", "traffic light")) == 1
    assert index_of("zebra", ("car",)) is None


def test_picked_images_keep_their_objects_and_what_is_known_of_them() -> None:
    whole = replace(one_scene(4), distance_m=torch.arange(4.0), noise=torch.arange(8.0).view(4, 2))
    some = whole.pick(torch.tensor([3, 1]))
    assert some.keys == ("toy/0/3", "toy/0/1")
    assert torch.equal(some.srgb, whole.srgb[[3, 1]])
    assert {(k, float(d)) for k, d in zip((some.keys[i] for i in some.image_of), some.distance_m, strict=True)} == {
        ("toy/0/3", 3.0), ("toy/0/1", 1.0)
    }  # fmt: skip
    assert torch.equal(some.noise, whole.noise[[3, 1]])


def test_joined_batches_are_one_after_the_other() -> None:
    both = SceneBatch.joined([one_scene(2), one_scene(3, seed=5)])
    assert both.keys == (*one_scene(2).keys, *one_scene(3, seed=5).keys)
    assert both.image_of.tolist() == [0, 1, 2, 3, 4]
    assert torch.equal(both.pick(torch.tensor([2, 3, 4])).srgb, one_scene(3, seed=5).srgb)


def test_batches_of_other_sizes_are_not_joined() -> None:
    with pytest.raises(BadShape, match="pictures of one size"):
        SceneBatch.joined([one_scene(2), one_scene(2, side=40)])


def test_the_cameras_centre_may_still_come_under_its_old_name() -> None:
    scene, centre = one_scene(2), torch.tensor([[0.0, 0.0, -900.0]]).expand(2, 3)
    with pytest.warns(DeprecationWarning, match="camera_mm where it took eye_mm"):
        old = replace(scene, eye_mm=centre)
    assert torch.equal(old.pick(torch.tensor([1])).camera_mm, centre[1:])
