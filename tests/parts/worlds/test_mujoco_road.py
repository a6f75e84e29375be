"""The road that MuJoCo draws: the same episodes as stop-go, and prints where stop-go has them."""

from __future__ import annotations

import builtins
import os
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

import pytest
import torch

from physadv.core.errors import BadOption, MissingExtra
from physadv.core.types import PatchImage
from physadv.parts.worlds.mujoco_road import renderer
from physadv.parts.worlds.options import MujocoRoadConfig, StopGoConfig, check_mujoco_road
from physadv.parts.worlds.stop_go.world import StopGo
from physadv.testing import WORLD_CHECKS, check_world


@pytest.fixture(scope="module")
def road() -> Any:
    """Skips where MuJoCo, EGL or OSMesa is not there."""
    if find_spec("mujoco") is None:
        pytest.skip("MuJoCo is not installed")
    from physadv.parts.worlds.mujoco_road.world import MujocoRoad

    try:
        return MujocoRoad(MujocoRoadConfig(height_px=48, width_px=80, samples=0))
    except MissingExtra as error:
        pytest.skip(str(error))


def ramp(side_mm: float) -> PatchImage:
    """Red grows to the right, green downwards."""
    at = torch.linspace(0, 1, 64)
    srgb = torch.stack([at.expand(64, 64), at[:, None].expand(64, 64), torch.full((64, 64), 0.5)])
    return PatchImage(srgb, torch.ones(1, 64, 64), side_mm)


@pytest.mark.slow
def test_it_passes_the_battery(road: Any) -> None:
    assert check_world(road) == tuple(check.__name__ for check in WORLD_CHECKS)


def test_its_episodes_go_as_those_of_stop_go(road: Any) -> None:
    ours = StopGo(StopGoConfig(height_px=48, width_px=80))
    here, there = road.reset(torch.arange(40)), ours.reset(torch.arange(40))
    for _ in range(12):
        here, there = road.step(here, road.advised(here)).state, ours.step(there, ours.advised(there)).state
    assert torch.equal(here.position_m, there.position_m)
    assert all(torch.equal(road.measured(here)[name].nan_to_num(9), value.nan_to_num(9))
               for name, value in ours.measured(there).items())  # fmt: skip


@pytest.mark.parametrize(("slot", "side_mm"), [("sign", 500.0), ("shirt", 400.0), ("billboard", 1900.0)])
def test_both_renderers_put_a_print_into_the_same_pixels(road: Any, slot: str, side_mm: float) -> None:
    ours = StopGo(StopGoConfig(height_px=48, width_px=80, light=0.0))
    state = ours.reset(torch.arange(8))
    for _ in range(10):
        state = ours.step(state, ours.advised(state)).state
    changed = []
    for world in (road, ours):
        bare, worn = (world.observe(state, prints).images for prints in ({}, {slot: ramp(side_mm)}))
        changed.append(((worn - bare).abs().amax(1) > 0.06).float())
    both, either = (changed[0] * changed[1]).sum(), changed[0].maximum(changed[1]).sum()
    assert float(either) > 60
    assert float(both / either) > 0.7


def test_a_print_is_taken_down_again(road: Any) -> None:
    state = road.reset(torch.arange(3))
    before = road.observe(state, {}).images
    worn = road.observe(state, {"billboard": ramp(1900.0)}).images
    assert not torch.equal(before, worn)
    assert torch.equal(road.observe(state, {}).images, before)


def test_too_many_samples_are_refused() -> None:
    with pytest.raises(BadOption, match=r"world\.samples is within 0 and 16"):
        check_mujoco_road(MujocoRoadConfig(samples=99))


def test_without_mujoco_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str, *args: Any, **named: Any) -> Any:
        if name == "mujoco":
            raise ModuleNotFoundError("No module named 'mujoco'", name="mujoco")
        return real(name, *args, **named)

    real = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(MissingExtra, match=r"pip install 'physadv\[mujoco\]'"):
        renderer._imported()


@pytest.mark.parametrize(("where", "package"), [("egl", "libegl1"), ("osmesa", "libosmesa6")])
def test_without_its_library_the_debian_package_is_named(where: str, package: str) -> None:
    if find_spec("mujoco") is None:
        pytest.skip("MuJoCo is not installed")
    text = (
        "import sys; sys.modules['OpenGL'] = None\n"
        "from physadv.core.errors import MissingExtra\n"
        "from physadv.parts.worlds.mujoco_road.renderer import MujocoRenderer\n"
        "try:\n    MujocoRenderer('<mujoco/>', 32, 32)\nexcept MissingExtra as error:\n    print(error)"
    )
    env = {**os.environ, "MUJOCO_GL": where}
    done = subprocess.run([sys.executable, "-c", text], env=env, capture_output=True, text=True, check=False)
    assert f"apt install {package}" in done.stdout, done.stderr
    assert done.stdout.count("\n") == 1
