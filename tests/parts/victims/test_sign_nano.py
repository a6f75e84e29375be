"""The built-in road-sign detector: what it promises as a victim, and which weight files it refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from physadv.core.errors import BadInput
from physadv.parts.scenes.options import RoadConfig
from physadv.parts.scenes.road import RoadScenes
from physadv.parts.victims.options import SignNanoConfig
from physadv.parts.victims.sign_nano import load_sign_nano
from physadv.parts.victims.sign_nano_net import SignNanoNet, grid
from physadv.parts.victims.sign_nano_weights import METADATA_KEY

LABELS = ("speed limit", "stop sign", "crosswalk", "traffic light", "yield", "warning")
METADATA = {METADATA_KEY: "\n".join(LABELS)}


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A sound file of untrained weights."""
    torch.manual_seed(0)
    path = tmp_path / "untrained.safetensors"
    save_file(SignNanoNet(len(LABELS)).state_dict(), path, METADATA)
    return path


def test_boxes_are_in_pixels_of_images_of_any_size(weights: Path) -> None:
    victim = load_sign_nano(SignNanoConfig(weights=str(weights)))
    images = torch.rand(2, 3, 70, 101, generator=torch.Generator().manual_seed(1))
    found = victim.outputs(images)
    assert found.boxes_xyxy_px.shape == (2, len(grid(96, 128, images.device)[0]), 4)
    assert found.boxes_xyxy_px[..., 0::2].amax() <= 101
    assert found.boxes_xyxy_px[..., 1::2].amax() <= 70
    assert found.scores.min() >= 0
    assert found.scores.max() <= 1
    assert len(victim.decide(found, confidence=0.999)) == 2


def test_the_gradient_reaches_the_images_and_not_the_weights(weights: Path) -> None:
    victim = load_sign_nano(SignNanoConfig(weights=str(weights)))
    images = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1)).requires_grad_()
    victim.outputs(images).scores.sum().backward()  # type: ignore[no-untyped-call]
    assert images.grad is not None
    assert (images.grad != 0).float().mean() > 0.99


def test_padding_does_not_move_boxes(weights: Path) -> None:
    """Cells far from the padding see the same pixels, so they say the same."""
    victim = load_sign_nano(SignNanoConfig(weights=str(weights)))
    limited = load_sign_nano(SignNanoConfig(weights=str(weights), size_px=64))
    images = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(victim.outputs(images).scores, limited.outputs(images).scores)
    shrunk = limited.outputs(torch.nn.functional.interpolate(images, scale_factor=2.0, mode="nearest"))
    assert shrunk.boxes_xyxy_px.amax() > 64


@pytest.mark.parametrize("name", ["sign-nano", "sign-nano-robust"])
def test_the_packaged_weights_find_a_stop_sign_in_the_default_scene(name: str) -> None:
    victim = load_sign_nano(SignNanoConfig(), name)
    scene = next(RoadScenes(RoadConfig(images=4, distance_m=[6.0, 12.0], distractors=[0, 0])).sweep(4))
    decisions = victim.decide(victim.outputs(scene.srgb))
    stop = victim.labels.index("stop sign")
    assert sum(bool((found.labels == stop).any()) for found in decisions) >= 3
    assert victim.name == name
    assert len(victim.digest) == 64


def _without_a_tensor(path: Path) -> None:
    state = load_file(path)
    state.pop("stem.0.weight")
    save_file(state, path, METADATA)


def _with(change: Callable[[Tensor], Tensor], path: Path) -> None:
    state = load_file(path)
    state["stem.0.weight"] = change(state["stem.0.weight"])
    save_file(state, path, METADATA)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.unlink(), "no file"),
        (lambda path: path.write_bytes(b"\x80\x02}q\x00." * 100), "not a readable safetensors"),
        (lambda path: path.write_bytes(path.read_bytes()[:5000]), "not a readable safetensors"),
        (lambda path: save_file(load_file(path), path), "metadata"),
        (_without_a_tensor, "another network"),
        (lambda path: _with(lambda w: w[:1].contiguous(), path), "shape"),
        (lambda path: _with(lambda w: w * torch.nan, path), "not finite"),
    ],
)
def test_a_bad_weights_file_is_refused_by_name(weights: Path, spoil: Callable[[Path], None], said: str) -> None:
    spoil(weights)
    with pytest.raises(BadInput, match=said) as refusal:
        load_sign_nano(SignNanoConfig(weights=str(weights)))
    assert str(weights) in str(refusal.value)
