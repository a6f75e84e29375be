"""A short film in a loop: somebody comes up to the camera, stands there turning a little, and goes; another passes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from physadv.library.people.crowd import Pedestrian
from physadv.library.people.drawing import Person
from physadv.library.people.look import Appearance, Build
from physadv.library.people.mesh import F64
from physadv.library.people.pose import Limb, Posture, blended, walking

LOOP_S = 14.0
STRIDE_M = 1.4  # of a whole cycle of the gait

_STANDING = Posture(arms=(Limb(4, 9, 16, 10), Limb(2, 10, 14, 10)), legs=(Limb(1, 5, 4), Limb(0, 5, 3)), lean=1.0)
# seconds, x, z: where the one who comes up to the camera is
_COMING = np.array([(0.0, -1.1, 7.5), (5.0, -0.1, 2.6), (10.0, -0.1, 2.6), (13.0, 3.4, 3.2), (LOOP_S, 3.4, 3.2)])
_PASSING = np.array([(0.0, -7.0, 6.5), (11.0, 6.0, 5.0), (LOOP_S, 6.0, 5.0)])


@dataclass(frozen=True, eq=False, slots=True)
class Cast:
    """Who plays."""

    comes: Person
    passes: Person

    @staticmethod
    def dressed(seed: int = 5) -> Cast:
        """In clothes that do not change."""
        shirt = Appearance(
            skin=(206, 160, 128), hair=(52, 38, 30), hair_style="short", beard=False, glasses=True, shirt="plain",
            shirt_colours=((150, 160, 172), (60, 100, 140)), sleeve=0.34, hem=0.06, loose_m=0.012,
            folds_m=0.005, lower="trousers", lower_colour=(48, 62, 92), shoes=(222, 220, 214), bag="none",
            bag_colour=(96, 98, 102), seed=seed,
        )  # fmt: skip
        other = replace(
            shirt, skin=(134, 92, 66), hair=(28, 24, 22), hair_style="long", glasses=False, shirt="jacket",
            shirt_colours=((162, 44, 46), (226, 226, 222)), sleeve=1.0, lower_colour=(64, 62, 56), bag="tote",
            seed=seed + 1,
        )  # fmt: skip
        tall, small = Build(stature_m=1.76), Build(stature_m=1.66, shoulders=0.95, hips=1.05)
        return Cast(Person.dressed(tall, shirt, _STANDING), Person.dressed(small, other, _STANDING, 0.75))

    def at(self, time_s: float, ground_m: float) -> list[Pedestrian]:
        """Everybody at a moment; ``ground_m`` is how far the ground lies below the camera."""
        return [
            _on_the_way(self.comes, _COMING, time_s, ground_m, 1.0),
            _on_the_way(self.passes, _PASSING, time_s, ground_m, 0.75),
        ]


def _on_the_way(person: Person, way: F64, time_s: float, ground_m: float, detail: float) -> Pedestrian:
    now = time_s % LOOP_S
    x, z = _at(way, now)
    ahead_x, ahead_z = _at(way, now + 0.2)
    behind_x, behind_z = _at(way, now - 0.2)
    dx, dz = (ahead_x - behind_x) / 0.4, (ahead_z - behind_z) / 0.4
    speed = float(np.hypot(dx, dz))
    pace = min(speed / 0.9, 1.0)
    gone = _length(way, now)
    walk = walking(gone / STRIDE_M % 1, 0.9)
    sway = 24 * np.sin(2 * np.pi * (now - 5) / 5)
    facing = float(np.rad2deg(np.arctan2(-dx, -dz))) if speed > 1e-6 else 0.0
    turned = pace * facing + (1 - pace) * float(sway + np.rad2deg(np.arctan2(x, z)))
    pose = blended(replace(_STANDING, look=float(-sway / 2), sway=float(sway / 20)), walk, pace)
    return Pedestrian(person.posed(pose, detail), np.array([x, ground_m, z]), turned)


def _at(way: F64, time_s: float) -> tuple[float, float]:
    return float(np.interp(time_s, way[:, 0], way[:, 1])), float(np.interp(time_s, way[:, 0], way[:, 2]))


def _length(way: F64, time_s: float) -> float:
    """How far somebody has come on a way of straight pieces."""
    steps = np.hypot(np.diff(way[:, 1]), np.diff(way[:, 2]))
    return float(np.interp(time_s, way[:, 0], np.concatenate([[0], np.cumsum(steps)])))
