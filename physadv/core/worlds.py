"""The contracts of closed loops: worlds that go on with time, and policies that act on what they see.

Letters in shapes: ``E`` episodes that run side by side, ``C,H,W`` of a picture. A policy holds a victim, which looks at
the pictures: attacks and defences know victims, and nothing of worlds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from physadv.core.errors import BadShape, IncompatibleParts
from physadv.core.protocols import Victim
from physadv.core.types import PatchImage, SceneBatch, expect


@dataclass(frozen=True, slots=True)
class TextureSlot:
    """A place in a world where a print can be put: the sticker on a sign, a billboard, the chest of a shirt."""

    name: str
    width_mm: float
    height_mm: float
    summary: str = ""


@dataclass(frozen=True, slots=True)
class EpisodeMeasure:
    """A number that an episode ends with."""

    name: str  # "return", "violation", "overrun_m"
    summary: str
    better: str = "more"  # for the one who drives: "more" or "less"
    share: bool = False  # 0 or 1 an episode, so that its mean is a share


@dataclass(frozen=True, slots=True)
class Observation:
    """All that a policy gets to know at one moment, one row an episode."""

    images: Tensor  # (E, C, H, W) in [0, 1]: an sRGB picture, or the stack of grey frames the policy was trained on
    speed_m_s: Tensor | None = None  # (E,) of the own wheels, where the world has any

    def __post_init__(self) -> None:
        expect("Observation.images", self.images, ("E", "C", "H", "W"))
        if self.speed_m_s is not None:
            expect("Observation.speed_m_s", self.speed_m_s, (self.images.shape[0],))


@dataclass(frozen=True, slots=True)
class Transition:
    """What an action led to, one row an episode. Episodes that had ended stay as they are, with no reward."""

    state: Any  # of the world, for its other methods
    reward: Tensor  # (E,)
    ended: Tensor  # (E,) bool: now, or earlier

    def __post_init__(self) -> None:
        expect("Transition.reward", self.reward, ("E",))
        if self.ended.shape != self.reward.shape or self.ended.dtype != torch.bool:
            raise BadShape(
                f"Transition.ended must be {tuple(self.reward.shape)} bool, "
                f"got {tuple(self.ended.shape)} {self.ended.dtype}"
            )


class World(Protocol):
    """A world in which episodes run side by side, each from its own seed: the same seed, the same episode.

    A batch of episodes gives what single ones give. A state is given back by :meth:`reset` and :meth:`step` and
    belongs to the world; after a step the state before it need not be usable any more.
    """

    @property
    def name(self) -> str: ...
    @property
    def actions(self) -> tuple[str, ...]: ...
    @property
    def slots(self) -> tuple[TextureSlot, ...]:
        """Where prints can be put; ``()`` where only the pictures can be attacked."""
        ...

    @property
    def measures(self) -> tuple[EpisodeMeasure, ...]:
        """Of every episode; one of them is "return"."""
        ...

    @property
    def step_s(self) -> float:
        """Seconds between two decisions."""
        ...

    @property
    def max_steps(self) -> int:
        """An episode has ended by then."""
        ...

    @property
    def observation_shape(self) -> tuple[int, int, int]:
        """``(C, H, W)`` of the pictures."""
        ...

    def reset(self, seeds: Tensor) -> Any:
        """The state at the begin of the episodes of ``seeds`` ``(E,)`` int64."""
        ...

    def observe(self, state: Any, prints: Mapping[str, PatchImage]) -> Observation:
        """The pictures now, with ``prints`` by the names of their slots; gradient flows to their ``srgb``.

        A slot without a print shows what the world has there.
        """
        ...

    def step(self, state: Any, actions: Tensor) -> Transition:
        """One decision further; ``actions`` ``(E,)`` int64 into :attr:`actions`."""
        ...

    def measured(self, state: Any) -> dict[str, Tensor]:
        """Name of a measure → ``(E,)`` of the episodes so far; nan where an episode has no such thing.

        Whether one stops at STOP is asked only of episodes with STOP: a mean leaves the others out, and so does its n.
        """
        ...

    def to(self, device: torch.device | str) -> World: ...


@runtime_checkable
class ShowsObjects(Protocol):
    """A world that knows where its objects are in the picture: its moments serve as scenes."""

    def scene(self, state: Any, slot: str) -> SceneBatch:
        """The pictures of now without a print; the object of the slot wears it, where it is in view.

        ``(E, 3, H, W)``; ``image_from_surface`` maps the slot's millimetres to pixels.
        """
        ...


@runtime_checkable
class KeepsStates(Protocol):
    """A world whose states stay good after a step: one can go back to any moment of any episode.

    So an attack can look at many moments at once, and can try out what an action would lead to.
    """

    def pick(self, state: Any, episodes: Tensor) -> Any:
        """The state of these episodes ``(e,)`` int64 alone, in this order; one may be named twice."""
        ...

    def joined(self, states: Sequence[Any]) -> Any:
        """Several states as one: the episodes of the first, then those of the second."""
        ...


@runtime_checkable
class TellsConditions(Protocol):
    """A world that knows how hard an episode is, so that results can be drawn over it."""

    def conditions(self, state: Any) -> dict[str, Tensor]:
        """Name with its unit → ``(E,)`` of the moment: "speed_m_s", "distance_m", "light"."""
        ...


@runtime_checkable
class Advises(Protocol):
    """A world that knows what would be right, because it made everything in it: a teacher for policies."""

    def advised(self, state: Any) -> Tensor:
        """``(E,)`` int64 into the world's actions."""
        ...


class Policy(Protocol):
    """Decides what to do next. It may remember; its memory is begun anew for each set of episodes."""

    @property
    def name(self) -> str: ...
    @property
    def actions(self) -> tuple[str, ...]:
        """That it can take; a world must have them all. Numbers, "0", "1", ..., are a world's by their place."""
        ...

    @property
    def victim(self) -> Victim[Any, Any]:
        """The model that looks at the pictures: ``Task.control``, with the actions as labels, or a detector's."""
        ...

    @property
    def needs_victim(self) -> bool:
        """Whether it must be put :meth:`behind` one first: a controller that takes any detector. No other has one."""
        ...

    @property
    def observation_shape(self) -> tuple[int, int, int] | None:
        """``(C, H, W)`` of the pictures it was made for; ``None``: RGB pictures of any size."""
        ...

    def begin(self, episodes: int) -> None:
        """Forget everything; the next observation is the first of that many episodes."""
        ...

    def act(self, observation: Observation) -> Tensor:
        """``(E,)`` int64 into :attr:`actions`."""
        ...

    def behind(self, victim: Victim[Any, Any]) -> Policy:
        """The same policy with another model to look at the pictures: its own behind a defence.

        :class:`IncompatibleParts` where it cannot act on what such a victim answers.
        """
        ...

    def to(self, device: torch.device | str) -> Policy: ...


@runtime_checkable
class MeasuresDriving(Protocol):
    """A policy that has numbers of its own about the episodes: how far a sign was when it was first seen."""

    @property
    def measures(self) -> tuple[EpisodeMeasure, ...]: ...
    def measured(self) -> dict[str, Tensor]:
        """Name of a measure → ``(E,)`` of the episodes so far; nan where there was no chance to measure it."""
        ...


@dataclass(frozen=True, slots=True)
class Episode:
    """What one episode came to."""

    seed: int
    steps: int
    measures: Mapping[str, float] = field(default_factory=dict)
    attacked: int = 0  # steps on which the attack did something


def world_actions(policy: Policy, world: World) -> Tensor:
    """``(K,)`` int64: which of the world's actions each of the policy's is.

    Raises :class:`IncompatibleParts` where the policy cannot drive in this world.
    """
    shape, wanted = world.observation_shape, policy.observation_shape
    sizes = ["x".join(map(str, each)) for each in (wanted or (), shape)]
    if wanted is None and shape[0] != 3:
        raise IncompatibleParts(
            f"policy {policy.name} looks at RGB pictures, but world {world.name} shows {sizes[1]} (channels x height x "
            "width). Choose a world that shows colours, or a policy made for this one."
        )
    if wanted is not None and wanted != shape:
        raise IncompatibleParts(
            f"policy {policy.name} was made for pictures of {sizes[0]} (channels x height x width), but world "
            f"{world.name} shows {sizes[1]}. Choose a policy made for this world, or set the world's picture size."
        )
    numbered = policy.actions == tuple(map(str, range(len(policy.actions))))
    if numbered and len(policy.actions) == len(world.actions):
        return torch.arange(len(policy.actions))
    unknown = [action for action in policy.actions if action not in world.actions]
    if unknown:
        raise IncompatibleParts(
            f"policy {policy.name} can choose {', '.join(unknown)}, but world {world.name} has these actions: "
            f"{', '.join(world.actions)}. Choose a policy made for this world, or name its actions in the order of "
            "its outputs with policy.actions=[...]."
        )
    return torch.tensor([world.actions.index(action) for action in policy.actions])
