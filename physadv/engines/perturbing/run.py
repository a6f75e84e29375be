"""All attacks on all pictures, batch by batch, each beside noise of the same size."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from physadv.core.access import AccessLevel
from physadv.core.answers import TopClasses
from physadv.core.errors import BadInput
from physadv.core.problem.norm import Norm
from physadv.core.problem.perturbation_problem import fooled
from physadv.core.protocols import Observer
from physadv.core.scene_protocols import SceneSource
from physadv.core.seeding import generator
from physadv.core.types import SceneBatch
from physadv.engines.perturbing.attacked_victim import AttackedVictim, Pictures
from physadv.engines.perturbing.attempt import AttackArm, attempted, noise_like
from physadv.engines.perturbing.kept import Arrays, KeptOutcomes
from physadv.engines.perturbing.targets import targets_of
from physadv.library.perturbations.norms import size

Tell = Callable[[AttackArm, int], None]
"""Hears of every attack on a batch: which, and on how many pictures."""


@dataclass(frozen=True)
class PerturbTask:
    """One judgement."""

    subject: AttackedVictim
    scenes: SceneSource
    arms: tuple[AttackArm, ...]
    targets: str
    batch: int
    restarts: int
    budget: int | None  # questions a picture, of attacks that need no gradients
    seed: int
    device: torch.device

    def budget_of(self, arm: AttackArm) -> int | None:
        """Questions a picture; an attack with gradients has its steps."""
        return None if arm.attack.needs is AccessLevel.gradients else self.budget


@dataclass(frozen=True)
class Looked:
    """A batch as the victim sees it without an attack."""

    index: int
    pictures: Pictures
    decisions: TopClasses
    right: Tensor  # (B,) bool
    targets: Tensor | None

    @property
    def attacked(self) -> Tensor:
        """``(b,)`` which pictures count: those that are recognised, and do not show the target already."""
        aimed = self.right if self.targets is None else self.right & (self.targets != self.pictures.labels)
        return aimed.nonzero().flatten()


def outcomes(
    task: PerturbTask, kept: KeptOutcomes, observers: Iterable[Observer], tell: Tell
) -> Iterator[tuple[Looked, dict[str, Arrays]]]:
    """Each batch, and the outcome of every arm on it, from disk where it was made before."""
    watching = list(observers)
    for looked in batches(task):
        made = {}
        for arm in task.arms:
            arrays = kept.read(arm.key, looked.index) if len(looked.attacked) else _nothing(looked)
            if arrays is None or not _of(arrays, looked):
                arrays = _outcome(task, arm, looked, watching)
                kept.write(arm.key, looked.index, arrays)
            made[arm.key] = arrays
            tell(arm, len(looked.pictures.keys))
        yield looked, made


def batches(task: PerturbTask) -> Iterator[Looked]:
    """The pictures with what is right to say of them, and what the victim says."""
    unpadded = (of_one_size for scene in task.scenes.sweep(task.batch) for of_one_size in _by_size(scene))
    for index, scene in enumerate(unpadded):
        pictures = task.subject.pictures(scene.to(task.device))
        decisions, logits = task.subject.look(pictures.images, pictures.scene)
        right = ~fooled(decisions, pictures.labels, None)
        if task.subject.goal is not None:  # a picture on which nothing wears the goal is none to attack
            right &= _with_wearer(pictures)
        targets = targets_of(task.targets, pictures.labels, logits, task.subject.labels, pictures.keys, task.seed)
        yield Looked(index, pictures, decisions, right, targets)


def _by_size(scene: SceneBatch) -> Iterator[SceneBatch]:
    """The scene without padding, which is no part of any picture: one batch for each size."""
    for height, width in dict.fromkeys(map(tuple, scene.sizes_px.tolist())):
        own = scene.pick((scene.sizes_px == torch.tensor([height, width])).all(1).nonzero().flatten())
        visible = None if own.visible is None else own.visible[..., :height, :width]
        yield replace(own, srgb=own.srgb[..., :height, :width], visible=visible)


def _outcome(task: PerturbTask, arm: AttackArm, looked: Looked, observers: list[Observer]) -> Arrays:
    """What became of the attacked pictures, by rows of the batch."""
    begun, rows = time.perf_counter(), looked.attacked
    pictures = looked.pictures.pick(rows)
    targets = None if looked.targets is None else looked.targets[rows]
    seed = int(torch.randint(2**31, (), generator=generator(task.seed, f"{arm.name}/{looked.index}")))
    made = attempted(arm, task.subject, pictures, targets, observers, seed=seed, restarts=task.restarts,
                     budget=task.budget_of(arm))  # fmt: skip
    clean = pictures.images
    shown = {
        "": made.images,
        "rounded_": (made.images * 255).round() / 255,
        "noise_": noise_like(made.images, clean, arm.norm, seed),
    }
    arrays: dict[str, Tensor] = {
        "rows": rows, "steps": made.steps, "queries": made.queries, "gradients": made.gradients, "images": made.images,
        "clean": clean,
        **{str(norm): size(made.images - clean, norm) for norm in Norm},
    }  # fmt: skip
    for prefix, images in shown.items():
        decisions, _ = task.subject.look(images, pictures.scene)
        arrays |= {
            f"{prefix}decided": decisions.labels, f"{prefix}confidence": decisions.scores,
            f"{prefix}success": fooled(decisions, pictures.labels, targets),
        }  # fmt: skip
    if targets is not None:
        arrays["targets"] = targets
    plain = {name: value.cpu().numpy() for name, value in arrays.items()}
    return plain | {"seconds": np.array(time.perf_counter() - begun)}


def _of(arrays: Arrays, looked: Looked) -> bool:
    """Whether outcomes are of these very pictures: those on disk may have been exchanged since the run was stopped."""
    rows, clean = arrays.get("rows"), arrays.get("clean")
    if rows is None or clean is None or not np.array_equal(rows, looked.attacked.cpu().numpy()):
        return False
    return np.array_equal(clean, looked.pictures.images[looked.attacked].cpu().numpy())


def _nothing(looked: Looked) -> Arrays:
    images = looked.pictures.images[:0].cpu().numpy()
    whole = ("rows", "steps", "queries", "gradients", "decided", "rounded_decided", "noise_decided", "targets")
    numbers = (*map(str, Norm), "confidence", "rounded_confidence", "noise_confidence")
    truths = ("success", "rounded_success", "noise_success")
    return {
        "images": images, "clean": images, "seconds": np.array(0.0),
        **{name: np.zeros(0, np.int64) for name in whole}, **{name: np.zeros(0, np.float32) for name in numbers},
        **{name: np.zeros(0, bool) for name in truths},
    }  # fmt: skip


def _with_wearer(pictures: Pictures) -> Tensor:
    scene = pictures.scene
    worn = torch.zeros(len(scene.keys), device=pictures.images.device)
    return worn.index_add_(0, scene.image_of, scene.wears.to(worn)) > 0


def check_some(count: int, attacked: int) -> None:
    """Raise :class:`BadInput` where there is nothing to attack."""
    if not count:
        raise BadInput("there are no pictures. Check scenes= and images=")
    if not attacked:
        raise BadInput(
            f"none of the {count} pictures is recognised, or all show the target already, so there is nothing to "
            "attack. Check that the victim was trained on such pictures, and its labels"
        )
