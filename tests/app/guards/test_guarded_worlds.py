"""A world of a plugin that changes under the same seed, or shows nonsense, ends with one line that names it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch

from physadv.app.guards.calls import Owner
from physadv.app.guards.door import guarded
from physadv.core.errors import BrokenPart
from physadv.core.types import PatchImage
from physadv.core.worlds import Advises, KeepsStates, ShowsObjects, TellsConditions
from physadv.parts.worlds.options import StopGoConfig
from physadv.parts.worlds.stop_go.world import StopGo
from physadv.testing import check_world
from tests.testing.test_world_battery import Bright, Corridor, Moody, Silent, Untold, Wide

OWNER = ("world", "acme/strange", "acme")


def played(world: Any) -> None:
    guard = guarded("worlds", world, Owner(*OWNER))
    state = guard.reset(torch.tensor([5, 6]))
    guard.observe(state, {})
    guard.measured(guard.step(state, torch.tensor([0, 0])).state)


def test_a_guarded_world_is_what_the_bare_one_is() -> None:
    small = guarded("worlds", Corridor(), Owner(*OWNER))
    check_world(small)
    assert not isinstance(small, ShowsObjects | Advises | KeepsStates | TellsConditions)
    road: Any = guarded("worlds", StopGo(StopGoConfig()), Owner(*OWNER))
    assert all(isinstance(road, promise) for promise in (ShowsObjects, Advises, KeepsStates, TellsConditions))
    state = road.reset(torch.arange(2))
    assert torch.equal(road.scene(state, "sign").srgb, road.observe(state, {}).images)
    assert road.advised(road.joined([state, road.pick(state, torch.tensor([1]))])).shape == (3,)
    assert road.to("cpu").name == "stop-go"


class Raising(Corridor):
    def step(self, state: Any, actions: torch.Tensor) -> Any:
        raise ZeroDivisionError("no wheels")


class Other(Corridor):
    def observe(self, state: Any, prints: Mapping[str, PatchImage]) -> Any:
        return torch.zeros(2, 3, 8, 8)


BROKEN: dict[str, type[Any]] = {
    "reset gives another episode for the same seed \\(5\\): the picture at step 0 differs": Moody,
    "observe gives images from": Bright,
    "observe gives images of shape": Wide,
    "measured lacks return": Silent,
    "measures must have one named 'return'": Untold,
    "raised ZeroDivisionError: no wheels": Raising,
    "Tensor": Other,
}


@pytest.mark.parametrize("message", BROKEN)
def test_what_is_wrong_is_named_with_its_plugin(message: str) -> None:
    with pytest.raises(BrokenPart, match=r"world 'acme/strange' \(plugin acme\): .*" + message):
        played(BROKEN[message]())


def test_what_is_no_world_is_refused() -> None:
    with pytest.raises(BrokenPart, match="is missing in object"):
        guarded("worlds", object(), Owner(*OWNER))
