"""Zips of Stable-Baselines3 are read without unpickling, and answer as Stable-Baselines3 itself does."""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch

from physadv.core.errors import BadInput, BadOption, IncompatibleParts
from physadv.core.worlds import Observation
from physadv.parts.policies.entries import physadv_policies
from physadv.parts.policies.greedy import GreedyPolicy
from physadv.parts.policies.options import Sb3Config
from physadv.testing import check_policy

sb3 = pytest.importorskip("stable_baselines3", reason="needs the extra rl")

SHAPE = (3, 36, 40)
POINTS = [[-1.0, 0.0], [0.0, 1.0], [1.0, 2.0]]
SMALL = {"features_extractor_kwargs": {"features_dim": 16}}


class Noise(gymnasium.Env[Any, Any]):
    """Random pictures."""

    def __init__(self, *, continuous: bool) -> None:
        self.observation_space = gymnasium.spaces.Box(0, 255, (*SHAPE[1:], 3), np.uint8)
        box = gymnasium.spaces.Box(np.array([-1, 0], np.float32), np.array([1, 2], np.float32))
        self.action_space = box if continuous else gymnasium.spaces.Discrete(3)


CASES: dict[str, tuple[str, dict[str, Any], bool]] = {
    "ppo": ("PPO", {"n_steps": 8, "batch_size": 8}, False),
    "a2c": ("A2C", {}, False),
    "dqn": ("DQN", {"buffer_size": 2}, False),
    "sac": ("SAC", {"buffer_size": 2, "policy_kwargs": {"net_arch": [16]}}, True),
    "box": ("PPO", {"n_steps": 8, "batch_size": 8}, True),
    "own": (
        "PPO",
        {
            "n_steps": 8, "batch_size": 8,
            "policy_kwargs": {
                "net_arch": {"pi": [12, 8], "vf": [4]}, "activation_fn": torch.nn.ELU, "normalize_images": False,
                "share_features_extractor": False,
            },
        },
        False,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def zips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Untrained models by case, and ``folder`` with their zips."""
    folder = tmp_path_factory.mktemp("zips")
    made: dict[str, Any] = {"folder": folder}
    for name, (algorithm, options, continuous) in CASES.items():
        kwargs = {**SMALL, **options.get("policy_kwargs", {})}
        more = {**options, "policy_kwargs": kwargs}
        made[name] = getattr(sb3, algorithm)("CnnPolicy", Noise(continuous=continuous), seed=0, device="cpu", **more)
        made[name].save(folder / name)
    return made


def build(path: Path, **options: Any) -> GreedyPolicy:
    row = next(row for row in physadv_policies() if row.name == "sb3")
    made = row.build(Sb3Config(str(path), **options))
    assert isinstance(made, GreedyPolicy)
    return made


def codes() -> torch.Tensor:
    return torch.randint(0, 256, (6, *SHAPE), generator=torch.Generator().manual_seed(3), dtype=torch.uint8)


@pytest.mark.parametrize("name", CASES)
def test_it_acts_as_stable_baselines3_does(zips: dict[str, Any], name: str) -> None:
    continuous = CASES[name][2]
    policy = build(zips["folder"] / f"{name}.zip", points=POINTS if continuous else [])
    theirs, _ = zips[name].predict(codes().numpy(), deterministic=True)
    ours = policy.act(Observation(codes() / 255))
    if continuous:
        distances = np.square(theirs[:, None] - np.array(POINTS)).sum(2)  # the box is two wide in both directions
        assert ours.tolist() == distances.argmin(1).tolist()
        assert torch.allclose(policy.victim.outputs(codes() / 255).logits, -torch.tensor(distances).float(), atol=1e-4)
    else:
        assert ours.tolist() == theirs.tolist()
    assert policy.observation_shape == SHAPE


@pytest.mark.parametrize("name", ["ppo", "a2c", "own"])
def test_logits_are_theirs(zips: dict[str, Any], name: str) -> None:
    model = zips[name]
    logits = model.policy.get_distribution(codes().float()).distribution.logits
    ours = build(zips["folder"] / f"{name}.zip").victim.outputs(codes() / 255).logits
    assert torch.allclose(ours.log_softmax(1), logits, atol=1e-4)


def test_it_passes_the_battery(zips: dict[str, Any]) -> None:
    check_policy(build(zips["folder"] / "dqn.zip", actions=["left", "stay", "right"]))


class Pickled:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return print, ("unpickled",)


def rewritten(source: Path, target: Path, **members: bytes | None) -> Path:
    """The zip with members exchanged; ``None`` leaves one out."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = members.get(name.replace(".", "_"), old.read(name))
            if content is not None:
                new.writestr(name, content)
    return target


def test_nothing_is_unpickled(zips: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = zips["folder"] / "ppo.zip"
    with zipfile.ZipFile(source) as archive:
        data = json.loads(archive.read("data"))
    for value in data.values():
        if isinstance(value, dict) and ":serialized:" in value:
            value[":serialized:"] = "not even base64"
    harmless = rewritten(source, tmp_path / "a.zip", data=json.dumps(data).encode())
    assert build(harmless).victim.digest == build(source).victim.digest
    evil = rewritten(source, tmp_path / "b.zip", policy_pth=pickle.dumps(Pickled()))
    with pytest.raises(BadInput, match=r"b\.zip: policy\.pth holds more than tensors, and loading it could run code"):
        build(evil)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"policy_pth": None}, "is no zip of Stable-Baselines3 with weights as tensors: it has .*data"),
        ({"data": b"[]"}, "data is no mapping"),
        ({"data": b"{"}, "is not valid JSON"),
        ({"data": b"{}"}, "its observations are no pictures"),
        ({"data": b'{"observation_space": {"_shape": [4]}}'}, r"are no pictures, .* \(shape \[4\]\)"),
        ({"policy_pth": b"no tensors"}, r"policy\.pth "),
    ],
)
def test_what_cannot_be_read_is_one_line(
    zips: dict[str, Any], tmp_path: Path, members: dict[str, bytes | None], message: str
) -> None:
    with pytest.raises(BadInput, match=message) as raised:
        build(rewritten(zips["folder"] / "ppo.zip", tmp_path / "x.zip", **members))
    assert "\n" not in str(raised.value)


def test_continuous_actions_ask_for_points(zips: dict[str, Any]) -> None:
    with pytest.raises(IncompatibleParts, match=r"from \[-1\.0, 0\.0\] to .* policy\.points=\[\["):
        build(zips["folder"] / "sac.zip")
    with pytest.raises(BadOption, match=r"points of the box from .* got \[\[0\.0, 3\.0\]"):
        build(zips["folder"] / "sac.zip", points=[[0.0, 3.0], [0.0, 1.0]])
    with pytest.raises(BadOption, match=r"leave policy\.points out"):
        build(zips["folder"] / "ppo.zip", points=POINTS)
    with pytest.raises(BadOption, match=r"weighs 3 actions, but policy\.actions names 1: go"):
        build(zips["folder"] / "ppo.zip", actions=["go"])
