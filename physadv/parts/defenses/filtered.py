"""The victim that is shown filtered pictures: a defence that makes pictures of pictures is a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from physadv.core.defended import Defended
from physadv.core.defense_kind import DefenseKind
from physadv.core.errors import BadShape
from physadv.core.protocols import Defense, Victim
from physadv.core.wrapped import Inner, InnerDecision

Filter = Callable[[Tensor], Tensor]
"""Pictures ``(B,3,H,W)`` float32 sRGB in [0, 1] → pictures of the same shape, each from its own alone."""

SLACK = 1e-3  # by which a filter may leave [0, 1]; what does is clipped


@dataclass(frozen=True)
class FilterDefense:
    """The defence that is nothing but a filter."""

    name: str
    kind: DefenseKind
    filter: Filter
    options: Mapping[str, Any]  # all that the filter was made with, for the digest

    def around(self, victim: Victim[Any, Any]) -> Victim[Any, Any]:
        """The victim behind the filter; any task will do."""
        return Filtered(victim, self, self.options, self.filter)


class Filtered(Defended[Inner, InnerDecision]):
    """The victim behind a filter, of whichever task: pictures keep their size, so boxes need no way back."""

    def __init__(
        self, victim: Victim[Inner, InnerDecision], defense: Defense, options: Mapping[str, Any], filter: Filter
    ) -> None:
        """``options`` are all that the filter was made with, for the digest."""
        super().__init__(victim, defense, options)
        self.filter = filter

    def passed_on(self, images: Tensor) -> Tensor:
        """The filtered pictures. Raises :class:`BadShape` where the filter changes shape, type or range."""
        made = self.filter(images)
        _check(self.defense.name, made, images)
        return made.clamp(0, 1)

    def to(self, device: torch.device | str) -> Filtered[Inner, InnerDecision]:
        """The same on another device."""
        return Filtered(self.victim.to(device), self.defense, self.options, self.filter)


def _check(name: str, made: Any, images: Tensor) -> None:
    if not isinstance(made, Tensor):
        raise BadShape(f"defense {name!r} gives {type(made).__name__} where pictures are due")
    for what, got, due in (("shape", tuple(made.shape), tuple(images.shape)), ("type", made.dtype, images.dtype),
                           ("device", made.device, images.device)):  # fmt: skip
        if got != due:
            raise BadShape(
                f"defense {name!r} changes the pictures' {what}: {due} became {got}. A filter gives back pictures like "
                "those it was given; one that resizes needs a Defended of its own, which takes the boxes back"
            )
    with torch.no_grad():
        low, high = (float(edge) for edge in made.aminmax()) if made.numel() else (0.0, 1.0)
    if not -SLACK <= low <= high <= 1 + SLACK:
        raise BadShape(f"defense {name!r} gives pictures from {low:.4g} to {high:.4g} where 0 to 1 is due: clip them")
