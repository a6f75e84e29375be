"""Facts of the run that is followed, and the place of a step among all steps of the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from hydra.core.hydra_config import HydraConfig

if TYPE_CHECKING:
    from physadv.api import Step


@dataclass(frozen=True)
class RunFacts:
    """A name that no other run has, and what was chosen and typed."""

    name: str
    chosen: Mapping[str, str]  # "victim" → "torchvision"; "budget.steps" → "300" where it was typed


def run_facts() -> RunFacts:
    """Of the run that Hydra knows of; without one, such as in a loop of one's own, only the time."""
    name = f"{datetime.now():%Y-%m-%d-%H%M%S-%f}"
    if not HydraConfig.initialized():
        return RunFacts(name, {})
    hydra = HydraConfig.get()
    chosen = {str(k): str(v) for k, v in hydra.runtime.choices.items() if v and not str(k).startswith("hydra/")}
    typed = dict(one.lstrip("+~").partition("=")[::2] for one in hydra.overrides.task)
    return RunFacts(name, chosen | typed)


@dataclass
class Place:
    """Where a step stands on an axis that goes on from loop to loop: a run may attack one batch after another."""

    before: int = 0  # steps of the loops that are over
    last: int = field(default=-1)  # of the loop that runs

    def of(self, step: Step) -> int:
        """From 0; a run that was resumed goes on at the step where it stopped."""
        self.last = step.index
        return self.before + step.index

    def over(self) -> None:
        """The loop has ended, and the next begins behind it."""
        self.before, self.last = self.before + self.last + 1, -1


def curves(step: Step) -> dict[str, float]:
    """The step's numbers by the names of their curves."""
    numbers = {"loss": step.loss, "success": step.success, "seconds": step.seconds}
    numbers |= {f"loss of {name}": value for name, value in step.terms.items()}
    numbers |= {f"success against {name}": value for name, value in step.successes.items()}
    return numbers if step.held_out is None else numbers | {"held-out loss": step.held_out}
