"""The batteries for attacks, penalties and observers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from physadv.core.problem.patch_problem import Attack
from physadv.core.protocols import Observer, Penalty
from physadv.core.types import PatchImage, Step
from physadv.testing.base import reasoned, require
from physadv.testing.toys import toy_problem


class Remembered:
    """Checkpoints in memory, as a folder would keep them."""

    def __init__(self) -> None:
        self.state: dict[str, Any] | None = None

    def load(self) -> dict[str, Any] | None:
        return self.state

    def save(self, state: dict[str, Any]) -> None:
        self.state = _cloned(state)


class _Recorder:
    """Remembers what it is told; pulls the plug after some steps."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.started_with: list[tuple[int, int]] = []
        self.steps: list[Step] = []
        self.ends = 0
        self._stop_after = stop_after

    def started(self, total: int, first: int) -> None:
        self.started_with.append((total, first))

    def stepped(self, step: Step) -> None:
        self.steps.append(step)
        if len(self.steps) == self._stop_after:
            raise KeyboardInterrupt

    def ended(self) -> None:
        self.ends += 1


def check_attack(attack: Attack, steps: int = 30) -> tuple[str, ...]:
    """Run every attack check on a toy problem whose best patch is known; return their names.

    An attack that says it needs no gradient is given a victim that has none. Raises :class:`BrokenPart`.
    """
    for check in ATTACK_CHECKS:
        reasoned(attack, check, attack, steps)
    return tuple(check.__name__ for check in ATTACK_CHECKS)


def tells_its_observers(attack: Attack, steps: int) -> None:
    """Started once, one step after another within the budget, ended once."""
    watch = _Recorder()
    attack.run(_problem(attack, steps), [watch], Remembered())
    require(watch.started_with == [(steps, 0)], f"observers were started with {watch.started_with}, not ({steps}, 0)")
    told = [step.index for step in watch.steps]
    require(0 < len(told) <= steps, f"observers were told {len(told)} steps of a budget of {steps}")
    require(told == list(range(len(told))), f"the steps are not numbered 0, 1, 2, ...: {told[:5]}")
    require(watch.ends == 1, f"observers were told the end {watch.ends} times, not once")
    finite = all(step.loss == step.loss and abs(step.loss) != float("inf") for step in watch.steps)
    require(finite, "a step's loss is not finite")


def makes_the_loss_smaller(attack: Attack, steps: int) -> None:
    """The patch that comes back does better than the one it began with, and can be printed."""
    problem = _problem(attack, steps)
    before = _red_of(problem.patch())
    made = attack.run(problem, [], Remembered())
    require(isinstance(made, PatchImage), f"run must return a PatchImage, got {type(made).__name__}")
    require(
        not made.srgb.requires_grad and made.srgb.device.type == "cpu", "the patch must come back detached, on the CPU"
    )
    require(bool(((made.srgb >= 0) & (made.srgb <= 1)).all()), "the patch leaves [0, 1]")
    require(
        _red_of(made) < before, f"the patch is no better after {steps} steps: red {_red_of(made):.3f}, was {before:.3f}"
    )


def repeats_for_a_seed(attack: Attack, steps: int) -> None:
    """The same seed gives the same patch, bit for bit, whatever torch's global generator does."""
    first = attack.run(_problem(attack, steps), [], Remembered())
    torch.rand(7)
    second = attack.run(_problem(attack, steps), [], Remembered())
    require(
        torch.equal(first.srgb, second.srgb), "the same seed gives another patch: draw from the given generators only"
    )


def goes_on_after_a_stop(attack: Attack, steps: int) -> None:
    """A run that was stopped and resumed gives the patch of one that was not, bit for bit."""
    whole = attack.run(_problem(attack, steps), [], Remembered())
    kept, watch = Remembered(), _Recorder(stop_after=max(1, steps * 2 // 3))
    try:
        attack.run(_problem(attack, steps), [watch], kept)
    except KeyboardInterrupt:
        require(watch.ends == 1, "observers are not told the end when the run is stopped")
    require(kept.state is not None, "no checkpoint was saved in the first two thirds of the run")
    resumed = attack.run(_problem(attack, steps), [], kept)
    require(torch.equal(whole.srgb, resumed.srgb), "a resumed run gives another patch than one that was not stopped")


AttackCheck = Callable[[Attack, int], None]

ATTACK_CHECKS: tuple[AttackCheck, ...] = (
    tells_its_observers,
    makes_the_loss_smaller,
    repeats_for_a_seed,
    goes_on_after_a_stop,
)


def check_penalty(penalty: Penalty) -> None:
    """A name, and one finite number for any patch, with a finite gradient. Raises :class:`BrokenPart`."""
    reasoned(penalty, _penalty_holds, penalty)


def _penalty_holds(penalty: Penalty) -> None:
    require(isinstance(penalty.name, str) and bool(penalty.name), f"name must be text, got {penalty.name!r}")
    random = torch.Generator().manual_seed(3)
    noise = torch.rand(3, 12, 16, generator=random)
    for srgb in (noise, torch.full_like(noise, 0.5), torch.zeros_like(noise), torch.ones_like(noise)):
        leaf = srgb.clone().requires_grad_()
        value = penalty(PatchImage(leaf, torch.ones_like(leaf[:1]), 100.0))
        require(isinstance(value, torch.Tensor) and value.ndim == 0, f"{penalty.name}: a penalty is one number")
        finite = bool(torch.isfinite(value))
        require(finite, f"{penalty.name}: is {float(value.detach())} for a patch of {float(srgb.mean()):.1f}")
        if value.requires_grad:
            torch.autograd.backward(value)
        fine = leaf.grad is None or bool(torch.isfinite(leaf.grad).all())
        require(fine, f"{penalty.name}: its gradient is not finite for a patch of {float(srgb.mean()):.1f}")


def check_observer(observer: Observer) -> None:
    """A run from its start, and one that is resumed, can be told to it. Raises :class:`BrokenPart`."""
    reasoned(observer, _observer_holds, observer)


def _observer_holds(observer: Observer) -> None:
    for first in (0, 2):
        observer.started(4, first)
        for index in range(first, 4):
            observer.stepped(Step(index, 4, 1.0, 0.25, 0.1, {"goal": 1.0}, held_out=0.9 if index == 3 else None))
        observer.ended()


def _problem(attack: Attack, steps: int) -> Any:
    return toy_problem(steps, black_box=not attack.needs_gradient)


def _red_of(patch: PatchImage) -> float:
    return float(patch.srgb[0].detach().mean())


def _cloned(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {key: _cloned(item) for key, item in value.items()}
    return [_cloned(item) for item in value] if isinstance(value, list) else value
