"""Scenes of toy pictures with labels, and a task on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from physadv.core.access import AccessLevel
from physadv.core.problem.norm import Norm
from physadv.core.problem.perturbation_problem import PerturbationAttack
from physadv.core.types import SceneBatch
from physadv.engines.perturbing.attacked_victim import AttackedVictim
from physadv.engines.perturbing.attempt import AttackArm
from physadv.engines.perturbing.run import PerturbTask
from physadv.testing import ToyClassifier, toy_perturbation


def labelled(wrong: int = 0, names: tuple[str, ...] = ToyClassifier().labels) -> SceneBatch:
    """The six toy pictures; the first ``wrong`` of them with another label than the classifier gives them."""
    problem = toy_perturbation()
    count, side = len(problem.images), problem.images.shape[-1]
    labels = problem.labels.clone()
    labels[:wrong] = (labels[:wrong] + 1) % len(names)
    return SceneBatch(
        srgb=problem.images, sizes_px=torch.full((count, 2), side), keys=tuple(f"toy/{i}" for i in range(count)),
        image_of=torch.arange(count), boxes_xyxy_px=torch.tensor([[0.0, 0.0, side, side]]).repeat(count, 1),
        labels=labels, label_names=names, wears=torch.ones(count, dtype=torch.bool),
        image_from_surface=torch.eye(3).repeat(count, 1, 1), light=torch.ones(count, 3),
    )  # fmt: skip


@dataclass(frozen=True)
class LabelledScenes:
    """One batch, cut as it is asked for."""

    batch: SceneBatch

    def batches(self, size: int, generator: torch.Generator) -> Iterator[SceneBatch]:
        yield from self.sweep(size)

    def sweep(self, size: int, skip: int = 0) -> Iterator[SceneBatch]:
        for rows in torch.split(torch.arange(len(self)), size)[skip:]:
            yield self.batch.pick(rows)

    def split(self, share: float, seed: int) -> tuple[LabelledScenes, LabelledScenes]:
        return self, self

    def __len__(self) -> int:
        return len(self.batch.keys)


def toy_task(
    *attacks: PerturbationAttack, eps: float | None = 0.1, wrong: int = 0, targets: str = "", batch: int = 4,
    restarts: int = 1, budget: int | None = None, subject: AttackedVictim | None = None, seed: int = 0,
) -> PerturbTask:  # fmt: skip
    """Those attacks, each at the level that it needs."""
    own = {AccessLevel.gradients: "white", AccessLevel.scores: "scores", AccessLevel.decisions: "decisions"}
    arms = tuple(
        AttackArm(type(one).__name__.lower(), one, own[one.needs], one.needs, Norm.linf, eps, str(eps))
        for one in attacks
    )
    scenes = LabelledScenes(labelled(wrong))
    return PerturbTask(
        subject or AttackedVictim(ToyClassifier()),
        scenes,
        arms,
        targets,
        batch,
        restarts,
        budget,
        seed,
        torch.device("cpu"),
    )
