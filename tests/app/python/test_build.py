from __future__ import annotations

import pytest
import torch

from physadv import api
from physadv.core.errors import BadOption
from physadv.testing import one_scene


def test_a_part_is_built_from_its_name_and_options() -> None:
    goal = api.build("goals", "hide", iou=0.25)
    assert goal.bound(("stop",)) is not None
    patch = api.build("patches", "raster", width_mm=100, height_mm=50, px_per_100mm=16)
    assert patch().width_mm == 100
    assert patch().srgb.shape == (3, 8, 16)


@pytest.mark.parametrize(
    ("kind", "name", "options", "told"),
    [
        ("victim", "sign-nano", {}, r"no kind of part 'victim'. Did you mean 'victims'"),
        ("victims", "sign-nan", {}, r"no victims named 'sign-nan'. Did you mean 'sign-nano'"),
        ("patches", "raster", {"width": 3}, r"patches 'raster' has no option 'width'. Did you mean"),
        ("patches", "raster", {"width_mm": "wide"}, r"patches 'raster': Value 'wide'"),
    ],
)
def test_what_does_not_exist_is_refused_with_the_nearest(
    kind: str, name: str, options: dict[str, object], told: str
) -> None:
    with pytest.raises(BadOption, match=told):
        api.build(kind, name, **options)


@pytest.mark.slow
def test_a_world_is_that_of_its_preset_with_changes() -> None:
    world = api.renderer("none", options={"eot.light.exposure_ev": [-1.0, -1.0]})
    plain = api.renderer("none")
    scene, random = one_scene(), api.generator(0, "test")
    patch = api.PatchImage(torch.full((3, 8, 8), 0.5), torch.ones(1, 8, 8), 200.0)
    darker, same = (one.render(scene, patch, one.sample(scene, random)) for one in (world, plain))
    assert darker.shape == same.shape
    assert float(darker.sum()) < float(same.sum())
    with pytest.raises(BadOption, match="sign_driveby"):
        api.renderer("sign_drivby")


def test_no_checkpoints_hold_nothing() -> None:
    kept = api.NoCheckpoints()
    kept.save({"step": 1})
    assert kept.load() is None
