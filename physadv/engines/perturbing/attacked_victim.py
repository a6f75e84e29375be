"""Who is attacked, on which pictures: classifiers by their labels, policies by their actions, detectors by a goal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from physadv.core.access import AccessLevel, Task
from physadv.core.answers import ClassLogits, TopClasses
from physadv.core.errors import BadInput, IncompatibleParts
from physadv.core.labels import index_of
from physadv.core.problem.counted import Counted, Queries
from physadv.core.problem.limited import Limited
from physadv.core.protocols import Goal, Victim
from physadv.core.types import SceneBatch
from physadv.core.wrapped import Wrapped
from physadv.engines.perturbing.goal_reached import LABELS, CountedRows, GoalReached
from physadv.library.perturbations.action_classes import ActionClasses

SHOWN_LABELS = 12


class GreyPictures(Wrapped[ClassLogits, TopClasses]):
    """A classifier that is shown pictures of one channel, or of three: what is grey changes in all colours alike."""

    def outputs(self, images: Tensor) -> ClassLogits:
        """``images`` are ``(B, 1, H, W)`` or ``(B, 3, H, W)``."""
        return self.victim.outputs(images.expand(-1, 3, -1, -1))

    def decide(self, outputs: ClassLogits, confidence: float | None = None) -> TopClasses:
        """As the classifier."""
        return self.victim.decide(outputs, confidence)

    def to(self, device: torch.device | str) -> GreyPictures:
        """The same on another device."""
        return GreyPictures(self.victim.to(device))


@dataclass(frozen=True)
class Pictures:
    """One batch, and what is right to say of each."""

    keys: tuple[str, ...]
    images: Tensor  # (B, 3, H, W), or (B, 1, H, W) of grey ones
    labels: Tensor  # (B,) int64 into the subject's labels
    scene: SceneBatch

    def pick(self, rows: Tensor) -> Pictures:
        """Only these ``(b,)``, in this order."""
        keys = tuple(self.keys[row] for row in rows.tolist())
        return Pictures(keys, self.images[rows], self.labels[rows], self.scene.pick(rows))


@dataclass(frozen=True)
class AttackedVictim:
    """A victim, seen as a classifier of pictures."""

    victim: Victim[Any, Any]
    goal: Goal | None = None  # bound to its labels; of a detector
    grey: bool = False  # pictures are grey, and stay so: distances count a pixel once

    @property
    def labels(self) -> tuple[str, ...]:
        """Between which an attack can choose."""
        return LABELS if self.victim.task is Task.detection else self.victim.labels

    def seen(self, scene: SceneBatch, access: AccessLevel) -> Victim[ClassLogits, TopClasses]:
        """The victim on the pictures of a scene, with no more of it than ``access``."""
        if self.victim.task is Task.detection:
            assert self.goal is not None
            return GoalReached(Limited(self.victim, access), self.goal, scene)
        known = ActionClasses(self.victim) if self.victim.task is Task.control else self.victim
        return GreyPictures(Limited(known, access))

    def counted(self, scene: SceneBatch, access: AccessLevel, queries: Queries) -> Counted[ClassLogits, TopClasses]:
        """The same, and counted."""
        seen = self.seen(scene, access)
        return CountedRows(seen, queries=queries) if isinstance(seen, GoalReached) else Counted(seen, queries=queries)

    @torch.no_grad()
    def look(self, images: Tensor, scene: SceneBatch) -> tuple[TopClasses, Tensor]:
        """What is decided on the images of a scene, and the logits; never counted."""
        victim = self.seen(scene, self.victim.access)
        outputs = victim.outputs(images)
        return victim.decide(outputs), outputs.logits

    def pictures(self, scene: SceneBatch) -> Pictures:
        """The pictures of a scene with their labels. Raises :class:`IncompatibleParts` where they have none."""
        match self.victim.task:
            case Task.detection:
                labels = torch.zeros(len(scene.keys), dtype=torch.int64, device=scene.srgb.device)
                return Pictures(scene.keys, scene.srgb, labels, scene)
            case Task.control:  # whatever it does without an attack is right
                return Pictures(scene.keys, scene.srgb, self.look(scene.srgb, scene)[0].labels, scene)
            case Task.classification:
                return Pictures(scene.keys, self._images(scene), self._labels(scene), scene)

    def _images(self, scene: SceneBatch) -> Tensor:
        if not self.grey:
            return scene.srgb
        coloured = ~is_grey(scene)
        if bool(coloured.any()):
            key = scene.keys[int(coloured.nonzero()[0])]
            raise BadInput(f"{key!r} has colours, while grey=true, or the first pictures are grey. Set grey=false")
        return scene.srgb[:, :1]

    def _labels(self, scene: SceneBatch) -> Tensor:
        first = torch.full((len(scene.keys),), -1, dtype=torch.int64)
        for place in reversed(range(len(scene.labels))):
            first[scene.image_of[place]] = scene.labels[place].cpu()
        if bool((first < 0).any()):
            raise IncompatibleParts(
                f"{scene.keys[int((first < 0).nonzero()[0])]!r} has no label, so nobody knows what is right to say of "
                "it. Give pictures by class: scenes=classes scenes.root=FOLDER, with one sub-folder a class"
            )
        rows = [index_of(name, self.labels) for name in scene.label_names]
        unknown = sorted({scene.label_names[label] for label in first.tolist() if rows[label] is None})
        if unknown:
            raise IncompatibleParts(
                f"victim {self.victim.name!r} knows no label {unknown[0]!r}, which pictures have. It knows "
                f"{shortened(self.labels)}. Rename the class, or choose a victim that was trained on such pictures"
            )
        known = torch.tensor([-1 if row is None else row for row in rows])
        return known[first].to(scene.srgb.device)


def is_grey(scene: SceneBatch) -> Tensor:
    """``(B,)`` bool: which pictures have no colours."""
    return (scene.srgb == scene.srgb[:, :1]).flatten(1).all(1)


def shortened(names: Sequence[str]) -> str:
    """The first dozen."""
    more = f", … ({len(names)} in all)" if len(names) > SHOWN_LABELS else ""
    return ", ".join(names[:SHOWN_LABELS]) + more
