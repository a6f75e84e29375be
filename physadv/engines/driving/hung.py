"""A print that hangs in a world, as a problem of optimising a patch: its scenes are moments, its renderer the world.

    moments on-policy ─► scenes of a batch ─► world.observe(moment, {slot: ink(patch)}) ─► victim ─► goal

So every attack on patches, every patch, ink and penalty of ``physadv generate`` works on what hangs in a world.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from physadv.core.errors import IncompatibleParts
from physadv.core.labels import index_of
from physadv.core.types import Draws, PatchImage, SceneBatch
from physadv.core.worlds import KeepsStates, ShowsObjects, World
from physadv.engines.driving.action_goal import whole_pictures
from physadv.engines.driving.moments import Moments

MakePrint = Callable[[PatchImage], PatchImage]
"""From what the printer is asked for to what the print looks like."""


@dataclass(frozen=True)
class MomentScenes:
    """Moments as a source of scenes."""

    world: World
    moments: Moments
    slot: str
    labels: Tensor | None  # (M,) int64 into names, of a policy by its actions; None: the world's own objects
    names: Sequence[str] = ()
    rows: tuple[int, ...] | None = None  # that belong to this part; None: all

    def batches(self, size: int, generator: torch.Generator) -> Iterator[SceneBatch]:
        """Moments at random; of the world's own objects only those where one wears the print."""
        rows = torch.tensor(self._rows)
        while True:
            yield self._scene(rows[torch.randint(len(rows), (size,), generator=generator)])

    def sweep(self, size: int, skip: int = 0) -> Iterator[SceneBatch]:
        """All moments, in their order."""
        for start in range(skip * size, len(self), size):
            yield self._scene(torch.tensor(self._rows[start : start + size]))

    def split(self, share: float, seed: int) -> tuple[MomentScenes, MomentScenes]:
        """Both parts are the same moments: what is judged are new episodes."""
        return self, self

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def _rows(self) -> tuple[int, ...]:
        return tuple(range(len(self.moments))) if self.rows is None else self.rows

    def _scene(self, rows: Tensor) -> SceneBatch:
        keys = tuple(f"moment/{row}" for row in rows.tolist())
        if self.labels is not None:
            return whole_pictures(len(rows), self.labels[rows.to(self.labels.device)], self.names, keys)
        assert isinstance(self.world, ShowsObjects)
        assert isinstance(self.world, KeepsStates)
        scene = self.world.scene(self.world.pick(self.moments.state, rows), self.slot)
        return replace(scene, keys=keys)


@dataclass(frozen=True)
class HungPrint:
    """The world as a renderer: it shows moments with the print in the slot."""

    world: World
    moments: Moments
    slot: str
    make_print: MakePrint | None

    def sample(self, scene: SceneBatch, generator: torch.Generator) -> Draws:
        """Nothing is drawn: light, distance and angle are the moment's."""
        return Draws({"moment": {"row": torch.tensor([int(key.rpartition("/")[2]) for key in scene.keys])}})

    def render(self, scene: SceneBatch, patch: PatchImage, draws: Draws) -> Tensor:
        """``(B,C,H,W)`` as the policy would see them."""
        assert isinstance(self.world, KeepsStates)
        state = self.world.pick(self.moments.state, draws.stages["moment"]["row"])
        return self.world.observe(state, {self.slot: printed(patch, self.make_print)}).images


def printed(patch: PatchImage, make_print: MakePrint | None) -> PatchImage:
    """As it looks in print."""
    return patch if make_print is None else make_print(patch)


def moved(patch: PatchImage, device: torch.device) -> PatchImage:
    """The same on another device."""
    return replace(patch, srgb=patch.srgb.to(device), alpha=patch.alpha.to(device))


def seen_moments(world: World, state: Any, slot: str, labels: Sequence[str]) -> tuple[int, ...]:
    """The moments at which the slot's object is in view, and is something that the detector has a ``labels`` for.

    Raises :class:`IncompatibleParts` where there is none.
    """
    if not isinstance(world, ShowsObjects) or not isinstance(world, KeepsStates):
        raise IncompatibleParts(
            f"world {world.name!r} does not tell where its objects are, so what a detector reports of them cannot be "
            "attacked there. Choose another world, or a policy that decides on actions"
        )
    scene = world.scene(state, slot)
    worn = scene.label_names
    pairs = list(zip(scene.image_of[scene.wears].tolist(), scene.labels[scene.wears].tolist(), strict=True))
    if not pairs:
        raise IncompatibleParts(f"slot {slot!r} of world {world.name!r} is in view at no moment. Choose another slot")
    known = {label for _, label in pairs if index_of(worn[label], tuple(labels)) is not None}
    if not known:
        names = ", ".join(sorted({worn[label] for _, label in pairs}))
        raise IncompatibleParts(
            f"slot {slot!r} of world {world.name!r} is on {names}, of which the policy's detector knows nothing; it "
            f"knows {', '.join(labels[:12])}. Choose another slot=, or another victim"
        )
    return tuple(sorted({row for row, label in pairs if label in known}))


def check_gradient(world: World, slot: str, patch: PatchImage, make_print: MakePrint | None) -> None:
    """Raise :class:`IncompatibleParts` where the world's pictures have no gradient to what hangs in it."""
    leaf = replace(patch, srgb=patch.srgb.detach().clone().requires_grad_())
    shown = world.observe(world.reset(torch.zeros(1, dtype=torch.int64)), {slot: printed(leaf, make_print)})
    if not shown.images.requires_grad:
        raise IncompatibleParts(
            f"this search needs gradients, but the pictures of world {world.name!r} have none. Search without them: "
            "search=square, or make the print in a world with gradients and hang it here as well with worlds=[…]"
        )


def check_slot(world: World, slot: str) -> None:
    """Raise :class:`IncompatibleParts` where no print can be hung there, or not be optimised there."""
    names = [one.name for one in world.slots]
    if not names:
        raise IncompatibleParts(
            f"world {world.name!r} has no place for a print; only its pictures can be attacked: means=noise, "
            "means=universal or means=overlay"
        )
    if slot not in names:
        raise IncompatibleParts(f"world {world.name!r} has no slot {slot!r}; it has {', '.join(names)}")
