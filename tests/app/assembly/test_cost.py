"""What a run will cost is measured, and measuring changes nothing."""

from __future__ import annotations

import io
import re
import time
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from physadv.app.assembly import cost
from physadv.app.assembly.cost import measured_steps, seconds_of_steps
from physadv.core.errors import BadOption
from physadv.core.problem.patch_problem import Budget
from physadv.core.types import PatchImage, SceneBatch, Step
from physadv.engines.judging.cost import measured_judging
from physadv.engines.judging.readiness import check_trial
from physadv.engines.training.options import TrainConfig
from physadv.library.runs import progress
from physadv.library.runs.forecast import MAX_PICTURES, Forecast, Part, duration
from physadv.library.runs.progress import ProgressBar
from physadv.parts.attacks.patch.eot import Eot, adam
from physadv.parts.attacks.patch.options import EotAdamConfig
from tests.engines.judging.toy_trial import SeeThrough, trial
from tests.parts.attacks.test_eot import problem

EOT = Eot(adam, EotAdamConfig())
A_PICTURE_S = 0.004


class Slow(SeeThrough):
    """Takes its time for every picture."""

    def __init__(self) -> None:
        self.pictures = 0

    def render(self, scene: SceneBatch, patch: PatchImage, draws: Any) -> Tensor:
        self.pictures += len(scene.keys)
        time.sleep(A_PICTURE_S * len(scene.keys))
        return super().render(scene, patch, draws)


def test_a_step_is_measured_and_leaves_the_patch_as_it_was() -> None:
    here = replace(problem(steps=1000), renderer=Slow())
    before = here.patch().srgb.detach().clone()
    found = measured_steps(here, EOT)
    pictures = here.budget.batch * here.budget.draws
    assert found.step_s >= pictures * A_PICTURE_S
    assert found.check_s >= here.budget.held_out * A_PICTURE_S
    assert torch.equal(here.patch().srgb, before)


def test_a_large_batch_is_measured_in_part_and_told_in_full() -> None:
    slow = Slow()
    here = replace(problem(), renderer=slow, budget=Budget(1000, 64, 4, 64))
    assert measured_steps(here, EOT).step_s >= 64 * 4 * A_PICTURE_S
    assert slow.pictures <= 3 * MAX_PICTURES


def test_the_same_patch_comes_out_after_measuring() -> None:
    class Nowhere:
        def load(self) -> None:
            return None

        def save(self, state: dict[str, Any]) -> None: ...

    plain, measured = problem(steps=4), problem(steps=4)
    measured_steps(measured, EOT)
    patches = [EOT.run(one, [], Nowhere()).srgb for one in (plain, measured)]
    assert torch.equal(*patches)


def test_judging_is_measured_on_two_conditions_and_told_for_all() -> None:
    slow = Slow()
    here = trial(renderer=slow, draws=2)
    seconds = measured_judging(here, check_trial(here), 1)
    assert seconds >= 4 * 2 * 6 * A_PICTURE_S  # arms × draws × images
    assert slow.pictures == 2 * 2 * 2  # twice, two arms, two draws


def test_a_device_that_is_too_small_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 900 GiB")

    monkeypatch.setattr(Slow, "render", full)
    with pytest.raises(BadOption, match=r"smaller budget\.batch"):
        measured_steps(replace(problem(), renderer=Slow()), EOT)
    with pytest.raises(BadOption, match=r"smaller judge\.batch"):
        measured_judging(here := trial(renderer=Slow()), check_trial(here), 1)


def test_looks_at_held_out_draws_are_counted() -> None:
    assert seconds_of_steps(cost.StepCost(2.0, 5.0), 100, 10) == 250.0
    assert seconds_of_steps(cost.StepCost(2.0, 5.0), 100, 0) == 205.0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.25, "0.25 s"), (8, "8 s"), (9.96, "10 s"), (59.7, "1 min"), (200, "3 min 20 s"), (18_600, "5 h 10 min"),
     (183_600, "2 d 3 h")],
)  # fmt: skip
def test_durations_read_as_people_say_them(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_forecast_tells_every_part_and_the_memory() -> None:
    words = Forecast(torch.device("cpu"), (Part("optimising", 200.0, "9 steps"), Part("sheet", 2.0, "")), False).words()
    assert re.match(r"about 3 min 22 s on cpu with \d+ threads?: optimising 3 min 20 s \(9 steps\), sheet 2 s; ", words)
    assert re.search(r"at least [\d,]+ MB of main memory", words)


@pytest.mark.slow
def test_training_is_measured_on_a_few_steps() -> None:
    from physadv.engines.training.cost import train_forecast

    config = TrainConfig(batch=2, size_px=64, renders=40, renders_an_epoch=20, epochs=3)
    parts = {part.name: part for part in train_forecast(config, torch.device("cpu")).parts}
    assert parts["training"].of.startswith("30 steps of ")
    assert parts["drawing"].of == "40 roads"
    assert all(part.seconds > 0 for part in parts.values())


def test_the_bar_says_when_the_whole_run_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(progress.sys, "stderr", shown := io.StringIO())
    bar = ProgressBar(later_s=65.0)
    bar.started(10, 4)
    for index in (4, 5):
        now[0] += 5.0
        bar.stepped(Step(index, 10, 1.0, 0.0, 5.0))
    bar.ended()
    assert "whole run=01:25" in shown.getvalue()  # four steps of 5 s, and 65 s
