"""How the car goes on, and what it comes to: metres, seconds, and what stopping and passing are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor

from physadv.parts.worlds.stop_go.episodes import ABSENT, CROSSING, PERSON_BEHIND_LINE_M, Episodes

ACTIONS = ("brake", "coast", "accelerate")
ACCELERATION = (-4.0, 0.0, 2.0)  # m/s²
STEP_S = 0.25
MAX_STEPS = 100
TOP_SPEED_M_S = 16.0
STOP_ZONE_M = 8.0  # before the line: who stands in it has stopped at it
OVERRUN_M = 10.0  # beyond the line, where a run STOP sign is behind the car
_CAR_HALF_M = 1.1  # with half a person
_STEP_COST = 0.02


@dataclass(frozen=True, slots=True)
class RoadState:
    """Of the episodes at one moment; never changed, so that earlier ones stay usable."""

    episodes: Episodes
    position_m: Tensor  # (E,) of the camera, from the beginning
    speed_m_s: Tensor  # (E,)
    steps: Tensor  # (E,) int64
    ended: Tensor  # (E,) bool
    stood: Tensor  # (E,) bool: at the line
    ran: Tensor  # (E,) bool: over the line at STOP without having stood
    hit: Tensor  # (E,) bool: the person
    total: Tensor  # (E,) rewards so far

    @property
    def to_line_m(self) -> Tensor:
        """``(E,)``, below 0 beyond it."""
        return self.episodes.line_m - self.position_m

    def pick(self, rows: Tensor) -> RoadState:
        """Only these episodes ``(n,)`` int64."""
        named: dict[str, Any] = {f.name: getattr(self, f.name)[rows] for f in fields(self)[1:]}
        return RoadState(self.episodes.pick(rows), **named)

    def to(self, device: torch.device | str) -> RoadState:
        """The same on another device."""
        named: dict[str, Any] = {f.name: getattr(self, f.name).to(device) for f in fields(self)}
        return RoadState(**named)

    @staticmethod
    def joined(states: Sequence[RoadState]) -> RoadState:
        """The rows of all of them."""
        named: dict[str, Any] = {f.name: torch.cat([getattr(s, f.name) for s in states]) for f in fields(RoadState)[1:]}
        return RoadState(Episodes.joined([s.episodes for s in states]), **named)


def begun(episodes: Episodes) -> RoadState:
    """The first moment."""
    nothing = torch.zeros_like(episodes.line_m)
    no = torch.zeros_like(episodes.is_stop)
    return RoadState(episodes, nothing, episodes.speed_m_s, torch.zeros_like(episodes.seeds), no, no, no, no, nothing)


def moved(state: RoadState, actions: Tensor) -> tuple[RoadState, Tensor]:
    """The state a step later, and the reward ``(E,)``: what has ended stays as it is.

    Standing at the line is worth 1 at STOP and before somebody who crosses; passing is worth 1 elsewhere. Running STOP
    and hitting somebody cost 1; time costs a little.
    """
    e, going = state.episodes, ~state.ended
    acceleration = state.position_m.new_tensor(ACCELERATION)[actions]
    speed = (state.speed_m_s + acceleration * STEP_S).clamp(0, TOP_SPEED_M_S)
    position = state.position_m + (speed + state.speed_m_s) * (STEP_S / 2)
    steps = state.steps + 1
    left = e.line_m - position
    stands = (speed == 0) & (left >= 0) & (left <= STOP_ZONE_M) & (e.is_stop | (e.person == CROSSING))
    hits = going & ~state.hit & _meets(e, state.position_m, position, steps)
    crosses = going & (left < 0) & (state.to_line_m >= 0)
    runs = crosses & e.is_stop
    passes = crosses & ~e.is_stop
    reward = -_STEP_COST + (stands & going).float() + passes.float() - runs.float() - hits.float()
    over = stands | (~e.is_stop & (left < -PERSON_BEHIND_LINE_M)) | ((left < 0) & (speed == 0))
    over = over | (left < -OVERRUN_M) | hits | (steps >= MAX_STEPS)
    after = RoadState(
        e, position, speed, steps, over, stands, state.ran | runs, state.hit | hits, state.total + reward,
    )  # fmt: skip
    return _kept(state, after, going), torch.where(going, reward, torch.zeros_like(reward))


def _kept(before: RoadState, after: RoadState, going: Tensor) -> RoadState:
    changed: dict[str, Any] = {
        f.name: torch.where(going, getattr(after, f.name), getattr(before, f.name)) for f in fields(RoadState)[1:]
    }
    return replace(before, **changed)


def _meets(e: Episodes, before_m: Tensor, after_m: Tensor, steps: Tensor) -> Tensor:
    """Whether the car goes through where somebody is."""
    at = e.line_m + PERSON_BEHIND_LINE_M
    x = person_x(e, steps * STEP_S)
    return (e.person != ABSENT) & (before_m < at) & (after_m >= at) & (x.abs() < _CAR_HALF_M)


def person_x(e: Episodes, time_s: Tensor) -> Tensor:
    """``(E,)`` metres to the right of the car's middle."""
    return e.person_from_m + e.walk_m_s * time_s


def advised(state: RoadState) -> Tensor:
    """``(E,)`` actions of one who knows everything: cruise, and brake late where something has to be stopped for."""
    e, speed, left = state.episodes, state.speed_m_s, state.to_line_m
    arrival = (left + PERSON_BEHIND_LINE_M).clamp_min(0) / speed.clamp_min(1.0)
    there = person_x(e, state.steps * STEP_S + arrival).abs() < _CAR_HALF_M + 1.0
    now = person_x(e, state.steps * STEP_S).abs() < _CAR_HALF_M + 0.6
    must = (e.is_stop & ~state.ran) | ((e.person == CROSSING) & (there | now) & (left > 0))
    reach = speed * speed / 8 + speed * STEP_S + 1.2  # as far as it goes if it brakes after the next step
    brake = must & ((reach >= left) | ((left < 4) & (speed < 3.5)))  # what has begun to stop does not roll on
    faster = speed < torch.where(must, 5.0, 7.5)
    cruise = torch.where(faster, 2, 1)
    return torch.where(brake, 0, cruise).long()


def measures(state: RoadState) -> dict[str, Tensor]:
    """Of the episodes so far; nan where one has no such thing."""
    e = state.episodes
    nan = torch.full_like(state.total, float("nan"))
    beyond = (-state.to_line_m).clamp(0, OVERRUN_M)
    free = ~e.is_stop & (e.person != CROSSING)
    over = state.to_line_m < 0
    return {
        "return": state.total,
        "stopped": torch.where(e.is_stop, state.stood.float(), nan),
        "passed": torch.where(free, over.float(), nan),
        "violation": (state.ran | state.hit).float(),
        "hit": torch.where(e.person == CROSSING, state.hit.float(), nan),
        "overrun_m": torch.where(e.is_stop, beyond, nan),
    }
