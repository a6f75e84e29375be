"""The policies that come with the package stop at STOP and pass what means go, in episodes they never saw."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import physadv.parts.policies as package
from physadv.core.worlds import Policy, world_actions
from physadv.parts.policies.entries import physadv_policies
from physadv.parts.policies.options import DriveNanoConfig
from physadv.parts.worlds.options import StopGoConfig
from physadv.parts.worlds.stop_go.world import StopGo
from physadv.testing import check_policy

WEIGHTS = Path(package.__file__).parent / "weights"
NAMES = ("drive-nano", "drive-nano-robust")


def policy(name: str) -> Policy:
    row = next(row for row in physadv_policies() if row.name == name)
    made: Policy = row.build(DriveNanoConfig())
    return made


@pytest.mark.parametrize("name", NAMES)
def test_it_passes_the_battery_and_is_what_its_card_says(name: str) -> None:
    check_policy(policy(name))
    assert policy(name).victim.digest in (WEIGHTS / f"{name}.md").read_text()


@pytest.mark.slow
@torch.no_grad()
@pytest.mark.parametrize("name", NAMES)
def test_it_stops_and_passes(name: str) -> None:
    world, driver = StopGo(StopGoConfig()), policy(name)
    translated = world_actions(driver, world)
    state = world.reset(40_000_000 + torch.arange(48))
    for _ in range(world.max_steps):
        moved = world.step(state, translated[driver.act(world.observe(state, {}))])
        state = moved.state
        if bool(moved.ended.all()):
            break
    measured = world.measured(state)
    assert float(measured["stopped"].nanmean()) >= 0.85
    assert float(measured["passed"].nanmean()) >= 0.85
