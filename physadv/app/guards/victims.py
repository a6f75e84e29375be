"""A victim of a plugin, looked at while it works."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from physadv.app.guards.calls import Owner
from physadv.core.protocols import Victim
from physadv.core.types import Candidates, Detections


class GuardedVictim:
    """The victim itself, but what it returns is checked: types, shapes, device, ranges, gradient."""

    def __init__(self, victim: Victim, owner: Owner) -> None:
        self._victim, self._owner = victim, owner
        labels = owner.call("labels", lambda: victim.labels)
        named = (
            isinstance(labels, tuple | list) and labels and all(isinstance(label, str) and label for label in labels)
        )
        owner.require(bool(named), "labels", f"must be names, got {labels!s:.80}")
        owner.require(
            isinstance(victim.name, str) and bool(victim.name), "name", f"must be text, got {victim.name!s:.80}"
        )
        confidence: Any = owner.call("confidence", lambda: victim.confidence)
        share = isinstance(confidence, float | int) and 0 <= confidence <= 1
        owner.require(share, "confidence", f"must lie within 0 and 1, got {confidence!s:.80}")
        owner.require(isinstance(victim.differentiable, bool), "differentiable", "must be True or False")
        owner.require(isinstance(victim.digest, str) and len(victim.digest) >= 8, "digest",
                      f"must be a hash of the weights, got {victim.digest!s:.80}")  # fmt: skip

    def __getattr__(self, name: str) -> Any:
        return getattr(self._victim, name)

    @property
    def name(self) -> str:
        return self._victim.name

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self._victim.labels)

    @property
    def differentiable(self) -> bool:
        return self._victim.differentiable

    @property
    def confidence(self) -> float:
        return self._victim.confidence

    @property
    def digest(self) -> str:
        return self._victim.digest

    def outputs(self, images: Tensor) -> Candidates:
        """The victim's candidates on ``images`` ``(B,3,H,W)``. Raises :class:`BrokenPart` when they cannot be right."""
        owner, here = self._owner, "outputs"
        made = owner.call(here, self._victim.outputs, images)
        owner.require(isinstance(made, Candidates), here, f"gives {type(made).__name__} where Candidates are due")
        count = made.scores.shape[1]
        owner.check_tensor(here, "scores", made.scores, (len(images), count, len(self.labels)), images)
        owner.check_tensor(here, "boxes", made.boxes_xyxy_px, (len(images), count, 4), images)
        wanted = self.differentiable and images.requires_grad and torch.is_grad_enabled() and count > 0
        owner.require(not wanted or made.scores.requires_grad, here, "gives scores that are detached from the images, "
                      "though the victim says it is differentiable")  # fmt: skip
        if owner.due(here, made.scores):
            owner.check_share(here, "scores", made.scores.detach())
            owner.check_finite(here, "boxes", made.boxes_xyxy_px.detach())
        return made

    def decide(self, outputs: Candidates, confidence: float | None = None) -> tuple[Detections, ...]:
        """The victim's reports, one an image. Raises :class:`BrokenPart` when they cannot be right."""
        owner, here = self._owner, "decide"
        made: Any = owner.call(here, self._victim.decide, outputs, confidence)
        fine = isinstance(made, tuple | list) and all(isinstance(one, Detections) for one in made)
        owner.require(fine, here, f"gives {_sort_of(made)} where one Detections an image is due")
        images = len(outputs.scores)
        owner.require(len(made) == images, here, f"gives {len(made)} reports for {images} images")
        for one in made:
            known = not one.labels.numel() or 0 <= int(one.labels.min()) <= int(one.labels.max()) < len(self.labels)
            owner.require(known, here, f"reports a label that victim.labels does not name: {one.labels.tolist()}")
        return tuple(made)

    def to(self, device: torch.device | str) -> GuardedVictim:
        """The same victim on another device."""
        moved: Any = self._owner.call("to", self._victim.to, device)
        self._owner.require(moved is not None, "to", "gives None: it must return the victim")
        return self if moved is self._victim else GuardedVictim(moved, self._owner)


def _sort_of(made: Any) -> str:
    if isinstance(made, tuple | list) and made:
        return f"a {type(made).__name__} of {type(made[0]).__name__}"
    return type(made).__name__
