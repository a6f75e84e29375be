"""PatchCleanser (Xiang, Mahloujifar and Mittal 2022, arXiv:2108.09135): double masking, for any classifier.

A window over the patch takes it away altogether, and one of the windows is over it, whichever it is:

    all pictures with one window agree                         →  their label
    else, for each that says otherwise than most:
        all pictures with a second window agree with it        →  its label
    else                                                       →  what most say

If the clean picture keeps its label under every two windows, no patch changes the answer: the picture whose window is
over the patch is a clean one, stays with the label whatever is masked beside it, and contradicts all others
(theorem 1).

Where we go further: the answer's logits are those of its surest masked picture. Among them is one without the patch, so
the score, too, is at least the lowest that the clean picture has under two windows, and the certificate covers the
operating point. Where the paper fills windows black, ours are grey.
"""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import Any

import torch
from torch import Tensor

from physadv.core.access import Task
from physadv.core.answers import ClassLogits, TopClasses
from physadv.core.certificates import LabelCertificate
from physadv.core.defended import Defended
from physadv.core.defense_kind import DefenseKind
from physadv.core.protocols import Victim
from physadv.core.types import SceneBatch
from physadv.parts.defenses.certified.options import PatchCleanserConfig, check_patch_cleanser
from physadv.parts.defenses.certified.windows import Windows
from physadv.parts.defenses.tasks import require_no_memory, require_task

AT_ONCE = 64  # masked pictures of which the victim is asked together


class PatchCleanser:
    """Asks about pictures with one and two windows masked, and proves labels."""

    kind = DefenseKind.certified

    def __init__(self, config: PatchCleanserConfig) -> None:
        check_patch_cleanser(config)
        self.config = config

    @property
    def name(self) -> str:
        return f"patch-cleanser-{self.config.area:g}-{self.config.windows}"

    def around(self, victim: Victim[Any, Any]) -> Victim[Any, Any]:
        """The classifier with a proof."""
        require_task(self, victim, Task.classification, "compares the labels of whole pictures")
        require_no_memory(self, victim)
        return Cleansed(victim, self, {"area": self.config.area, "windows": self.config.windows})


class Cleansed(Defended[ClassLogits, TopClasses]):
    """The classifier behind double masking."""

    def outputs(self, images: Tensor) -> ClassLogits:
        """``(B, K)``: of each picture, the logits of the masked picture that decides."""
        windows = self._windows(images)
        return ClassLogits(torch.stack([self._cleansed(image, windows) for image in images]))

    def certificate(self, images: Tensor, confidence: float | None = None) -> LabelCertificate:
        """The labels, and the side in px of the patches that neither change them nor bring them below the threshold."""
        least = self.confidence if confidence is None else confidence
        windows = self._windows(images)
        with torch.no_grad():
            labels = self.outputs(images).logits.argmax(1)
            proven = [self._proven(*one, windows, least) for one in zip(images, labels, strict=True)]
        radii = images.new_tensor([float(windows.patch_px) if fine else 0.0 for fine in proven])
        return LabelCertificate(labels, radii, "px, side of a patch")

    def certified(self, images: Tensor, scene: SceneBatch) -> Tensor:
        """``(N,)`` bool: the picture's label is the object's, and proven."""
        return self.certificate(images).of_objects(scene, self.labels)

    def to(self, device: torch.device | str) -> Cleansed:
        """The same on another device."""
        return Cleansed(self.victim.to(device), self.defense, self.options)

    def _windows(self, images: Tensor) -> Windows:
        return Windows.over(images.shape[-2], images.shape[-1], self.options["area"], self.options["windows"])

    def _cleansed(self, image: Tensor, windows: Windows) -> Tensor:
        first = self._asked([windows.masked(image, index) for index in range(len(windows))])
        labels = first.argmax(1)
        most = labels.bincount().argmax()
        for index in (labels != most).nonzero().flatten().tolist():
            once = windows.masked(image, index)
            second = self._asked([windows.masked(once, other) for other in range(len(windows))])
            if bool((second.argmax(1) == labels[index]).all()):
                return _surest(second, labels[index])
        return _surest(first[labels == most], most)

    def _proven(self, image: Tensor, label: Tensor, windows: Windows, confidence: float) -> bool:
        """Every two windows leave the label, at least as sure as the threshold asks."""
        pairs = list(combinations_with_replacement(range(len(windows)), 2))
        for start in range(0, len(pairs), AT_ONCE):
            shown = [windows.masked(windows.masked(image, i), j) for i, j in pairs[start : start + AT_ONCE]]
            answers = TopClasses.of(self.victim.outputs(torch.stack(shown)), confidence)
            if not bool(((answers.labels == label) & answers.reported).all()):
                return False
        return True

    def _asked(self, shown: list[Tensor]) -> Tensor:
        """``(n, K)`` the victim's logits."""
        batches = [torch.stack(shown[start : start + AT_ONCE]) for start in range(0, len(shown), AT_ONCE)]
        return torch.cat([self.victim.outputs(batch).logits for batch in batches])


def _surest(logits: Tensor, label: Tensor) -> Tensor:
    """``(K,)`` of ``(n, K)``, all of this label: one of them as it is, for a mean's rounding could change the label."""
    return logits[logits.detach().float().softmax(1)[:, label].argmax()]
