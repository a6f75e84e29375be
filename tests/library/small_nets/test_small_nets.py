"""Small networks: all answer, the same seed gives the same, they are kept, and spoilt weights explain themselves."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from physadv.core.errors import BadInput, BadOption
from physadv.library.small_nets.fitting import fitted, untrained
from physadv.library.small_nets.networks import MODELS, Maxout, SmallModel, linear
from physadv.library.small_nets.ready import ready_net
from physadv.library.small_nets.weights import FILE, SmallNet, read_net, write_net


@pytest.mark.parametrize("name", MODELS)
def test_each_model_tells_classes_apart(name: str) -> None:
    net = untrained(MODELS[name], 8, 3, seed=1)
    images = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    logits = net(images)
    assert logits.shape == (2, 3)
    assert torch.equal(untrained(MODELS[name], 8, 3, seed=1)(images), logits)
    assert not torch.equal(untrained(MODELS[name], 8, 3, seed=2)(images), logits)


def test_maxout_takes_the_largest_of_neighbours() -> None:
    assert Maxout(2)(torch.tensor([[1.0, 3.0, -2.0, -5.0]])).tolist() == [[3.0, -2.0]]


def test_the_same_seed_trains_the_same_network() -> None:
    images = torch.rand(40, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    classes = (images[:, 0, 0, 0] > 0.5).long()
    row = SmallModel(linear, steps=60, learning_rate=0.1)
    before = torch.random.get_rng_state()
    one, other = (fitted(row, images, classes, count=2, seed=0)(images) for _ in range(2))
    assert torch.equal(one, other)
    assert torch.equal(before, torch.random.get_rng_state())
    assert float((one.argmax(1) == classes).float().mean()) >= 0.9


def test_a_network_is_trained_once(
    caplog: pytest.LogCaptureFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHYSADV_CACHE", str(tmp_path))
    with caplog.at_level(logging.INFO):
        first, second = ready_net("digits", "linear"), ready_net("digits", "linear")
    assert caplog.text.count("training linear on 1397 pictures of digits") == 1
    images = torch.rand(3, 3, 8, 8)
    assert torch.equal(first.net(images), second.net(images))
    assert (second.data, second.model, second.side_px, second.labels) == ("digits", "linear", 8, tuple("0123456789"))
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(b"spoilt")
    ready_net("digits", "linear")
    assert "trained again" in caplog.text
    with pytest.raises(BadOption, match=r"no small network 'resnet'\. There are: cnn, linear"):
        ready_net("digits", "resnet")


def test_without_a_place_to_keep_it_a_network_is_still_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PHYSADV_CACHE", str(tmp_path / "file"))
    assert ready_net("digits", "linear-3-7").labels == ("3", "7")


def test_weights_that_cannot_be_used_say_why(tmp_path: Path) -> None:
    net = untrained(MODELS["linear"], 8, 2, 0)
    write_net(tmp_path / FILE, SmallNet(net, "digits", "linear", 8, ("3", "7")))
    assert read_net(tmp_path).labels == ("3", "7")  # the folder of a run stands for its file
    state, key = dict(net.state_dict()), "physadv small net 1"
    spoilt = (
        ({}, state, "does not say that it is"),
        ({key: "digits\nresnet\n8\n3\n7"}, state, "does not say that it is"),
        ({key: "digits\nlinear\n-8\n3\n7"}, state, "does not say that it is"),
        ({key: "digits\nlinear\n28\n3\n7"}, state, "another network"),
        ({key: "digits\nlinear\n8\n3\n7"}, {"2.weight": state["2.weight"]}, "another network"),
        ({key: "digits\nlinear\n8\n3\n7"}, state | {"2.bias": state["2.bias"] * torch.nan}, "not finite"),
    )
    for about, tensors, match in spoilt:
        save_file(tensors, tmp_path / "odd.safetensors", about)
        with pytest.raises(BadInput, match=match):
            read_net(tmp_path / "odd.safetensors")
    (tmp_path / "odd.safetensors").write_bytes(b"no weights")
    for path in (tmp_path / "odd.safetensors", tmp_path / "missing", tmp_path / "..."):
        with pytest.raises(BadInput):
            read_net(path)
