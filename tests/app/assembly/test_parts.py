"""Parts are built one way, wherever they are named."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from physadv.app.assembly import parts
from physadv.app.assembly.victims import check_pictures, chosen_victim
from physadv.app.registry import Registry
from physadv.core.access import Task
from physadv.core.errors import IncompatibleParts
from physadv.core.types import Candidates
from physadv.parts.patches.options import RasterConfig
from physadv.parts.victims.classifier import Classifier
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
    with pytest.raises(IncompatibleParts, match="scenes=classes"):
        check_pictures([ToyDetector(task=Task.classification)], ToyScenes())
    check_pictures([ToyDetector()], ToyScenes())


def test_a_classifier_is_seen_as_a_detector_wherever_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    network = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    classifier = Classifier(network, ("red", "green", "blue"), name="toy", size_px=4)
    monkeypatch.setattr(parts, "part", lambda *_: classifier)
    seen = chosen_victim(Registry(discover=False), "acme/toy", None, 0)
    assert isinstance(seen.outputs(torch.rand(2, 3, 4, 4)), Candidates)
    assert seen.task is Task.classification
    monkeypatch.setattr(parts, "part", lambda *_: ToyDetector())
    assert isinstance(chosen_victim(Registry(discover=False), "toy", None, 0), ToyDetector)


def test_a_policy_is_no_victim_of_a_patch_on_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "part", lambda *_: ToyDetector(task=Task.control))
    with pytest.raises(IncompatibleParts, match="'toy' is a policy"):
        chosen_victim(Registry(discover=False), "toy", None, 0)
