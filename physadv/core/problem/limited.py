"""A victim of which an attacker sees less than there is."""

from __future__ import annotations

from contextlib import nullcontext

import torch
from torch import Tensor
from typing_extensions import TypeVar

from physadv.core.access import AccessLevel
from physadv.core.errors import IncompatibleParts
from physadv.core.protocols import Victim
from physadv.core.types import Candidates, Detections
from physadv.core.wrapped import Wrapped

Out = TypeVar("Out", default=Candidates)
Decision = TypeVar("Decision", default=tuple[Detections, ...])


class Limited(Wrapped[Out, Decision]):
    """The victim itself, but without gradient where the level is below gradients.

    At the level of decisions its outputs are there for ``decide`` alone; nothing keeps others from reading them.
    """

    def __init__(self, victim: Victim[Out, Decision], access: AccessLevel) -> None:
        super().__init__(victim)
        if access > victim.access:
            raise IncompatibleParts(
                f"victim {victim.name!r} gives {victim.access.name}, so it cannot be attacked with {access.name}. "
                "Choose a victim that gives more, or an attack that needs less"
            )
        self._access = access

    @property
    def access(self) -> AccessLevel:
        """The part of the victim's own that is left."""
        return self._access

    def outputs(self, images: Tensor) -> Out:
        """The victim's outputs for ``images`` ``(B,3,H,W)``; detached from the images below gradients."""
        with nullcontext() if self._access is AccessLevel.gradients else torch.no_grad():
            return self.victim.outputs(images)

    def decide(self, outputs: Out, confidence: float | None = None) -> Decision:
        """As the victim."""
        return self.victim.decide(outputs, confidence)

    def to(self, device: torch.device | str) -> Limited[Out, Decision]:
        """The same victim on another device."""
        return Limited(self.victim.to(device), self._access)
