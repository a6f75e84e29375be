"""A policy from a file of weights: what is read off the file, what the options say, and what does not fit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from physadv.core.errors import BadInput, BadOption
from physadv.core.worlds import Observation
from physadv.parts.policies.entries import physadv_policies
from physadv.parts.policies.greedy import GreedyPolicy
from physadv.parts.policies.options import TorchPolicyConfig
from physadv.testing import check_policy

SIZE = [20, 24]


def network() -> nn.Module:
    """Two convolutions and two linear layers, with the value beside them, as a training script names them."""
    torch.manual_seed(1)
    return nn.ModuleDict(
        {
            "main": nn.Sequential(
                nn.Conv2d(2, 4, 4, 2), nn.ReLU(), nn.Conv2d(4, 5, 3, 1), nn.ReLU(), nn.Flatten(),
                nn.Linear(5 * 7 * 9, 6), nn.ReLU(),
            ),
            "policy": nn.Linear(6, 3),
            "value": nn.Linear(6, 1),
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("policy") / "driver.safetensors"
    save_file(network().state_dict(), path)
    return path


def build(path: Path, /, **options: object) -> GreedyPolicy:
    row = next(row for row in physadv_policies() if row.name == "torch")
    made = row.build(TorchPolicyConfig(**{"path": str(path), "strides": [2, 1], "size_px": SIZE} | options))  # type: ignore[arg-type]
    assert isinstance(made, GreedyPolicy)
    return made


def images() -> Tensor:
    return torch.rand(5, 2, *SIZE, generator=torch.Generator().manual_seed(2))


def test_it_says_what_the_network_says(saved: Path) -> None:
    policy, net = build(saved), network()
    wanted = net["policy"](net["main"](images()))
    assert torch.allclose(policy.victim.outputs(images()).logits, wanted, atol=1e-6)
    assert policy.act(Observation(images())).tolist() == wanted.argmax(1).tolist()
    assert (policy.actions, policy.observation_shape) == (("0", "1", "2"), (2, 20, 24))


def test_white_is_what_it_was_trained_on(saved: Path) -> None:
    net = network()
    wanted = net["policy"](net["main"](255 * images()))
    assert torch.allclose(build(saved, white=255.0).victim.outputs(images()).logits, wanted, rtol=1e-4, atol=1e-4)


def test_it_passes_the_battery(saved: Path) -> None:
    check_policy(build(saved, actions=["left", "stay", "right"]))


def test_a_torch_file_of_tensors_is_the_same_policy(saved: Path, tmp_path: Path) -> None:
    torch.save({"state_dict": network().state_dict()}, tmp_path / "driver.pth")
    assert build(tmp_path / "driver.pth").victim.digest == build(saved).victim.digest


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size_px": [84, 84]}, r"layer 'main\.5' takes 315 values, but gets .* from pictures of 84 x 84"),
        ({"strides": [4, 2, 1]}, r"has 2 convolutions \(main\.0, main\.2\), but policy\.strides has 3"),
        ({"layers": ["main.0", "body"]}, r"has no layer 'body'; it has main\.0, main\.2"),
        ({"layers": ["main.2", "main.0", "policy"]}, r"layer 'main\.0' takes 2 values, but gets 5"),
        ({"actions": ["left", "right"]}, r"weighs 3 actions, but policy\.actions names 2: left, right"),
        ({"size_px": [3, 3]}, r"layer 'main\.0' takes .* from pictures of 3 x 3"),
    ],
)
def test_what_does_not_fit_is_said_with_the_layer(saved: Path, options: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        build(saved, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"path": ""}, r"policy=torch needs a file: policy\.path=FILE"),
        ({"strides": [0]}, r"policy\.strides must be whole numbers of 1 or more"),
        ({"size_px": [84]}, r"policy\.size_px must be \[height, width\]"),
        ({"activation": "swish"}, r"policy\.activation must be one of relu, tanh, elu"),
        ({"white": 0.0}, r"policy\.white must be above 0"),
    ],
)
def test_options_that_cannot_be_are_refused(saved: Path, options: dict[str, object], message: str) -> None:
    with pytest.raises(BadOption, match=message):
        build(saved, **options)


class Pickled:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return print, ("unpickled",)


@pytest.mark.parametrize("content", ["pickle", "text", "missing"])
def test_a_file_of_anything_else_is_one_line(tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "policy.pth"
    if content == "pickle":
        torch.save({"model": Pickled()}, path)
    elif content == "text":
        path.write_text("no weights")
    with pytest.raises(BadInput, match=r"policy\.pth"):
        build(path)
    assert capsys.readouterr().out == ""


def test_pongs_player_is_read_as_it_is(shared: Path) -> None:
    policy = build(shared / "weights" / "pong_ppo_84.safetensors", strides=[4, 2, 1], size_px=[84, 84])
    assert (policy.observation_shape, len(policy.actions)) == ((4, 84, 84), 6)
    check_policy(policy)
