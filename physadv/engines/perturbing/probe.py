"""Whether an attack takes a problem, found out before the victim is asked anything."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from physadv.core.access import AccessLevel, Task
from physadv.core.errors import BadOption, IncompatibleParts, PhysadvError
from physadv.core.problem.counted import Counted, Queries
from physadv.core.problem.norm import Norm
from physadv.core.problem.perturbation_problem import PerturbationAttack, PerturbationProblem
from physadv.library.compute.one_device import OneDevice


class _FirstQuestion(PhysadvError):
    """The attack has begun: it takes the problem. The guard of a plugin's attack lets errors of ours pass."""


class _Mute:
    """A victim that cannot be asked."""

    name, labels, task, confidence = "nobody", ("a", "b", "c"), Task.classification, 0.0
    access, digest, networks = AccessLevel.gradients, "nobody", ()

    def outputs(self, images: Tensor) -> Any:
        raise _FirstQuestion

    def decide(self, outputs: Any, confidence: float | None = None) -> Any:
        raise _FirstQuestion

    def to(self, device: torch.device | str) -> _Mute:
        return self


def refusal(
    attack: PerturbationAttack, norm: Norm, eps: float | None, *, targeted: bool = False
) -> IncompatibleParts | BadOption | None:
    """Why the attack does not take such a problem; ``None`` where it does."""
    zeros = torch.zeros(2, dtype=torch.int64)
    counted = Counted(_Mute(), queries=Queries.apart(2))
    problem = PerturbationProblem(
        torch.full((2, 3, 8, 8), 0.5), zeros, counted, norm, eps, 0, OneDevice(torch.device("cpu")),
        zeros + 1 if targeted else None,
    )  # fmt: skip
    try:
        attack.run(problem, [])
    except _FirstQuestion:
        return None
    except (IncompatibleParts, BadOption) as error:
        return error
    return None
