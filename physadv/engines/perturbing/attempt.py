"""One attack on one batch: its restarts, what it cost, and what the victim says of the outcome and of noise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from physadv.core.access import AccessLevel
from physadv.core.errors import IncompatibleParts
from physadv.core.labels import index_of
from physadv.core.problem.counted import Queries
from physadv.core.problem.norm import Norm
from physadv.core.problem.perturbation_problem import PerturbationAttack, PerturbationProblem
from physadv.core.protocols import Observer
from physadv.core.seeding import generator
from physadv.engines.perturbing.attacked_victim import AttackedVictim, Pictures
from physadv.library.compute.one_device import OneDevice
from physadv.library.perturbations.norms import random_change, size


@dataclass(frozen=True)
class AttackArm:
    """An attack at one level of access, with one bound."""

    name: str  # "pgd"
    attack: PerturbationAttack
    threat: str  # "white", "scores", "decisions", "transfer"
    access: AccessLevel  # how much it gets
    norm: Norm
    eps: float | None
    told: str  # of eps, as it was typed: "8/255"
    surrogate: AttackedVictim | None = None  # whom it sees in place of the victim

    @property
    def key(self) -> str:
        """Unique among those of a run, and the name of a folder."""
        return f"{self.name}-{self.threat}-{self.norm}-{'smallest' if self.eps is None else f'{self.eps:.6g}'}"

    @property
    def line(self) -> str:
        """What its points in a curve over eps are called."""
        own = {AccessLevel.gradients: "white", AccessLevel.scores: "scores", AccessLevel.decisions: "decisions"}
        return self.name if own[self.attack.needs] == self.threat else f"{self.name} ({self.threat})"


@dataclass(frozen=True)
class AttackedImages:
    """Outcome for the images of a batch that were attacked."""

    images: Tensor  # (b, 3, H, W)
    steps: Tensor  # (b,)
    queries: Tensor  # (b,) of all restarts
    gradients: Tensor  # (b,) of them


def attempted(
    arm: AttackArm,
    subject: AttackedVictim,
    pictures: Pictures,
    targets: Tensor | None,
    observers: Iterable[Observer],
    *,
    seed: int,
    restarts: int,
    budget: int | None,
) -> AttackedImages:
    """Attack the pictures; a restart begins anew on those on which nothing succeeded, with its share of the budget.

    Without a bound every restart is made on all of them, and the smallest change is kept.
    """
    images = pictures.images.clone()
    count, watching = len(images), list(observers)
    success = torch.zeros(count, dtype=torch.bool, device=images.device)
    steps, queries, gradients = (torch.zeros(count, dtype=torch.int64) for _ in range(3))
    for restart in range(restarts):
        rows = (~success).nonzero().flatten() if arm.eps is not None else torch.arange(count, device=images.device)
        if not len(rows):
            break
        spent = Queries.apart(len(rows), None if budget is None else max(1, budget // restarts))
        aimed = None if targets is None else targets[rows]
        problem = stated(arm, subject, pictures.pick(rows), aimed, spent, seed=_seed_of(seed, restart))
        made = arm.attack.run(problem, watching)
        better = made.success & (~success[rows] | _smaller(made.images, images[rows], pictures.images[rows], arm.norm))
        taken = better if restart else torch.ones_like(better)
        images[rows[taken]] = made.images.detach()[taken]
        success[rows] |= made.success
        here = rows.cpu()
        steps[here] += made.steps.cpu()
        if spent.of_each is not None and spent.gradients_of_each is not None:
            queries[here] += spent.of_each
            gradients[here] += spent.gradients_of_each
    return AttackedImages(images, steps, queries, gradients)


def stated(
    arm: AttackArm, subject: AttackedVictim, pictures: Pictures, targets: Tensor | None, queries: Queries, *, seed: int
) -> PerturbationProblem:
    """The problem as the attack sees it: on the surrogate where it has no more than that."""
    asked = subject if arm.surrogate is None else arm.surrogate
    labels = pictures.labels
    if asked.labels != subject.labels:
        labels = _renamed(labels, subject, asked)
        targets = None if targets is None else _renamed(targets, subject, asked)
    victim = asked.counted(pictures.scene, arm.access, queries)
    engine = OneDevice(pictures.images.device)
    return PerturbationProblem(
        pictures.images, labels, victim, arm.norm, arm.eps, seed, engine, targets, stands_in=arm.surrogate is not None
    )


def noise_like(images: Tensor, clean: Tensor, norm: Norm, seed: int) -> Tensor:
    """Each clean image with random noise of the size, in the norm, by which the image was changed."""
    sizes = size(images - clean, norm)
    change = random_change(clean.shape, norm, sizes, generator(seed, "noise", clean.device))
    return (clean + torch.nan_to_num(change)).clamp(0, 1)


def _smaller(made: Tensor, kept: Tensor, clean: Tensor, norm: Norm) -> Tensor:
    return size(made - clean, norm) < size(kept - clean, norm)


def _seed_of(seed: int, restart: int) -> int:
    return seed if not restart else int(torch.randint(2**31, (), generator=generator(seed, f"restart/{restart}")))


def _renamed(rows: Tensor, own: AttackedVictim, other: AttackedVictim) -> Tensor:
    """Labels of one victim as those of another."""
    known = [index_of(name, other.labels) for name in own.labels]
    missing = next((own.labels[row] for row in sorted(set(rows.tolist())) if known[row] is None), None)
    if missing is not None:
        raise IncompatibleParts(
            f"surrogate {other.victim.name!r} knows no label {missing!r}, so it cannot stand in for "
            f"{own.victim.name!r}. Choose a surrogate with the same labels"
        )
    return torch.tensor([-1 if row is None else row for row in known], device=rows.device)[rows]
