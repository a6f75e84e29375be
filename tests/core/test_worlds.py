"""Whether a policy can drive in a world, and by which of the world's actions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from physadv.core.errors import IncompatibleParts
from physadv.core.worlds import world_actions


@dataclass(frozen=True)
class Sort:
    """As much of a world or a policy as is asked for."""

    name: str
    actions: tuple[str, ...]
    observation_shape: tuple[int, int, int] | None


ROAD = Sort("road", ("brake", "coast", "accelerate"), (3, 64, 96))
PONG = Sort("pong", ("noop", "up", "down"), (4, 84, 84))


def matched(policy: Sort, world: Sort) -> list[int]:
    there: Any = world
    driver: Any = policy
    return world_actions(driver, there).tolist()


def test_actions_are_found_by_name() -> None:
    assert matched(Sort("driver", ("accelerate", "brake"), (3, 64, 96)), ROAD) == [2, 0]
    assert matched(Sort("brake", ("brake", "coast", "accelerate"), None), ROAD) == [0, 1, 2]


def test_numbered_actions_are_the_worlds_by_their_place() -> None:
    assert matched(Sort("ppo", ("0", "1", "2"), (4, 84, 84)), PONG) == [0, 1, 2]


@pytest.mark.parametrize(
    ("policy", "world", "message"),
    [
        (Sort("ppo", ("0", "1", "2"), (4, 84, 84)), ROAD, r"was made for pictures of 4x84x84 .* shows 3x64x96"),
        (Sort("ppo", ("0", "1"), (4, 84, 84)), PONG, r"can choose 0, 1, but world pong has .*: noop, up, down"),
        (Sort("driver", ("brake", "fly"), (3, 64, 96)), ROAD, r"can choose fly, but world road has"),
        (Sort("brake", ("brake",), None), PONG, r"looks at RGB pictures, but world pong shows 4x84x84"),
    ],
)
def test_what_does_not_fit_is_one_line_with_a_remedy(policy: Sort, world: Sort, message: str) -> None:
    with pytest.raises(IncompatibleParts, match=message) as raised:
        matched(policy, world)
    assert "Choose" in str(raised.value)
    assert "\n" not in str(raised.value)
