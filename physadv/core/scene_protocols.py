"""The contracts of the scenes and of what puts a patch into them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from physadv.core.types import Draws, PatchImage, PatchPlace, SceneBatch, Wearer


class SceneSource(Protocol):
    """Where images come from, and which objects in them wear the patch."""

    def batches(self, size: int, generator: torch.Generator) -> Iterator[SceneBatch]:
        """Endless random batches for optimisation. Every image has at least one wearer."""
        ...

    def sweep(self, size: int, skip: int = 0) -> Iterator[SceneBatch]:
        """Every image once, in a fixed order, in batches of at most ``size`` images; with and without wearers.

        The first ``skip`` batches of that size are left out without making them, so that a stopped run can go on.
        """
        ...

    def split(self, share: float, seed: int) -> tuple[SceneSource, SceneSource]:
        """Disjoint parts to optimise on and to judge on, the second with ``share`` of the images."""
        ...

    def __len__(self) -> int:
        """How many images :meth:`sweep` yields."""
        ...


@runtime_checkable
class Photographs(Protocol):
    """A source of pictures that lie in files or arrays: what is in them is known before any is decoded."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Of all pictures."""
        ...

    def wearers(self) -> Sequence[Wearer]:
        """Every object that wears the patch."""
        ...

    def digests(self, keys: Collection[str]) -> dict[str, str]:
        """Key → a hash of the decoded picture as it is stored, upright: the same under another name or in a copy."""
        ...

    def only(self, keys: Collection[str]) -> SceneSource:
        """The same source with these pictures alone."""
        ...


Detect = Callable[[Tensor], tuple[Tensor, Tensor]]
"""``(3,H,W)`` sRGB → boxes ``(n,4)`` and labels ``(n,)``."""


@runtime_checkable
class NeedsObjects(Protocol):
    """A source of bare pictures: what is in them somebody must say before they can be shown."""

    def with_objects(self, detect: Detect, label_names: tuple[str, ...]) -> SceneSource:
        """The source of the same pictures with the objects that ``detect`` finds; each is looked at once."""
        ...


@runtime_checkable
class RendersItself(Protocol):
    """A source with a world of its own, which decides on pose, light and camera; patches are judged in it."""

    @property
    def curvature_per_m(self) -> float:
        """1/m of the worn surface; 0 for a plane."""
        ...

    def renderer(self, place: PatchPlace, ink: Callable[[PatchImage], PatchImage] | None) -> Renderer:
        """Puts the patch into its scenes; ``ink`` makes of it what the printer would."""
        ...


class Renderer(Protocol):
    """The world between printer and detector: sample a condition, then render it. The same draws, the same image."""

    def sample(self, scene: SceneBatch, generator: torch.Generator) -> Draws: ...
    def render(self, scene: SceneBatch, patch: PatchImage, draws: Draws) -> Tensor:
        """The scenes with the patch on every wearer, ``(B,3,H,W)`` sRGB. Gradient flows to ``patch.srgb``."""
        ...


@runtime_checkable
class JoinsDraws(Protocol):
    """A renderer that can render pictures in one call though each was sampled on its own."""

    def joined(self, scene: SceneBatch, patch: PatchImage, draws: Sequence[Draws]) -> Draws | None:
        """Draws for the batch from one for each of its pictures, sampled for that picture alone.

        ``None`` where they cannot be put together: then the pictures are rendered one by one.
        """
        ...
