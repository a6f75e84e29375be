"""Everybody who is followed wears the print, steadily, and nobody through somebody else."""

from __future__ import annotations

import numpy as np
import torch

from physadv.engines.watch.wardrobe import MAX_WEARERS, Wardrobe
from physadv.library.placement.objects import dressing

GREY = torch.full((3, 240, 320), 0.5)


def wardrobe() -> Wardrobe:
    return Wardrobe(dressing("person", 1700.0, 0.0, "torso"))


def test_all_who_are_in_sight_wear_it_but_those_who_stand_behind_others() -> None:
    near, apart, behind = (100.0, 20.0, 180.0, 220.0), (220.0, 60.0, 260.0, 170.0), (120.0, 60.0, 160.0, 160.0)
    surfaces = wardrobe().surfaces({4: apart, 2: near, 7: behind}, GREY, 0.0)
    assert [surface.box_xyxy_px for surface in surfaces] == [apart, near]


def test_in_a_crowd_the_one_that_is_judged_and_the_tallest_wear_it() -> None:
    crowd = {n: (10.0 * n, 20.0, 10.0 * n + 8, 60.0 + 5 * n) for n in range(8)}
    surfaces = wardrobe().surfaces(crowd, GREY, 0.0)
    assert len(surfaces) == MAX_WEARERS
    assert surfaces[0].box_xyxy_px == crowd[0]
    assert surfaces[1].box_xyxy_px == crowd[7]


def test_the_print_jumps_less_than_the_box() -> None:
    clothes, generator = wardrobe(), np.random.default_rng(3)
    raw, laid = [], []
    for index in range(60):
        a, b, c, d = (np.array([100.0, 20.0, 180.0, 220.0]) + generator.normal(0, 4, 4)).tolist()
        (surface,) = clothes.surfaces({1: (a, b, c, d)}, GREY, index / 20)
        (own,) = wardrobe().surfaces({1: (a, b, c, d)}, GREY, 0.0)
        raw.append(own.image_from_surface[:2].ravel())
        laid.append(surface.image_from_surface[:2].ravel())
    jump_px, jitter_px = (np.abs(np.diff(rows[20:], axis=0))[:, [2, 5]].mean() for rows in (laid, raw))
    assert jump_px < jitter_px / 3
