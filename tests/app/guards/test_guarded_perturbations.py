"""An attack on images that a plugin offers is held to its bound, and named where it breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest
import torch

from physadv.app.guards.door import built
from physadv.core.access import AccessLevel
from physadv.core.errors import BrokenPart
from physadv.core.problem.norm import Norm
from physadv.core.problem.perturbation_problem import PerturbationProblem, Perturbed
from physadv.core.protocols import Observer
from physadv.testing import toy_perturbation


@dataclass(frozen=True)
class Strange:
    """Returns what it is told to."""

    change: Callable[[torch.Tensor], Any]
    needs: Any = AccessLevel.scores

    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Any:
        changed = self.change(problem.images)
        if not isinstance(changed, torch.Tensor):
            return changed
        return Perturbed(changed, torch.zeros(len(changed), dtype=torch.bool), torch.ones(len(changed)).long())


def run(attack: Strange, eps: float | None = 0.1) -> Perturbed:
    made: Perturbed = built("perturbations", "acme/strange", "acme", lambda _: attack, None).run(
        toy_perturbation(Norm.linf, eps), []
    )
    return made


def test_what_is_sound_passes() -> None:
    assert bool((run(Strange(lambda x: x)).images == toy_perturbation().images).all())
    assert len(run(Strange(lambda x: 1 - x), eps=None).images) == 6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: 1 - x, r"changes an image by .* in linf; eps is 0\.1"),
        (lambda x: x + 3, "gives images from"),
        (lambda x: x[:4], r"gives images of shape \(4, 3, 8, 8\)"),
        (lambda x: x.double(), "float64"),
        (lambda x: x.clone().requires_grad_(), "carry a gradient"),
        (lambda x: None, "gives NoneType where Perturbed is due"),
        (lambda x: 1 / 0, "raised ZeroDivisionError"),
    ],
)
def test_what_cannot_be_right_is_named(change: Callable[[torch.Tensor], Any], message: str) -> None:
    with pytest.raises(BrokenPart, match=r"perturbation attack 'acme/strange' \(plugin acme\): run .*" + message):
        run(Strange(change))


def test_it_must_say_what_it_needs() -> None:
    with pytest.raises(BrokenPart, match="needs must be an AccessLevel, got gradients"):
        run(Strange(lambda x: x, needs="gradients"))
