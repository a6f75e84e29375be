"""``scenes=world``: moments of a world as pictures for attacks and judgements that know no time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from physadv.core import seeding
from physadv.core.errors import BadOption
from physadv.core.splitting import split_run
from physadv.core.types import SceneBatch
from physadv.core.worlds import Advises, KeepsStates, ShowsObjects, World
from physadv.parts.worlds.options import DrawnBy, MujocoRoadConfig, WorldScenesConfig, check_world_scenes

_GOLDEN = 0.6180339887498949  # neighbours of the sweep lie far apart on their way
_TRIES = 20  # batches without a single wearer before it is given up


class SceneWorld(World, ShowsObjects, Advises, KeepsStates, Protocol):
    """A world whose moments can be told apart, gone back to and looked into."""


class WorldScenes:
    """Each picture is a moment of an episode of its own, on the way of one who drives as he should."""

    def __init__(
        self, world: SceneWorld, slot: str, *, images: int, seed: int, indices: Sequence[int] = (), part: int = 0
    ) -> None:
        self._world, self._slot, self._images, self._seed = world, slot, images, seed
        self._indices = tuple(indices) or tuple(range(images))
        self._part = part  # random pictures of one part never come up in the other

    def __len__(self) -> int:
        return len(self._indices)

    def batches(self, size: int, generator: torch.Generator) -> Iterator[SceneBatch]:
        """Random moments; the same generator gives the same ones."""
        while True:
            found: list[SceneBatch] = []
            for _ in range(_TRIES):
                found.append(self._worn(size, generator))
                if sum(len(batch.keys) for batch in found) >= size:
                    break
            else:
                raise BadOption(f"hardly any moment of this world shows the slot {self._slot!r}: choose other options")
            yield SceneBatch.joined(found).pick(torch.arange(size))

    def _worn(self, size: int, generator: torch.Generator) -> SceneBatch:
        """Of so many random moments those in which something wears the print."""
        drawn = torch.randint(1 << 40, (size,), generator=generator, device=generator.device).cpu()
        shares = torch.rand(size, generator=generator, device=generator.device).cpu()
        scene = self._world.scene(moments(self._world, (drawn * 3 + self._part) % (1 << 62), shares), self._slot)
        return scene.pick(scene.image_of[scene.wears].unique())  # type: ignore[no-untyped-call]

    def sweep(self, size: int, skip: int = 0) -> Iterator[SceneBatch]:
        """The fixed moments of ``seed``; the batch size does not change them."""
        base = int(torch.randint(1 << 40, (1,), generator=seeding.generator(self._seed, "world/sweep")))
        for start in range(skip * size, len(self._indices), size):
            indices = torch.tensor(self._indices[start : start + size])
            shares = (((indices + 1).double() * _GOLDEN + 0.5) % 1).float()
            yield self._world.scene(moments(self._world, base + indices, shares), self._slot)

    def split(self, share: float, seed: int) -> tuple[WorldScenes, WorldScenes]:
        """Disjoint parts of the sweep; the random pictures of one part never come up in the other."""
        left, kept = split_run(self._indices, share, seed)
        return self._only(left, 1), self._only(kept, 2)

    def _only(self, indices: list[int], part: int) -> WorldScenes:
        return WorldScenes(self._world, self._slot, images=self._images, seed=self._seed,
                           indices=sorted(indices), part=part)  # fmt: skip


def moments(world: SceneWorld, seeds: Tensor, shares: Tensor) -> Any:
    """The state of the episodes ``seeds`` ``(E,)``, each after a share ``(E,)`` of its advised way."""
    states, going = [world.reset(seeds)], []
    while len(states) <= world.max_steps:
        moved = world.step(states[-1], world.advised(states[-1]))
        states.append(moved.state)
        going.append(~moved.ended.cpu())
        if bool(moved.ended.all()):
            break
    steps = torch.stack(going).sum(0)  # before the one that ends it
    wanted = (shares * (steps + 1)).long()
    chosen = [(step, (wanted == step).nonzero().squeeze(1)) for step in sorted(set(wanted.tolist()))]
    together = world.joined([world.pick(states[step], rows) for step, rows in chosen])
    return world.pick(together, torch.cat([rows for _, rows in chosen]).argsort())


def build_world_scenes(config: WorldScenesConfig) -> WorldScenes:
    """Raises :class:`BadOption` for numbers or a slot with which there is no picture."""
    check_world_scenes(config)
    world = _drawn_by(config)
    slots = [slot.name for slot in world.slots]
    if config.slot not in slots:
        raise BadOption(f"scenes.slot={config.slot} is none of this world's: {', '.join(slots)}")
    return WorldScenes(world, config.slot, images=config.images, seed=config.seed)


def _drawn_by(config: WorldScenesConfig) -> SceneWorld:
    if config.drawn_by is DrawnBy.mujoco:
        from physadv.parts.worlds.mujoco_road.world import MujocoRoad

        names = MujocoRoadConfig.__dataclass_fields__.keys() & vars(config).keys()
        return MujocoRoad(MujocoRoadConfig(**{name: getattr(config, name) for name in names}))
    from physadv.parts.worlds.stop_go.world import StopGo

    return StopGo(config)
