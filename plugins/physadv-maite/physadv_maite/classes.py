"""Our classifiers as MAITE's models, a patch on whole pictures, and how many pictures are taken for something else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from physadv.api import BadOption, PatchImage, Task, Victim, build
from physadv_maite.augmentation import PatchAugmentation
from physadv_maite.exchange import srgb_from_maite
from physadv_maite.labelled import whole
from physadv_maite.missed import with_interval
from physadv_maite.options import check_range


class ClassifierModel:
    """A victim by its name and options, or one that is made already, as ``image_classification.Model``.

    It answers probabilities.
    """

    def __init__(
        self, *, victim: str | Victim[Any, Any] = "digits", options: Mapping[str, Any] | None = None, input_range: str
    ) -> None:
        check_range("input_range", input_range)
        made: Any = build("victims", victim, **(options or {})) if isinstance(victim, str) else victim
        if made.task is not Task.classification:
            raise BadOption(f"{made.name} does not classify. For a detector there is physadv_maite.offered:VictimModel")
        self._victim, self._range = made, input_range
        self.metadata = {"id": f"physadv/{made.name}", "index2label": dict(enumerate(made.labels))}

    @torch.no_grad()
    def __call__(self, batch: Sequence[Any], /) -> Sequence[np.ndarray]:
        """``(K,)`` a picture; each is asked by itself, because their sizes may differ."""
        answers = []
        for number, image in enumerate(batch):
            srgb = srgb_from_maite(image, self._range, f"picture {number} of the batch")
            answers.append(self._victim.outputs(srgb[None]).logits[0].float().softmax(0).cpu().numpy())
        return answers


class PicturePatch:
    """Puts the patch at the middle of every picture of the class ``label`` (``None``: of every picture).

    As :class:`~physadv_maite.augmentation.PatchAugmentation`, for ``image_classification``.
    """

    def __init__(
        self, *, patch: str | Path | PatchImage, input_range: str, label: int | None = None, share: float = 0.5,
        eot: str = "none", ink: str = "none", seed: int = 0,
    ) -> None:  # fmt: skip
        self._boxed = PatchAugmentation(
            patch=patch, input_range=input_range, label=label, share=share, eot=eot, ink=ink, seed=seed
        )
        self.metadata = {"id": "physadv/picture-patch"}

    def __call__(self, batch: tuple[Sequence[Any], Sequence[Any], Sequence[Mapping[str, Any]]], /) -> Any:
        """The batch with patched pictures, and metadata that say so."""
        images, targets, about = batch
        boxed = [whole(image, target, f"picture {facts['id']}")
                 for image, target, facts in zip(images, targets, about, strict=True)]  # fmt: skip
        patched, _, told = self._boxed((images, boxed, about))
        return patched, list(targets), told


class ChangedClasses:
    """The share of pictures of the class ``label`` (``None``: of all) that are taken for another.

    With n and Wilson's 95 % interval. It is no attack success by itself: compare it with the same data without a
    patch and with a grey one.
    """

    def __init__(self, *, label: int | None = None) -> None:
        self._label = label
        self.metadata = {"id": "physadv/changed-classes"}
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        self._changed = self._count = 0

    def update(self, pred: Sequence[Any], target: Sequence[Any], metadata: Sequence[Mapping[str, Any]], /) -> None:
        """Count a batch."""
        for told, true in zip(pred, target, strict=True):
            label = int(np.asarray(true).argmax())
            if self._label in (None, label):
                self._count += 1
                self._changed += int(np.asarray(told).argmax()) != label

    def compute(self) -> Mapping[str, Any]:
        """``changed``, ``low``, ``high`` and ``n``; without a picture the first three are ``None``."""
        return with_interval("changed", self._changed, self._count)
