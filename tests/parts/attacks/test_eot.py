"""The loop lowers the loss, keeps the best, and resumes as if it had not stopped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import torch
from torch import nn

from physadv.core.errors import BadOption
from physadv.core.problem.ensemble import Ensemble
from physadv.core.problem.objective import Member, Objective
from physadv.core.problem.patch_problem import Budget, PatchProblem
from physadv.core.types import Draws, SceneBatch, Step
from physadv.library.compute.one_device import OneDevice
from physadv.parts.attacks.patch.entries import physadv_attacks
from physadv.parts.attacks.patch.eot import annealed
from physadv.parts.attacks.patch.options import EotAdamConfig, EotPgdConfig
from physadv.parts.goals.detection import Hide
from physadv.parts.goals.options import HideConfig
from tests.toys import LABELS, ToyDetector, ToyPatch, ToyRenderer, ToyScenes

ENTRIES = {entry.name: entry for entry in physadv_attacks()}


def problem(steps: int = 20, victims: tuple[ToyDetector, ...] = ()) -> PatchProblem:
    return PatchProblem(
        scenes=ToyScenes(), patch=ToyPatch(), renderer=ToyRenderer(),
        objective=objective(*(victims or [ToyDetector()])), penalties=(), budget=Budget(steps, 2, 2, 4), seed=0,
        engine=OneDevice(torch.device("cpu")),
    )  # fmt: skip


def objective(*victims: ToyDetector, ensemble: Ensemble = Ensemble.weighted) -> Objective:
    return Objective(tuple(Member(victim, Hide(HideConfig()).bound(victim.labels)) for victim in victims), ensemble)


class Memory:
    """Checkpoints in memory."""

    def __init__(self) -> None:
        self.state: dict[str, Any] | None = None

    def load(self) -> dict[str, Any] | None:
        return self.state

    def save(self, state: dict[str, Any]) -> None:
        self.state = {k: _clone(v) for k, v in state.items()}


def _clone(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {k: _clone(v) for k, v in value.items()}
    return [_clone(v) for v in value] if isinstance(value, list) else value


class Watch:
    """Remembers steps; pulls the plug after some."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.steps: list[Step] = []
        self.stop_after = stop_after
        self.first = -1

    def started(self, total: int, first: int) -> None:
        self.first = first

    def stepped(self, step: Step) -> None:
        self.steps.append(step)
        if len(self.steps) == self.stop_after:
            raise KeyboardInterrupt

    def ended(self) -> None:
        pass


@pytest.mark.parametrize(("name", "config"), [("eot-adam", EotAdamConfig()), ("eot-pgd", EotPgdConfig(lr=0.02))])
def test_the_attack_hides_the_board(name: str, config: Any) -> None:
    watch = Watch()
    ENTRIES[name].build(config).run(problem(), [watch], Memory())
    assert watch.steps[0].success == 0
    assert watch.steps[-1].success == 1
    assert watch.steps[-1].loss < 0.5 * watch.steps[0].loss


@pytest.mark.parametrize("name", ["eot-adam", "eot-pgd"])
def test_the_same_seed_gives_the_same_patch_bit_for_bit(name: str) -> None:
    attack = ENTRIES[name].build(ENTRIES[name].config())
    one, two = (attack.run(problem(), [], Memory()).srgb for _ in range(2))
    assert torch.equal(one, two)


def test_a_stopped_and_resumed_run_equals_an_unbroken_one() -> None:
    attack = ENTRIES["eot-adam"].build(EotAdamConfig(check_every=4))
    unbroken = attack.run(problem(), [], Memory())
    memory = Memory()
    with pytest.raises(KeyboardInterrupt):
        attack.run(problem(), [Watch(stop_after=11)], memory)
    again = Watch()
    resumed = attack.run(problem(), [again], memory)
    assert again.first == 8
    assert torch.equal(resumed.srgb, unbroken.srgb)


@pytest.mark.parametrize("ensemble", list(Ensemble))
def test_the_attack_hides_the_board_from_several_victims_and_tells_of_each(ensemble: Ensemble) -> None:
    watch, victims = Watch(), (ToyDetector(), ToyDetector(name="keen", confidence=0.2))
    solved = replace(problem(), objective=objective(*victims, ensemble=ensemble))
    ENTRIES["eot-adam"].build(EotAdamConfig()).run(solved, [watch], Memory())
    last = watch.steps[-2:]
    assert all(step.success == 1 for step in last)
    assert {name for step in last for name in step.successes} == {"toy", "keen"}
    assert {name for step in last for name in step.terms} == {"goal", "toy", "keen"}
    assert all(step.loss == step.terms["goal"] for step in last)


@pytest.mark.parametrize("ensemble", list(Ensemble))
def test_a_resumed_run_on_several_victims_equals_an_unbroken_one(ensemble: Ensemble) -> None:
    attack = ENTRIES["eot-adam"].build(EotAdamConfig(check_every=3))
    victims = (ToyDetector(), ToyDetector(name="keen", steepness=20))
    solved = [replace(problem(), objective=objective(*victims, ensemble=ensemble)) for _ in range(3)]
    memory = Memory()
    with pytest.raises(KeyboardInterrupt):
        attack.run(solved[0], [Watch(stop_after=11)], memory)
    assert torch.equal(attack.run(solved[1], [], memory).srgb, attack.run(solved[2], [], Memory()).srgb)


class Growing:
    """A hardening that remembers: its generator's numbers and the losses change the light of the next step."""

    def __init__(self) -> None:
        self.memory = torch.zeros(())
        self.calls: list[float] = []

    def scene(self, source: Any, size: int, random: torch.Generator) -> SceneBatch:
        return next(source.batches(size, random))

    def draws(self, scene: SceneBatch, draws: Draws, progress: float, random: torch.Generator) -> Draws:
        self.calls.append(progress)
        gain = draws.stages["light"]["gain"] * (0.8 + 0.2 * torch.rand((), generator=random)) / (1 + self.memory)
        return Draws({"light": {"gain": gain}})

    def learn(self, scene: SceneBatch, draws: Draws, losses: torch.Tensor) -> None:
        self.memory = (self.memory + 0.1 * losses.mean()) / 2

    def stepped(self, index: int) -> None:
        pass

    def state_dict(self) -> dict[str, Any]:
        return {"memory": self.memory}

    def load_state_dict(self, state: Any) -> None:
        self.memory = state["memory"]


class Dimmed:
    """A disturbance: the victim answers from darker pictures, by a random share."""

    def __init__(self) -> None:
        self.on = False
        self.numbers: list[float] = []

    @contextmanager
    def __call__(self, random: torch.Generator) -> Iterator[None]:
        self.numbers.append(float(torch.rand((), generator=random)))
        self.on = True
        yield
        self.on = False


def hardened() -> tuple[PatchProblem, Growing, Dimmed]:
    growing, dimmed = Growing(), Dimmed()
    member = Member(ToyDetector(), Hide(HideConfig()).bound(LABELS), disturbed=dimmed)
    return replace(problem(), objective=Objective((member,)), hardening=growing), growing, dimmed


def test_hardening_and_disturbance_act_on_steps_alone() -> None:
    solved, growing, dimmed = hardened()
    ENTRIES["eot-adam"].build(EotAdamConfig(check_every=1)).run(solved, [], Memory())
    assert growing.calls == [index / 19 for index in range(20) for _ in range(2)]  # steps, draws: no held-out ones
    assert len(dimmed.numbers) == 20 * 2


def test_a_resumed_run_goes_on_with_what_its_hardening_learned() -> None:
    attack, memory = ENTRIES["eot-adam"].build(EotAdamConfig(check_every=4)), Memory()
    unbroken = attack.run(hardened()[0], [], Memory())
    with pytest.raises(KeyboardInterrupt):
        attack.run(hardened()[0], [Watch(stop_after=11)], memory)
    solved, _, dimmed = hardened()
    assert torch.equal(attack.run(solved, [], memory).srgb, unbroken.srgb)
    again, _, whole = hardened()
    attack.run(again, [], Memory())
    assert dimmed.numbers == whole.numbers[8 * 2 :]


def test_the_best_iterate_is_returned_not_the_last() -> None:
    attack = ENTRIES["eot-adam"].build(EotAdamConfig(lr=0.5, check_every=1, patience=100))
    watch = Watch()
    attack.run(problem(8), [watch], Memory())
    best = min(step.held_out for step in watch.steps if step.held_out is not None)
    held_out = _held_out_loss(attack.run(problem(8), [], Memory()))
    assert held_out == pytest.approx(best, abs=1e-6)


def _held_out_loss(patch: Any) -> float:
    from physadv.library.runs.iteration import _held_out

    solved = problem()
    with torch.no_grad():
        solved.patch.srgb.copy_(patch.srgb)  # type: ignore[attr-defined]
    return _held_out(solved).loss(solved).item()


def test_a_loss_that_is_not_a_number_stops_the_run_with_advice() -> None:
    class Broken(ToyDetector):
        def outputs(self, images: torch.Tensor) -> Any:
            found = ToyDetector.outputs(self, images)
            return replace(found, scores=found.scores * float("nan"))

    sick = problem(victims=(Broken(),))
    with pytest.raises(Exception, match=r"the loss became nan.*lower attack.lr"):
        ENTRIES["eot-adam"].build(EotAdamConfig(check_every=1)).run(sick, [], Memory())


def test_an_annealed_step_size_falls_from_the_first_to_the_last_step() -> None:
    schedule = EotAdamConfig(lr=0.04, stop_lr=0.001, anneal=True)
    sizes = [annealed(schedule, index / 10) for index in range(11)]
    assert sizes[0] == pytest.approx(0.04)
    assert sizes[-1] == pytest.approx(0.001)
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("options", [{"anneal": True}, {"mosaic": 1.0}, {"cuts": 12}])
def test_other_schedules_and_pictures_lower_the_loss_too(options: dict[str, Any]) -> None:
    watch = Watch()
    ENTRIES["eot-adam"].build(EotAdamConfig(check_every=5, **options)).run(problem(20), [watch], Memory())
    losses = [step.held_out for step in watch.steps if step.held_out is not None]
    assert losses[-1] < losses[0]


def test_a_share_of_mosaics_beyond_one_is_refused() -> None:
    with pytest.raises(BadOption, match=r"attack\.mosaic"):
        ENTRIES["eot-adam"].build(EotAdamConfig(mosaic=1.5))


@pytest.mark.parametrize("options", [{"cuts": -1}, {"cuts": 6, "mosaic": 0.5}])
def test_cuts_that_cannot_be_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(BadOption, match=r"attack\.cuts"):
        ENTRIES["eot-adam"].build(EotAdamConfig(**options))


def test_a_stopped_and_resumed_run_on_cuts_equals_an_unbroken_one() -> None:
    attack = ENTRIES["eot-adam"].build(EotAdamConfig(check_every=2, cuts=6))
    unbroken, memory = attack.run(problem(6), [], Memory()), Memory()
    with pytest.raises(KeyboardInterrupt):
        attack.run(problem(6), [Watch(stop_after=3)], memory)
    assert torch.equal(attack.run(problem(6), [], memory).srgb, unbroken.srgb)


def test_queries_are_counted_as_they_were_asked() -> None:
    early = problem(40)
    schedule = EotAdamConfig(lr=0.5, stop_lr=0.4, check_every=2, patience=1, factor=0.1)
    watch, kept = Watch(), Memory()
    ENTRIES["eot-adam"].build(schedule).run(early, [watch], kept)
    measured = sum(step.held_out is not None for step in watch.steps)
    assert len(watch.steps) < 40
    assert early.objective.queries.images == len(watch.steps) * 2 * 2 + measured * 4  # batch × draws, held-out images
    resumed = problem(40)
    ENTRIES["eot-adam"].build(schedule).run(resumed, [], kept)
    assert resumed.objective.queries.images == early.objective.queries.images


def test_victims_that_take_turns_are_asked_one_a_step_and_all_on_what_is_held_out() -> None:
    victims = (ToyDetector(), ToyDetector(name="keen"))
    solved = replace(problem(4), objective=objective(*victims, ensemble=Ensemble.rotate))
    ENTRIES["eot-adam"].build(EotAdamConfig(check_every=1)).run(solved, [], Memory())
    assert solved.objective.queries.images == 4 * (2 * 2 + 2 * 4)  # batch × draws, victims × held-out images


@dataclass(frozen=True)
class Counting(OneDevice):
    """One device that notes what it is asked for."""

    asked: list[str] = field(default_factory=list)

    def share(self, scene: SceneBatch, draws: Draws) -> tuple[SceneBatch, Draws]:
        self.asked.append("share")
        return super().share(scene, draws)

    def reduce_(self, parameters: Iterable[nn.Parameter]) -> None:
        assert all(parameter.grad is not None for parameter in parameters)
        self.asked.append("reduce")


def test_every_draw_is_shared_and_gradients_are_reduced_once_a_step() -> None:
    engine = Counting(torch.device("cpu"))
    ENTRIES["eot-adam"].build(EotAdamConfig()).run(replace(problem(2), engine=engine), [], Memory())
    assert engine.asked == ["share", "share", "reduce"] * 2
