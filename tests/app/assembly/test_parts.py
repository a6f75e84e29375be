"""Parts are built one way, wherever they are named."""

from __future__ import annotations

import pytest
import torch

from physadv.app.assembly import parts
from physadv.app.registry import Registry
from physadv.core.errors import IncompatibleParts
from physadv.parts.patches.options import RasterConfig
from tests.toys import ToyDetector, ToyScenes


def test_a_null_seed_is_the_run_s_and_a_given_one_stays() -> None:
    registry = Registry(discover=False)
    small = {"width_mm": 20.0, "height_mm": 20.0, "init": "random"}
    run_s, given, same = (
        parts.part(registry, "patch", "raster", RasterConfig(seed=own, **small), seed=7)().srgb for own in (None, 3, 7)
    )
    assert torch.equal(run_s, same)
    assert not torch.equal(run_s, given)


def test_a_classifier_is_not_shown_pictures_of_whole_roads() -> None:
    class Classifier:
        name, kind = "toy", "classifier"

    with pytest.raises(IncompatibleParts, match="scenes=classes"):
        parts.check_pictures([Classifier()], ToyScenes())  # type: ignore[list-item]
    parts.check_pictures([ToyDetector()], ToyScenes())
