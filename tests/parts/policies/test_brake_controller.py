"""Any detector drives: a sign must be seen twice, its height says how far it is, and the braking distance says when."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import torch
from torch import Tensor

from physadv.core.access import Task
from physadv.core.errors import BadOption, IncompatibleParts
from physadv.core.types import Detections
from physadv.core.worlds import Observation
from physadv.parts.policies.brake_controller import BrakeController
from physadv.parts.policies.entries import physadv_policies
from physadv.parts.policies.options import BrakeConfig
from physadv.testing import ToyDetector, check_policy

WIDTH, HEIGHT, FOCAL = 320, 192, 160 / math.tan(math.radians(21))
BRAKE, COAST, ACCELERATE = range(3)
CONFIG = BrakeConfig()


@dataclass(frozen=True)
class Scripted(ToyDetector):
    """Reports a sign of so many pixels' height in the picture whose number its first pixel holds."""

    labels: tuple[str, ...] = ("board", "stop sign")
    heights: Sequence[float] = field(default=())

    def outputs(self, images: Tensor) -> Any:
        return images

    def decide(self, outputs: Any, confidence: float | None = None) -> tuple[Detections, ...]:
        reports = []
        for image in outputs:
            tall = self.heights[round(float(image[0, 0, 0]) * 100)]
            box = torch.tensor([[200 - tall / 2, 60 - tall / 2, 200 + tall / 2, 60 + tall / 2]])
            there = torch.tensor([tall > 0])
            reports.append(Detections(box[there], torch.ones(1)[there], torch.ones(1, dtype=torch.int64)[there]))
        return tuple(reports)


def drive(heights: Sequence[float], speed: float, config: BrakeConfig = CONFIG) -> tuple[list[int], BrakeController]:
    """What it does at a constant speed while the sign is reported so tall."""
    policy = BrakeController(config).behind(Scripted(heights=heights))
    policy.begin(1)
    taken = []
    for number in range(len(heights)):
        images = torch.full((1, 3, HEIGHT, WIDTH), number / 100)
        taken += policy.act(Observation(images, torch.tensor([speed]))).tolist()
    return taken, policy


def tall(distance_m: float) -> float:
    return FOCAL * 0.75 / distance_m


def test_the_distance_is_the_pinholes() -> None:
    _, policy = drive([tall(20.0)] * 2, 0.0)
    assert policy.measured()["first_seen_m"].item() == pytest.approx(20.0, rel=1e-5)
    assert policy.measured()["seen"].item() == 1


def test_it_brakes_when_the_braking_distance_says_so() -> None:
    speed = 8.0
    needs = speed**2 / 8 + speed * CONFIG.reaction_s + CONFIG.margin_m + CONFIG.line_before_sign_m
    begin = needs + 3 * speed * CONFIG.step_s + 0.5  # three pictures away from it, and a little
    taken, _ = drive([tall(begin - k * speed * CONFIG.step_s) for k in range(6)], speed)
    assert taken == [COAST] * 4 + [BRAKE] * 2


def test_a_sign_that_is_seen_once_is_not_believed() -> None:
    near = tall(9.0)
    once, policy = drive([0, near, 0, 0], 5.0)
    assert once == [ACCELERATE] * 4
    assert math.isnan(policy.measured()["first_seen_m"].item())
    assert drive([0, near, 0, near], 5.0)[0] == [ACCELERATE] * 3 + [BRAKE]
    assert drive([near], 5.0, replace(CONFIG, hits=1))[0] == [BRAKE]


def test_the_way_is_reckoned_on_where_the_sign_is_missed() -> None:
    speed = 8.0
    taken, _ = drive([tall(24.0), tall(22.0), 0, 0, 0, 0], speed)
    assert taken == [COAST] * 2 + [COAST] + [BRAKE] * 3  # 20, 18, 16 and 14 m, of which 7 lie behind the line


def test_a_car_that_stands_too_early_rolls_on_and_one_without_a_sign_cruises() -> None:
    assert drive([tall(12.0)] * 3, 0.0)[0] == [ACCELERATE] * 3
    assert drive([tall(8.5)] * 3, 0.0)[0] == [ACCELERATE, BRAKE, BRAKE]
    assert drive([0] * 2, 9.0)[0] == [COAST] * 2


def test_episodes_keep_apart_and_the_battery_passes() -> None:
    row = next(row for row in physadv_policies() if row.name == "brake")
    policy = row.build(replace(CONFIG, label="board"))
    assert policy.needs_victim
    check_policy(policy)


def test_what_it_cannot_look_through_is_refused() -> None:
    with pytest.raises(IncompatibleParts, match="looks through a detector: name one with victim="):
        _ = BrakeController(CONFIG).victim
    with pytest.raises(IncompatibleParts, match=r"needs a detector, but victim 'toy' does classification"):
        BrakeController(CONFIG).behind(replace(ToyDetector(), task=Task.classification))
    with pytest.raises(IncompatibleParts, match=r"stops for 'stop sign', which victim 'toy' does not know"):
        BrakeController(CONFIG).behind(ToyDetector())
    policy = BrakeController(CONFIG).behind(Scripted(heights=[0]))
    policy.begin(1)
    with pytest.raises(IncompatibleParts, match="speed, and this world tells none"):
        policy.act(Observation(torch.zeros(1, 3, HEIGHT, WIDTH)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hits": 4}, r"policy\.hits must be from 1 to policy\.of \(3\), got 4"),
        ({"field_of_view_deg": 0.0}, r"policy\.field_of_view_deg must be from 5 to 160"),
        ({"brake_m_s2": 0.0}, r"policy\.brake_m_s2 must be above 0"),
        ({"margin_m": -1.0}, r"policy\.margin_m must not be negative"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any], message: str) -> None:
    row = next(row for row in physadv_policies() if row.name == "brake")
    with pytest.raises(BadOption, match=message):
        row.build(replace(CONFIG, **options))
