"""Sets that need no download, as scenes."""

from __future__ import annotations

import pytest
import torch

from physadv.core.errors import BadOption
from physadv.parts.scenes.known_set_options import DigitScenesConfig, ImageNet20Config
from physadv.parts.scenes.known_sets import build_digits, build_imagenet20, build_mnist
from physadv.testing import check_scenes
from tests.lecture import needs_mnist, needs_photos


def test_digits_pass_the_battery() -> None:
    check_scenes(build_digits(DigitScenesConfig(limit=10)))


def test_a_digit_is_one_object_and_keeps_its_name_in_every_split() -> None:
    (batch,) = build_digits(DigitScenesConfig(limit=20)).sweep(20)
    assert batch.srgb.shape == (20, 3, 8, 8)
    assert batch.labels.bincount().tolist() == [2] * 10
    assert batch.label_names == tuple("0123456789")
    assert batch.boxes_xyxy_px[0].tolist() == [0, 0, 8, 8]
    splits = {split: build_digits(DigitScenesConfig(split=split)).keys for split in ("train", "val", "all")}
    assert sorted(splits["train"] + splits["val"]) == sorted(splits["all"])


def test_only_some_digits() -> None:
    (batch,) = build_digits(DigitScenesConfig(only=["3", "7"])).sweep(400)
    assert {batch.label_names[label] for label in batch.labels} == {"3", "7"}


@pytest.mark.parametrize(("options", "match"), [
    ({"split": "test"}, "train, all; got 'test'"),
    ({"only": ["3", "x"]}, r"such as \[3,7\]; got 'x'"),
    ({"limit": -1}, "must not be negative"),
    ({"label": "11"}, "no class '11' here"),
])  # fmt: skip
def test_what_there_is_not_is_refused(options: dict[str, object], match: str) -> None:
    with pytest.raises(BadOption, match=match):
        build_digits(DigitScenesConfig(**options))
    with pytest.raises(BadOption, match="within 32 and 2048"):
        build_imagenet20(ImageNet20Config(size_px=4))


@needs_mnist
def test_mnist_is_28_pixels_wide() -> None:
    (batch,) = build_mnist(DigitScenesConfig(limit=10)).sweep(10)
    assert batch.srgb.shape == (10, 3, 28, 28)
    assert batch.labels.tolist() == list(range(10))


@needs_photos
def test_photos_of_imagenet_are_squares() -> None:
    (batch,) = build_imagenet20(ImageNet20Config(size_px=64)).sweep(20)
    assert batch.srgb.shape == (20, 3, 64, 64)
    assert batch.label_names[batch.labels[0]] == "bull mastiff"
    assert torch.isfinite(batch.srgb).all()
