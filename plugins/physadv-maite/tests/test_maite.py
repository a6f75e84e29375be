"""MAITE's own evaluate runs over parts of ours, and ours over MAITE's; what is not said or not right is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("maite", reason="maite is not installed: pip install ./plugins/physadv-maite")

from maite import spotcheck, tasks
from maite.protocols import object_detection as od
from physadv_maite import physadv_scenes, physadv_victims
from physadv_maite.advertised import advertised, made
from physadv_maite.augmentation import PatchAugmentation
from physadv_maite.exchange import BoxTarget
from physadv_maite.missed import MissedObjects
from physadv_maite.offered import SceneDataset, VictimModel
from physadv_maite.options import MaiteScenesConfig, MaiteVictimConfig

from physadv.api import BadInput, BadOption, MissingExtra, PatchImage
from physadv.testing import ToyDetector, ToyScenes, check_scenes, check_victim

GREY, RED = (PatchImage(torch.tensor(c).reshape(3, 1, 1).repeat(1, 8, 8), torch.ones(1, 8, 8), 8.0)
             for c in ([0.0, 0.5, 0.5], [1.0, 0.0, 0.0]))  # fmt: skip


class RedFinder:
    """Reports the whole picture, the surer the redder it is; answers in lists and with gaps in its numbers."""

    def __init__(self, *, sure: float = 1.0, top: float = 255.0) -> None:
        self.metadata = {"id": "red", "index2label": {3: "board", 7: "ghost"}}
        self._sure, self._top = sure, top

    def __call__(self, batch: Any) -> list[BoxTarget]:
        return [self._target(np.asarray(image) / self._top) for image in batch]

    def _target(self, image: np.ndarray) -> BoxTarget:
        height, width = image.shape[1:]
        if image[0].mean() < 0.1:
            return BoxTarget(np.zeros(0), np.zeros(0), np.zeros(0))
        boxes = np.array([[-1, 0, width, height + 2]])
        return BoxTarget(boxes, np.array([3]), np.array([self._sure * image[0].mean()]))


@dataclass
class ThreePictures:
    """Of unequal sizes; the last has no object in it."""

    dtype: str = "uint8"

    def __post_init__(self) -> None:
        self.metadata = {"id": "three", "index2label": {3: "board", 7: "ghost"}}

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> tuple[Any, BoxTarget, dict[str, Any]]:
        image = np.full((3, 40 + 8 * index, 48), 90 + index, dtype=self.dtype)
        boxes = np.array([[4.0, 4, 36, 36], [40, 0, 48, 8]][: 2 - index] if index < 2 else [])
        return image, BoxTarget(boxes, np.array([3, 7][: len(boxes)]), np.ones(len(boxes))), {"id": index}


def evaluated(patch: PatchImage | None) -> Any:
    """What MAITE finds with our detector, data, patch and metric: the toy sees a board the surer the redder it is."""
    worn = None if patch is None else PatchAugmentation(patch=patch, input_range="0-1", share=1.0)
    return tasks.evaluate(
        model=VictimModel(victim=ToyDetector(), input_range="0-1"),
        dataset=SceneDataset(scenes=ToyScenes(), input_range="0-1"),
        metric=MissedObjects(label=0), augmentation=worn, batch_size=3, return_augmented_data=True,
    )  # fmt: skip


def test_maite_evaluates_our_parts() -> None:
    clean, hidden, red = (evaluated(p)[0] for p in (None, GREY, RED))
    assert (clean["missed"], hidden["missed"], red["missed"]) == (0.5, 1, 0)  # two are a little bluer than red
    assert hidden["n"] == 4
    assert hidden["low"] == pytest.approx(0.51, abs=0.01)


def test_a_patched_picture_tells_what_was_done_and_leaves_the_old_one() -> None:
    image, target, about = ThreePictures()[0]
    before = image.copy()
    worn = PatchAugmentation(patch=RED, input_range="0-255", label=3, share=0.5)
    (first,), _, (facts,) = worn(([image], [target], [about]))
    assert first.dtype == np.uint8
    assert (image == before).all()
    assert "physadv_patch" not in about
    assert facts["id"] == 0
    assert facts["physadv_patch"]["objects"] == 1
    changed = np.argwhere((first != image).any(0))
    assert abs(changed.min(0) - [12, 12]).max() <= 1
    assert abs(changed.max(0) - [27, 27]).max() <= 1
    assert first[:, 20, 20].tolist() == [255, 0, 0]


def test_a_picture_without_boxes_passes_unchanged() -> None:
    image, target, about = ThreePictures()[2]
    (same,), _, _ = PatchAugmentation(patch=RED, input_range="0-255")(([image], [target], [about]))
    assert same is image


def victim(**options: Any) -> Any:
    row, _ = physadv_victims()
    return row.build(MaiteVictimConfig(**{"model": f"{__name__}:RedFinder", "input_range": "0-255", **options}))


def scenes(**options: Any) -> Any:
    row, _ = physadv_scenes()
    said = {"dataset": f"{__name__}:ThreePictures", "input_range": "0-255", "label": "board", "object_height_mm": 64.0}
    return row.build(MaiteScenesConfig(**{**said, **options}))


def test_a_model_of_maite_is_a_victim() -> None:
    assert check_victim(victim())
    dark = torch.zeros(2, 3, 8, 8)
    assert victim().outputs(dark).scores.shape == (2, 0, 2)
    assert victim().labels == ("board", "ghost")


def test_a_data_set_of_maite_is_scenes() -> None:
    source = scenes()
    check_scenes(source)
    (scene,) = source.sweep(3)
    assert scene.sizes_px.tolist() == [[40, 48], [48, 48], [56, 48]]
    assert scene.wears.tolist() == [True, False, True]
    middle = scene.image_from_surface[0] @ torch.tensor([32.0, 0, 1])
    assert middle.tolist() == [19.5 + 16, 19.5, 1]


def test_maite_evaluates_its_own_parts_through_ours() -> None:
    model = VictimModel(victim=victim(arguments=["sure: 2.0"]), input_range="0-255", confidence=0.5)
    result, _, _ = tasks.evaluate(
        model=model, dataset=SceneDataset(scenes=scenes(), input_range="0-255"), metric=MissedObjects(label=0, iou=0.1)
    )
    assert (result["missed"], result["n"]) == (0, 2)


class KeywordMetric(MissedObjects):
    """As MAITE's own metrics will be: whose options are named or refused."""

    def __init__(self, *, label: int) -> None:
        super().__init__(label=label)


def test_maite_spot_checks_both_directions() -> None:
    pytest.importorskip("beartype", reason="spotcheck needs beartype: pip install 'maite[experimental]'")
    evaluate = spotcheck.spotcheck(tasks.evaluate, ai_problem="object_detection")
    patched = PatchAugmentation(patch=RED, input_range="0-1", share=1.0)
    metric = made("metric", f"{__name__}:KeywordMetric", "object_detection.Metric", {"label": 0})
    ours = {"model": VictimModel(victim=ToyDetector(), input_range="0-1"),
            "dataset": SceneDataset(scenes=ToyScenes(), input_range="0-1")}  # fmt: skip
    told, _, _ = evaluate(**ours, metric=metric, augmentation=patched, batch_size=3)
    assert (told["missed"], told["n"]) == (0, 4)
    theirs = {"model": VictimModel(victim=victim(), input_range="0-255"),
              "dataset": SceneDataset(scenes=scenes(), input_range="0-255")}  # fmt: skip
    told, _, _ = evaluate(**theirs, metric=MissedObjects(label=0, iou=0.1))
    assert told["n"] == 2


def test_a_component_is_called_by_keyword_and_its_arguments_may_be_components() -> None:
    inner = {"made": f"{__name__}:RedFinder", "sure": 0.5}
    outer = made("x", f"{__name__}:Holder", "object_detection.Model", {"held": inner})
    assert outer.held._sure == 0.5
    with pytest.raises(BadOption, match="does not take its arguments"):
        made("x", f"{__name__}:Holder", "object_detection.Model", {"held": {**inner, "sur": 1}})


@dataclass(kw_only=True)
class Holder:
    held: Any


def test_they_look_like_what_they_are_advertised_as() -> None:
    model, dataset = VictimModel(victim=ToyDetector(), input_range="0-1"), ThreePictures()
    assert isinstance(model, od.Model)
    assert isinstance(MissedObjects(), od.Metric)
    assert isinstance(SceneDataset(scenes=ToyScenes(), input_range="0-1"), od.Dataset)
    assert isinstance(dataset, od.Dataset)


def test_foreign_entries_are_listed_without_importing_them() -> None:
    import sys

    before = set(sys.modules)
    listed = {one.name: one for one in advertised()}
    assert listed["maite_YoloObjectDetector"].group == "object_detection.Model"
    assert not {name for name in set(sys.modules) - before if name.startswith("maite")}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"input_range": ""}, r"victim\.input_range must be 0-1 or 0-255, got ''"),
        ({"model": ""}, r"victim\.model is missing"),
        ({"model": "nobody"}, "neither module:Class nor advertised"),
        ({"model": f"{__name__}:Nobody"}, "has no attribute 'Nobody'"),
        ({"arguments": ["size: 3"]}, "does not take its arguments"),
        ({"arguments": ["size=3"]}, r"victim\.arguments lists name:value"),
        ({"confidence": 2.0}, r"victim\.confidence"),
    ],
)
def test_a_bad_option_of_the_victim_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(BadOption, match=said):
        victim(**options)


def test_what_cannot_be_right_is_refused() -> None:
    with pytest.raises(MissingExtra, match="no_such_module"):
        made("victim.model", "no_such_module:X", "object_detection.Model", {})
    with pytest.raises(BadInput, match=r"values from 90 to 90; input_range=0-1"):
        scenes(input_range="0-1")
    with pytest.raises(BadInput, match=r"scores from 5 to 5"):
        victim(arguments=["sure:5.0"]).outputs(torch.ones(1, 3, 4, 4))
    with pytest.raises(BadOption, match=r"none of .*: board, ghost"):
        scenes(label="cat")
    with pytest.raises(BadInput, match="has no name"):
        victim(labels=["only"]).outputs(torch.ones(1, 3, 4, 4))
