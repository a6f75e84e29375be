"""The light read off a picture, beside the true light of the drawn road and beside not reading it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor

from physadv.library.colour.conversion import LUMINANCE, linear_from_srgb, srgb_from_linear
from physadv.library.photometry.scene_light import MAX_LIGHT, MIN_LIGHT, object_light, photo_light
from physadv.parts.scenes.coco import build_coco
from physadv.parts.scenes.options import CocoConfig, RoadConfig
from physadv.parts.scenes.road import RoadScenes

WEIGHTS = torch.tensor(LUMINANCE)


def errors_in_stops(signs: tuple[str, ...], images: int) -> dict[str, npt.NDArray[np.float32]]:
    """Of every wearer, by method; ``mean`` is the photo's mean with the one factor that suits these pictures best."""
    found: dict[str, list[Tensor]] = {"ours": [], "one": [], "mean": []}
    for sign in signs:
        for scene in RoadScenes(RoadConfig(sign=sign, images=images, seed=11)).sweep(4):
            for row in scene.wears.nonzero().flatten().tolist():
                photo = scene.srgb[scene.image_of[row]]
                x0, y0, x1, y1 = scene.boxes_xyxy_px[row].tolist()
                truth = (scene.light[row] @ WEIGHTS).log2()
                ours = object_light(photo, (x0, y0, x1, y1), photo_light(photo)).float() @ WEIGHTS
                found["ours"].append(ours.log2() - truth)
                found["one"].append(-truth)
                found["mean"].append((linear_from_srgb(photo).mean((1, 2)) @ WEIGHTS).log2() - truth)
    stops = {name: torch.stack(values).numpy() for name, values in found.items()}
    stops["mean"] -= np.median(stops["mean"])
    return {name: np.abs(values) for name, values in stops.items()}


def expect_better(stops: dict[str, npt.NDArray[np.float32]]) -> None:
    for quantile in (0.5, 0.9):
        ours, one, mean = (np.quantile(stops[name], quantile) for name in ("ours", "one", "mean"))
        assert ours < 0.8 * mean
        assert ours < 0.6 * one


@pytest.mark.slow
def test_the_light_is_nearer_to_the_truth_than_no_reading_and_than_the_mean() -> None:
    expect_better(errors_in_stops(("stop", "speed-limit"), 12))


@pytest.mark.slow
def test_so_it_is_for_every_sign() -> None:
    stops = errors_in_stops(("stop", "speed-limit", "yield", "warning", "crosswalk"), 60)
    expect_better(stops)
    assert np.median(stops["ours"]) < 0.25
    assert np.quantile(stops["ours"], 0.9) < 0.6


def test_half_the_exposure_is_half_the_light() -> None:
    linear = torch.rand(3, 60, 80, generator=torch.Generator().manual_seed(0)) * 0.6 + 0.1
    bright, dark = (srgb_from_linear(linear * gain) for gain in (1.0, 0.5))
    box = (20.0, 10.0, 60.0, 50.0)
    light = object_light(bright, box, photo_light(bright))
    torch.testing.assert_close(object_light(dark, box, photo_light(dark)), light / 2, rtol=0.02, atol=0)


def test_an_object_in_the_shade_gets_less_light_than_one_in_the_sun() -> None:
    photo = torch.full((3, 80, 80), 0.8)
    photo[:, :, :40] *= 0.4
    shade, sun = (object_light(photo, (x, 10.0, x + 20, 60.0), photo_light(photo)) for x in (10.0, 50.0))
    assert (shade < 0.6 * sun).all()


def test_a_warm_photo_gives_warm_light_but_never_a_wild_one() -> None:
    warm = torch.tensor([0.8, 0.6, 0.4])[:, None, None].expand(3, 40, 40)
    red, green, blue = object_light(warm, (5.0, 5.0, 30.0, 30.0), photo_light(warm)).tolist()
    assert red > green > blue > red / 2


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_black_and_white_photos_stay_within_the_range(level: float) -> None:
    photo = torch.full((3, 20, 20), level)
    light = object_light(photo, (0.0, 0.0, 20.0, 20.0), photo_light(photo))
    assert MIN_LIGHT <= float(light @ WEIGHTS.double()) <= MAX_LIGHT
    assert object_light(photo, (19.9, 19.9, 20.0, 20.0), photo_light(photo)).isfinite().all()


def test_relighting_can_be_left_out(shared: Path) -> None:
    root = str(shared / "data" / "coco128" / "val")
    lit, plain = (
        next(build_coco(CocoConfig(root=root, limit=2, relight=relight, match_camera=relight)).sweep(1))
        for relight in (True, False)
    )
    assert (plain.light == 1).all()
    assert (lit.light[lit.wears] != 1).any()
    assert plain.blur_px is None
    assert plain.noise is None
    assert lit.blur_px is not None
    assert lit.noise is not None
