"""What the seed of an episode decides: the sign, the light, the people, where everything stands.

Metres; x to the right of the car's middle, z ahead of where it began.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from physadv.core import seeding
from physadv.parts.worlds.options import SignsShown, StopGoConfig
from physadv.parts.worlds.stop_go.faces import BILLBOARDS, BYSTANDER_SIGNS, GO_SIGNS, PEOPLE

SIGN_BEHIND_LINE_M = 7.0
PERSON_BEHIND_LINE_M = 1.5
WALK_M_S = 1.2
HORIZON = (0.42, 0.47)  # of the height, from the top
NUMBERS = 96  # drawn for an episode; more than are used, so that a later use shifts none

ABSENT, BESIDE, CROSSING = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Episodes:
    """All that stays the same in an episode, a row each."""

    seeds: Tensor  # (E,) int64
    is_stop: Tensor  # (E,) bool
    line_m: Tensor  # (E,) where to stop, ahead of the beginning
    speed_m_s: Tensor  # (E,) at the begin
    person: Tensor  # (E,) int64: ABSENT, BESIDE or CROSSING
    walk_m_s: Tensor  # (E,) to the right, 0 for who stands
    person_from_m: Tensor  # (E,) x at the begin
    faces: Tensor  # (E, 4) int64 into the faces of the atlas: billboard, bystander, sign, person
    x_m: Tensor  # (E, 4) of the same; of the person at the begin
    behind_m: Tensor  # (E, 4) the line
    up_m: Tensor  # (E, 4) middle above the ground
    yaw_rad: Tensor  # (E, 4) positive turns the right edge away
    tint: Tensor  # (E, 4, 3) gain of the colours of the same
    shade: Tensor  # (E, 4) of the light that falls on them
    illuminant: Tensor  # (E, 3) linear gain of the whole picture: light, its colour, exposure
    ground: Tensor  # (E, 4, 3) linear colours: sky above, sky at the horizon, verge, asphalt
    hills: Tensor  # (E, 6) height and phase of three waves
    hill_colour: Tensor  # (E, 3) linear
    lane_m: Tensor  # (E,) the middle of the lane from the middle of the car
    horizon: Tensor  # (E,) of the picture's height, from its top
    noise: Tensor  # (E,) standard deviation in linear light

    def pick(self, rows: Tensor) -> Episodes:
        """Only these episodes ``(n,)`` int64."""
        return replace(self, **{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def to(self, device: torch.device | str) -> Episodes:
        """The same on another device."""
        return replace(self, **{f.name: getattr(self, f.name).to(device) for f in fields(self)})

    @staticmethod
    def joined(parts: Sequence[Episodes]) -> Episodes:
        """The rows of all of them."""
        columns: dict[str, Any] = {f.name: torch.cat([getattr(p, f.name) for p in parts]) for f in fields(Episodes)}
        return Episodes(**columns)


class _Dice(NamedTuple):
    """Numbers from 0 to 1, a row an episode; each call uses up a column."""

    rows: Tensor  # (E, NUMBERS)
    used: list[int]

    def share(self) -> Tensor:
        self.used[0] += 1
        return self.rows[:, self.used[0] - 1].contiguous()

    def between(self, low: float, high: float) -> Tensor:
        return low + (high - low) * self.share()

    def one_of(self, options: tuple[int, ...]) -> Tensor:
        which = (self.share() * len(options)).long().clamp_max(len(options) - 1)
        return torch.tensor(options)[which]

    def columns(self, count: int, low: float, high: float) -> Tensor:
        return torch.stack([self.between(low, high) for _ in range(count)], 1)


def drawn(seeds: Tensor, config: StopGoConfig, stop_face: int) -> Episodes:
    """The episodes of these seeds ``(E,)`` int64, each from its own, on the CPU."""
    rows = [torch.rand(NUMBERS, generator=seeding.generator(s, "world/stop-go")) for s in seeds.tolist()]
    dice = _Dice(torch.stack(rows) if rows else torch.empty(0, NUMBERS), [0])
    share = {SignsShown.all: 0.5, SignsShown.stop: 1.1, SignsShown.go: -1.0}[config.signs]
    is_stop = dice.share() < share
    sign = torch.where(is_stop, torch.tensor(stop_face), dice.one_of(GO_SIGNS))
    line = dice.between(*_pair(config.distance_m))
    speed = dice.between(*_pair(config.speed_m_s))
    person, walk, start = _person(dice, config, line, speed)
    faces = torch.stack([dice.one_of(BILLBOARDS), dice.one_of(BYSTANDER_SIGNS), sign, dice.one_of(PEOPLE)], 1)
    left = torch.where(dice.share() < 0.5, -1.0, 1.0)
    x = torch.stack([left * dice.between(5.0, 6.2), dice.between(-8.0, -6.4), dice.between(2.2, 2.7), start], 1)
    behind = torch.stack([dice.between(16, 24), dice.between(9, 15), dice.between(0, 0) + SIGN_BEHIND_LINE_M,
                          dice.between(0, 0) + PERSON_BEHIND_LINE_M], 1)  # fmt: skip
    up = torch.stack(
        [dice.between(2.6, 3.4), dice.between(2.0, 2.6), dice.between(1.9, 2.5), dice.between(0.9, 0.9)], 1
    )
    yaw = torch.deg2rad(dice.columns(4, -15, 15))
    vary = config.light
    tint = torch.stack([dice.columns(4, 1 - 0.15 * vary, 1 + 0.15 * vary) for _ in range(3)], 2).clamp_min(0.1)
    shade = 1 - vary * (1 - dice.columns(4, 0.6, 1.0)) / max(1.0, vary)
    cast, ev = dice.between(-0.12, 0.12) * vary, dice.between(-0.8, 0.35) * vary + config.exposure_ev
    illuminant = torch.stack([1 + cast, torch.ones_like(cast), 1 - cast], 1) * (2.0 ** ev.double()).float()[:, None]
    ground = torch.tensor([[0.22, 0.40, 0.75], [0.62, 0.70, 0.80], [0.13, 0.19, 0.06], [0.17, 0.17, 0.175]])
    strength = torch.stack([dice.columns(4, 1 - 0.4 * vary, 1 + 0.3 * vary) for _ in range(2)], 0)
    hue = torch.stack([strength[0], (strength[0] + strength[1]) / 2, strength[1]], 2).clamp_min(0.1)
    hills = torch.cat([dice.columns(3, 0.0, 0.03), dice.columns(3, 0, 6.2832)], 1)
    return Episodes(
        seeds=seeds, is_stop=is_stop, line_m=line, speed_m_s=speed, person=person, walk_m_s=walk, person_from_m=start,
        faces=faces, x_m=x, behind_m=behind, up_m=up, yaw_rad=yaw, tint=tint, shade=shade, illuminant=illuminant,
        ground=ground * hue, hills=hills, hill_colour=torch.tensor([0.10, 0.14, 0.10]) * dice.columns(3, 0.6, 1.4),
        lane_m=dice.between(-0.25, 0.25), horizon=dice.between(*HORIZON), noise=dice.between(0.002, 0.012) * vary,
    )  # fmt: skip


def _person(dice: _Dice, config: StopGoConfig, line: Tensor, speed: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Whether there is somebody, how fast he walks, and where from: he is before the car when it comes unbraked."""
    lot = dice.share()
    crosses, stands = lot < config.crossing, (lot >= config.crossing) & (lot < config.crossing + config.standing)
    person = torch.where(crosses, CROSSING, torch.where(stands, BESIDE, ABSENT))
    way = torch.where(dice.share() < 0.5, -1.0, 1.0)
    walk = torch.where(crosses, way * WALK_M_S, torch.zeros(()))
    arrival = ((line + PERSON_BEHIND_LINE_M) / speed.clamp_min(3.0)).clamp_max(6.0)
    beside = way * dice.between(3.0, 4.2)
    return person, walk, torch.where(crosses, dice.between(-0.6, 0.6) - walk * arrival, beside)


def _pair(limits: list[float]) -> tuple[float, float]:
    return limits[0], limits[1]
