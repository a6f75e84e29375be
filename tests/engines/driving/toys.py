"""A tiny world with known answers: a sign is red or not, and who goes at a red one does wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from physadv.core.access import AccessLevel, Task
from physadv.core.answers import ActionLogits, Actions
from physadv.core.protocols import Victim
from physadv.core.types import PatchImage
from physadv.core.worlds import EpisodeMeasure, Observation, TextureSlot, Transition

SIDE = 8
SIGN = slice(2, 6)
PRINT = slice(3, 5)  # a quarter of the sign


@dataclass(frozen=True)
class ToyMoment:
    """State of :class:`ToyCrossing`."""

    red: Tensor  # (E,) bool
    speed: Tensor  # (E,)
    step: Tensor  # (E,)
    earned: Tensor  # (E,)
    ended: Tensor  # (E,) bool


@dataclass(frozen=True)
class ToyCrossing:
    """Even seeds have a red sign. Episodes end with "go", or after four steps; going at a red sign earns -1, else 1."""

    name: str = "toy-crossing"
    actions: tuple[str, ...] = ("stop", "go")
    slots: tuple[TextureSlot, ...] = (TextureSlot("sign", 200.0, 200.0),)
    measures: tuple[EpisodeMeasure, ...] = (
        EpisodeMeasure("return", "what was earned"),
        EpisodeMeasure("violation", "went at a red sign", better="less", share=True),
    )
    step_s: float = 1.0
    max_steps: int = 4
    observation_shape: tuple[int, int, int] = (3, SIDE, SIDE)

    def reset(self, seeds: Tensor) -> ToyMoment:
        nothing = torch.zeros(len(seeds))
        return ToyMoment(seeds % 2 == 0, (seeds % 5).float(), nothing, nothing, nothing.bool())

    def observe(self, state: ToyMoment, prints: Mapping[str, PatchImage]) -> Observation:
        images = torch.full((len(state.red), 3, SIDE, SIDE), 0.5)
        images[:, 0, SIGN, SIGN] = torch.where(state.red, 0.9, 0.1)[:, None, None]
        images[:, 1:, SIGN, SIGN] = 0.1
        if "sign" in prints:
            fitted = nn.functional.interpolate(prints["sign"].srgb[None], size=(2, 2), mode="area")
            around = (PRINT.start, SIDE - PRINT.stop) * 2
            cover = nn.functional.pad(torch.ones(1, 1, 2, 2), around)
            images = images * (1 - cover) + nn.functional.pad(fitted, around)
        return Observation(images, state.speed)

    def step(self, state: ToyMoment, actions: Tensor) -> Transition:
        went = (actions == 1) & ~state.ended
        late = (state.step + 1 >= self.max_steps) & ~state.ended & ~went
        wrong = torch.where(went, state.red, ~state.red)
        reward = torch.where(went | late, torch.where(wrong, -1.0, 1.0), torch.zeros(len(actions)))
        made = replace(state, step=state.step + 1, earned=state.earned + reward, ended=state.ended | went | late)
        return Transition(made, reward, made.ended)

    def measured(self, state: ToyMoment) -> dict[str, Tensor]:
        violation = torch.where(state.red, (state.earned < 0).float(), torch.nan)
        return {"return": state.earned, "violation": violation}

    def pick(self, state: ToyMoment, episodes: Tensor) -> ToyMoment:
        return ToyMoment(*(getattr(state, name)[episodes] for name in ("red", "speed", "step", "earned", "ended")))

    def joined(self, states: Sequence[ToyMoment]) -> ToyMoment:
        names = ("red", "speed", "step", "earned", "ended")
        return ToyMoment(*(torch.cat([getattr(state, name) for state in states]) for name in names))

    def conditions(self, state: ToyMoment) -> dict[str, Tensor]:
        return {"speed_m_s": state.speed}

    def to(self, device: torch.device | str) -> ToyCrossing:
        return self


@dataclass(frozen=True)
class RedStops:
    """The redder the sign beside its green, the surer it stops."""

    name: str = "red-stops"
    labels: tuple[str, ...] = ("stop", "go")
    task: Task = Task.control
    access: AccessLevel = AccessLevel.gradients
    confidence: float = 0.0
    digest: str = "0123456789abcdef"
    networks: tuple[nn.Module, ...] = ()
    steepness: float = 10.0

    def outputs(self, images: Tensor) -> ActionLogits:
        redness = (images[:, 0] - images[:, 1])[:, SIGN, SIGN].mean((1, 2)) - 0.4
        return ActionLogits(self.steepness * torch.stack([redness, -redness], 1))

    def decide(self, outputs: ActionLogits, confidence: float | None = None) -> Actions:
        return Actions(outputs.logits.argmax(1))

    def to(self, device: torch.device | str) -> RedStops:
        return self


@dataclass(frozen=True)
class ToyPolicy:
    """Does what its victim says."""

    victim: Victim = RedStops()  # type: ignore[assignment]
    actions: tuple[str, ...] = ("stop", "go")
    observation_shape: tuple[int, int, int] | None = (3, SIDE, SIDE)
    needs_victim: bool = False

    @property
    def name(self) -> str:
        return self.victim.name

    def begin(self, episodes: int) -> None:
        pass

    def act(self, observation: Observation) -> Tensor:
        found: Actions = self.victim.decide(self.victim.outputs(observation.images))  # type: ignore[assignment]
        return found.labels

    def behind(self, victim: Victim) -> ToyPolicy:
        return replace(self, victim=victim)

    def to(self, device: torch.device | str) -> ToyPolicy:
        return self
