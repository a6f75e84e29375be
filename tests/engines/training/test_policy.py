"""A policy learns from a teacher: what is written drives, a stopped training goes on, what cannot teach is refused."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from physadv.core.errors import BadInput, BadOption, IncompatibleParts
from physadv.core.types import PatchImage
from physadv.core.worlds import world_actions
from physadv.engines.training import policy as training
from physadv.engines.training.policy import train_policy
from physadv.engines.training.policy_driving import Notes, drive, teacher
from physadv.engines.training.policy_lessons import risen, varied, weights_of
from physadv.engines.training.policy_options import PolicyTraining
from physadv.engines.training.policy_prints import control_print, sticker_against
from physadv.parts.policies.drive_nano import build
from physadv.parts.policies.drive_nano_net import DriveNanoNet
from physadv.parts.policies.options import DriveNanoConfig
from physadv.parts.worlds.options import StopGoConfig
from physadv.parts.worlds.stop_go.world import StopGo
from physadv.testing import check_policy

WORLD = teacher(StopGo(StopGoConfig(height_px=24, width_px=32)))
LITTLE = PolicyTraining(
    rounds=2, episodes=6, steps=3, last_steps=2, batch=16, judged=4, attacked=2, stickers=1, sticker_steps=1,
    attack_steps=1,
)  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("policy")
    train_policy("adversarial", "little", WORLD, LITTLE, out)
    return out


def test_what_is_written_drives(made: Path) -> None:
    policy = build("drive-nano", DriveNanoConfig(str(made)))
    assert (policy.actions, policy.observation_shape) == (WORLD.actions, WORLD.observation_shape)
    assert world_actions(policy, WORLD).tolist() == [0, 1, 2]
    check_policy(policy)


def test_card_and_figures_say_what_it_came_to(made: Path) -> None:
    figures, card = json.loads((made / "figures.json").read_text()), (made / "policy.md").read_text()
    assert [arm["arm"].split(" of ")[0].split(",")[0] for arm in figures["arms"]] == [
        "clean", "grey print on sign", "random print on sign", "optimised print on sign", "noise",
        "PGD-10",
    ]  # fmt: skip
    assert figures["digest"] in card
    assert figures["pictures"] in card
    assert "method=adversarial" in card
    rows = list(csv.DictReader((made / "rounds.csv").read_text().splitlines()))
    assert [row["round"] for row in rows] == ["1", "2"]


def test_a_training_that_was_stopped_goes_on_to_the_same_weights(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = replace(LITTLE, attacked=0)
    with monkeypatch.context() as patched:
        patched.setattr(training, "_learn", _stops_in_the_second_round)
        with pytest.raises(KeyboardInterrupt):
            train_policy("adversarial", "little", WORLD, short, tmp_path)
    train_policy("adversarial", "little", WORLD, short, tmp_path)
    assert (tmp_path / "policy.safetensors").read_bytes() == (made / "policy.safetensors").read_bytes()


_LEARN = training._learn


def _stops_in_the_second_round(
    state: Any, world: Any, method: str, config: PolicyTraining, index: int, tell: Any
) -> float:
    if index:
        raise KeyboardInterrupt
    return _LEARN(state, world, method, config, index, tell)


def test_the_teacher_does_what_is_right_and_pictures_are_noted() -> None:
    notes = Notes()
    measured = drive(WORLD, None, torch.arange(12), {}, notes)
    assert float(measured["violation"].mean()) == 0
    images, actions = notes.joined()
    assert images.shape[1:] == WORLD.observation_shape
    assert len(images) == len(actions) == len(notes)
    assert images.dtype == torch.uint8


def test_rare_actions_weigh_more_and_braking_more_than_that() -> None:
    actions = torch.tensor([0] * 10 + [1] * 80 + [2] * 10)
    weights = weights_of(actions, ("brake", "coast", "accelerate"), caution=4.0)
    assert float(weights[0] / weights[2]) == pytest.approx(4)
    assert float(weights[2] / weights[1]) == pytest.approx(8**0.5)
    assert float(weights[actions].mean()) == pytest.approx(1)


def test_varied_pictures_are_the_same_pictures_a_little_otherwise() -> None:
    images = torch.rand(6, 3, 8, 10, generator=torch.Generator().manual_seed(4)) * 0.5 + 0.2
    made = varied(images, torch.Generator().manual_seed(5))
    assert made.shape == images.shape
    assert 0.01 < float((made - images).abs().mean()) < 0.3
    flat = varied(torch.full((4, 3, 8, 10), 0.5), torch.Generator().manual_seed(6))
    assert float((flat.mean((2, 3)) / 0.5 - 1).abs().max()) < 0.17


def test_risen_pictures_are_within_eps_and_worse() -> None:
    torch.manual_seed(0)
    net = DriveNanoNet((3, 24, 32), 3)
    images, actions = torch.rand(8, 3, 24, 32), torch.arange(8) % 3
    net.requires_grad_(False)
    worse = risen(net, images, actions, 0.03, 3, torch.Generator().manual_seed(1))
    assert float((worse - images).abs().max()) <= 0.03 + 1e-6
    loss = torch.nn.functional.cross_entropy
    assert float(loss(net(worse), actions)) > float(loss(net(images), actions))


def test_prints_fit_their_slots_and_a_sticker_is_better_than_none() -> None:
    random = torch.Generator().manual_seed(2)
    for slot in WORLD.slots:
        for grey in (True, False):
            image = control_print(slot, random, grey)
            assert image.width_mm <= slot.width_mm
            assert image.height_mm <= slot.height_mm + 1e-6
    torch.manual_seed(0)
    net, slot = DriveNanoNet((3, 24, 32), 3), WORLD.slots[0]
    made = [sticker_against(net, WORLD, slot, torch.arange(8), n, torch.Generator().manual_seed(3)) for n in (1, 12)]
    assert _right(net, made[1]) < _right(net, made[0])


@torch.no_grad()
def _right(net: DriveNanoNet, image: PatchImage) -> float:
    """How likely the right action is, over the moments in which the sign is near."""
    state, total = WORLD.reset(torch.arange(8)), 0.0
    for _ in range(16):
        right = WORLD.advised(state)
        shares = net(WORLD.observe(state, {"sign": image}).images).softmax(1)
        total += float(shares[torch.arange(8), right][right == 0].sum())
        state = WORLD.step(state, right).state
    return total


def test_ppo_goes_on_with_the_same_network() -> None:
    pytest.importorskip("stable_baselines3", reason="needs the extra rl")
    from physadv.engines.training.policy_ppo import improve_

    torch.manual_seed(0)
    net = DriveNanoNet(WORLD.observation_shape, 3)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    improve_(net, WORLD, replace(LITTLE, ppo_steps=32), episodes=2, moments=8)
    moved = {name: float((value - before[name]).abs().max()) for name, value in net.state_dict().items()}
    assert 0 < moved["head.weight"] < 0.05
    assert 0 < moved["body.0.weight"] < 0.05


class _Untaught(StopGo):
    """A world that shows grey."""

    @property
    def observation_shape(self) -> tuple[int, int, int]:
        return 1, 24, 32


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    strange: Any = object.__new__(_Untaught)
    with pytest.raises(IncompatibleParts, match="shows no RGB pictures"):
        teacher(strange)
    mute: Any = type("Mute", (), {"name": "mute"})()
    with pytest.raises(IncompatibleParts, match="'mute' cannot say what would be right"):
        teacher(mute)
    with pytest.raises(BadOption, match="method must be one of plain, adversarial"):
        train_policy("ppo", "x", WORLD, LITTLE, tmp_path)
    for wrong in (replace(LITTLE, rounds=0), replace(LITTLE, noted=0.0), replace(LITTLE, eps=4.0)):
        with pytest.raises(BadOption, match=r"train\.(rounds|noted|eps)"):
            train_policy("plain", "x", WORLD, wrong, tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing", None, "cannot read"),
        ("text", b"no weights", "is not a readable safetensors file"),
        ("other", "other", "is not of `physadv train policy`: its metadata is missing"),
    ],
)
def test_a_file_of_anything_else_is_one_line(tmp_path: Path, name: str, content: Any, message: str) -> None:
    from safetensors.torch import save_file

    path = tmp_path / f"{name}.safetensors"
    if content == "other":
        save_file({"a": torch.zeros(1)}, path)
    elif content:
        path.write_bytes(content)
    with pytest.raises(BadInput, match=message):
        build("drive-nano", DriveNanoConfig(str(path)))
