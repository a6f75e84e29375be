"""Observers hear the beginning, steps numbered from 0, and the end, also of a loop that was stopped."""

from __future__ import annotations

import pytest
import torch

from physadv.core.types import Step
from physadv.library.perturbations.telling import Telling


class Heard:
    def __init__(self) -> None:
        self.events: list[object] = []

    def started(self, total: int, first: int) -> None:
        self.events.append((total, first))

    def stepped(self, step: Step) -> None:
        self.events.append(step)

    def ended(self) -> None:
        self.events.append("ended")


def test_each_tenth_step_is_told() -> None:
    heard = Heard()
    with Telling([heard], 25, 10) as telling:
        for index in range(25):
            telling.step(index, torch.tensor([1.0, 3.0]), torch.tensor([True, False, False, False]))
    started, *steps, ended = heard.events
    assert (started, ended) == ((3, 0), "ended")
    told = [step for step in steps if isinstance(step, Step)]
    assert [(step.index, step.total, step.loss, step.success) for step in told] == [
        (0, 3, 2.0, 0.25),
        (1, 3, 2.0, 0.25),
        (2, 3, 2.0, 0.25),
    ]


def test_the_end_is_told_when_the_loop_is_stopped() -> None:
    heard = Heard()
    with pytest.raises(KeyboardInterrupt), Telling([heard], 3):
        raise KeyboardInterrupt
    assert heard.events == [(3, 0), "ended"]
