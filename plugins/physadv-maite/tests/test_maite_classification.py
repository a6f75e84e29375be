"""Image classification in both directions through MAITE's own evaluate and spotcheck, and NRTK before a victim."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

pytest.importorskip("maite", reason="maite is not installed: pip install ./plugins/physadv-maite")

from maite import spotcheck, tasks
from maite.protocols import image_classification as ic
from physadv_maite import physadv_defenses, physadv_scenes, physadv_victims
from physadv_maite.classes import ChangedClasses, ClassifierModel, PicturePatch
from physadv_maite.labelled import LabelledDataset
from physadv_maite.options import MaiteClassifierConfig, MaiteDefenseConfig, MaitePicturesConfig

from physadv.api import BadInput, BadOption, Classifier, PatchImage
from physadv.testing import ToyDetector, check_defense, check_scenes, check_victim, one_scene

RED = PatchImage(torch.tensor([1.0, 0, 0]).reshape(3, 1, 1).repeat(1, 8, 8), torch.ones(1, 8, 8), 8.0)
NAMES = ("red", "green", "blue")
NRTK = "nrtk.impls.perturb_image"


class MeanColours:
    """Says which channel is brightest."""

    def __init__(self, *, logits: bool = False, gap: bool = False) -> None:
        self.metadata = {"id": "colours", "index2label": dict(zip((0, 1, 3 if gap else 2), NAMES, strict=True))}
        self._logits = logits

    def __call__(self, batch: Any) -> list[Any]:
        means = [np.asarray(image, np.float32).mean((1, 2)) / 16 for image in batch]
        return [mean if self._logits else np.exp(mean - mean.max()) / np.exp(mean - mean.max()).sum() for mean in means]


@dataclass
class SixPictures:
    """Of plain colours."""

    def __post_init__(self) -> None:
        self.metadata = {"id": "six", "index2label": dict(enumerate(NAMES))}

    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> tuple[Any, Any, dict[str, Any]]:
        image = np.full((3, 16, 20), 60, np.uint8)
        image[index % 3] = 120 + index
        return image, np.eye(3)[index % 3], {"id": f"p{index}"}


def victim(**options: Any) -> Any:
    said = {"model": f"{__name__}:MeanColours", "input_range": "0-255", "scores": "probabilities"}
    return physadv_victims()[1].build(MaiteClassifierConfig(**{**said, **options}))


def scenes(**options: Any) -> Any:
    said = {"dataset": f"{__name__}:SixPictures", "input_range": "0-255"}
    return physadv_scenes()[1].build(MaitePicturesConfig(**{**said, **options}))


def our_classifier() -> Classifier:
    """By the mean colour, too."""
    return Classifier(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), NAMES, name="mean", size_px=8)


def test_a_classifier_of_maite_is_a_victim() -> None:
    assert check_victim(victim())
    images = torch.tensor([0.9, 0.5, 0.1]).reshape(1, 3, 1, 1).expand(1, 3, 4, 4)
    for options in ({}, {"scores": "logits", "arguments": ["logits: true"]}):
        asked = victim(**options)
        found = asked.decide(asked.outputs(images))
        assert asked.labels[int(found.labels[0])] == "red"
        assert asked.outputs(images).logits.softmax(1)[0].tolist() == pytest.approx(
            torch.tensor([230.0, 128, 26]).div(16).softmax(0).tolist(), abs=1e-5
        )


def test_a_data_set_of_labelled_pictures_is_scenes() -> None:
    source = scenes()
    check_scenes(source)
    (scene,) = source.sweep(6)
    assert scene.wears.all()
    assert scene.boxes_xyxy_px[0].tolist() == [0, 0, 20, 16]
    assert [scene.label_names[label] for label in scene.labels] == list(NAMES) * 2
    (scene,) = scenes(label="green").sweep(6)
    assert scene.wears.tolist() == [False, True, False] * 2


def test_maite_evaluates_and_spot_checks_our_parts() -> None:
    pytest.importorskip("beartype", reason="spotcheck needs beartype: pip install 'maite[experimental]'")
    evaluate = spotcheck.spotcheck(tasks.evaluate, ai_problem="image_classification")
    ours = {"model": ClassifierModel(victim=our_classifier(), input_range="0-255"),
            "dataset": LabelledDataset(scenes=scenes(), input_range="0-255")}  # fmt: skip
    clean, _, _ = evaluate(**ours, metric=ChangedClasses(), batch_size=4)
    patch = PicturePatch(patch=RED, input_range="0-255", share=0.8)
    patched, _, data = evaluate(**ours, metric=ChangedClasses(), augmentation=patch, return_augmented_data=True)
    assert (clean["changed"], clean["n"], patched["changed"]) == (0, 6, pytest.approx(4 / 6))
    assert data[0][2][0]["physadv_patch"]["objects"] == 1


def test_maite_evaluates_its_own_parts_through_ours() -> None:
    model = ClassifierModel(victim=victim(), input_range="0-255")
    told, _, _ = tasks.evaluate(model=model, dataset=SixPictures(), metric=ChangedClasses(label=1))
    assert (told["changed"], told["n"]) == (0, 2)
    assert ChangedClasses().compute() == {"changed": None, "low": None, "high": None, "n": 0}


def test_they_look_like_what_they_are_advertised_as() -> None:
    assert isinstance(ClassifierModel(victim=our_classifier(), input_range="0-1"), ic.Model)
    assert isinstance(LabelledDataset(scenes=scenes(), input_range="0-1"), ic.Dataset)
    assert isinstance(PicturePatch(patch=RED, input_range="0-1"), ic.Augmentation)
    assert isinstance(ChangedClasses(), ic.Metric)


class Noise:
    metadata = {"id": "noise"}  # noqa: RUF012 - as MAITE's protocol has it

    def __call__(self, batch: Any) -> Any:
        return [np.random.default_rng().random(np.shape(image), np.float32) for image in batch[0]], *batch[1:]


class Halved(Noise):
    def __call__(self, batch: Any) -> Any:
        return [image[:, ::2] for image in batch[0]], *batch[1:]


class Failing(Noise):
    def __call__(self, batch: Any) -> Any:
        raise OverflowError("too much haze")


def defense(augmentation: str, *arguments: str, input_range: str = "0-255") -> Any:
    said = MaiteDefenseConfig(augmentation=augmentation, arguments=list(arguments), input_range=input_range)
    return physadv_defenses()[0].build(said)


@pytest.mark.parametrize("perturber", ["photometric.blur:GaussianBlurPerturber, ksize: 3",
                                       "photometric.enhance:BrightnessPerturber, factor: 0.5",
                                       "environment:HazePerturber, factor: 1.0"])  # fmt: skip
def test_augmentations_of_nrtk_stand_before_a_victim(perturber: str) -> None:
    pytest.importorskip("nrtk", reason="nrtk is not installed: pip install 'nrtk[maite]'")
    made = defense("nrtk_MAITEImageClassificationAugmentation", "augment_id: worse",
                   f"augment:{{made: '{NRTK}.{perturber.replace(',', chr(39) + ',', 1)}}}")  # fmt: skip
    check_defense(made)
    images = one_scene(2).srgb
    plain, behind = ToyDetector(), made.around(ToyDetector())
    assert not torch.equal(plain.outputs(images).scores, behind.outputs(images).scores)


def test_nrtk_is_listed_and_goes_into_evaluate_beside_ours() -> None:
    nrtk = pytest.importorskip("nrtk.interop", reason="nrtk is not installed: pip install 'nrtk[maite]'")
    from nrtk.impls.perturb_image.photometric.enhance import BrightnessPerturber

    dark = nrtk.MAITEImageClassificationAugmentation(augment=BrightnessPerturber(factor=0.0), augment_id="dark")
    model, data = ClassifierModel(victim=our_classifier(), input_range="0-255"), SixPictures()
    told, _, _ = tasks.evaluate(model=model, dataset=data, metric=ChangedClasses(), augmentation=dark)
    assert told["changed"] == pytest.approx(4 / 6)  # black is the first class


def test_what_cannot_be_right_is_refused() -> None:
    with pytest.raises(BadOption, match=r"victim\.scores must be probabilities or logits, got ''"):
        victim(scores="")
    with pytest.raises(BadInput, match=r"no probabilities\. Say scores=logits"):
        victim(arguments=["logits: true"]).outputs(torch.ones(1, 3, 4, 4))
    with pytest.raises(BadInput, match="count from 0 without gaps"):
        victim(arguments=["gap: true"])
    with pytest.raises(BadInput, match=r"one finite number for each of 2 classes"):
        victim(labels=["a", "b"]).outputs(torch.ones(1, 3, 4, 4))
    with pytest.raises(BadOption, match="does not classify"):
        ClassifierModel(victim=ToyDetector(), input_range="0-1")
    with pytest.raises(BadOption, match=r"none of .*: red, green, blue"):
        scenes(label="grey")
    with pytest.raises(BadOption, match="draws anew each time"):
        defense(f"{__name__}:Noise", input_range="0-1")
    with pytest.raises(BadInput, match=r"fails on a picture \(OverflowError: too much haze\)\. Change its"):
        defense(f"{__name__}:Failing")
    with pytest.raises(BadInput, match="boxes would have no way back"):
        defense(f"{__name__}:Halved")
    with pytest.raises(BadOption, match=r"defense\.augmentation is missing"):
        defense("")
