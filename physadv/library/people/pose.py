"""How a body stands: joint angles in degrees, as they come in walking, standing and with the arms before the chest.

The gait is a sinusoid through the usual ranges of walking (Winter, Biomechanics and Motor Control of Human Movement:
hips swing about 40 degrees in all, knees bend to some 60, arms against the legs); no recorded motion is used.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

STANCES = ("walk", "stand", "cross-arms", "hold", "phone", "hips", "carry")
"""What people do; in ``cross-arms`` and ``hold`` the arms cover some of the chest."""


@dataclass(frozen=True, slots=True)
class Limb:
    """An arm or a leg."""

    swing: float = 0.0  # forwards
    spread: float = 6.0  # away from the middle
    bend: float = 10.0  # of elbow or knee
    inward: float = 0.0  # an arm's bend: 0 lifts the hand forwards, 90 across the body


@dataclass(frozen=True, slots=True)
class Posture:
    """Everything that is free; left and right as seen by who faces the body."""

    arms: tuple[Limb, Limb] = (Limb(), Limb())
    legs: tuple[Limb, Limb] = (Limb(spread=3, bend=4), Limb(spread=3, bend=4))
    lean: float = 2.0  # of the trunk, forwards
    sway: float = 0.0  # of the trunk, to its +x
    twist: float = 0.0  # of the shoulders against the hips
    nod: float = 0.0  # of the head, forwards
    look: float = 0.0  # of the head, to its +x


def walking(phase: float, stride: float = 1.0) -> Posture:
    """The body at ``phase`` of its gait (0 to 1, one step of each leg); ``stride`` 1 is a usual pace."""
    turn = 2 * np.pi * phase

    def leg(at: float) -> Limb:
        bend = 6 + 52 * stride * max(0.0, np.sin(at + 0.9)) ** 2 * (np.cos(at + 0.2) > -0.7)
        return Limb(swing=float(4 + 22 * stride * np.sin(at)), spread=2.0, bend=float(bend))

    def arm(at: float) -> Limb:
        swing = 2 + 20 * stride * np.sin(at)
        return Limb(swing=float(swing), spread=8.0, bend=float(18 + 14 * stride * (1 + np.sin(at)) / 2), inward=12)

    return Posture(
        arms=(arm(turn + np.pi), arm(turn)), legs=(leg(turn), leg(turn + np.pi)), lean=3.0,
        sway=float(1.2 * np.sin(turn)), twist=float(5 * stride * np.sin(turn)),
    )  # fmt: skip


def posed(stance: str, rng: np.random.Generator) -> Posture:
    """A pose of :data:`STANCES`, no two alike."""
    if stance == "walk":
        return _loosened(walking(float(rng.random()), float(rng.uniform(0.6, 1.1))), rng)
    bent = float(rng.uniform(0, 16))
    legs = (Limb(rng.uniform(-3, 8), rng.uniform(2, 7), bent), Limb(rng.uniform(-3, 5), rng.uniform(2, 7), 4))
    still = Posture(legs=legs if rng.random() < 0.5 else legs[::-1])
    hangs = Limb(rng.uniform(-6, 10), rng.uniform(5, 14), rng.uniform(6, 30), rng.uniform(0, 30))
    match stance:
        case "cross-arms":
            low = float(rng.uniform(-4, 8))
            arms = (Limb(24 + low, 12, 104, 72), Limb(18 + low, 12, 98, 74))
        case "hold":  # something in both hands before the chest or belly
            high = float(rng.uniform(-12, 12))
            arms = (Limb(20 + high, 10, 80 + high, 45), Limb(20 + high, 10, 78 + high, 45))
        case "phone":
            arms = (Limb(30, 10, 108, 30), hangs) if rng.random() < 0.5 else (Limb(25, 35, 148, 5), hangs)
        case "hips":
            arms = (Limb(-18, 38, 78, 62), Limb(-18, 38, 78, 62) if rng.random() < 0.6 else hangs)
        case _:
            other = Limb(rng.uniform(-6, 10), rng.uniform(5, 14), rng.uniform(4, 24), rng.uniform(0, 30))
            arms = (hangs, other)
    if rng.random() < 0.5:
        arms = arms[::-1]
    return _loosened(replace(still, arms=arms), rng)


def _loosened(pose: Posture, rng: np.random.Generator) -> Posture:
    def near(limb: Limb, spread: float) -> Limb:
        by = rng.normal(0, spread, 3)
        return Limb(limb.swing + by[0], max(limb.spread + by[1] / 2, 1), max(limb.bend + by[2], 2), limb.inward)

    return Posture(
        arms=(near(pose.arms[0], 4), near(pose.arms[1], 4)), legs=(near(pose.legs[0], 2), near(pose.legs[1], 2)),
        lean=pose.lean + float(rng.normal(0, 2)), sway=pose.sway + float(rng.normal(0, 1.5)),
        twist=pose.twist + float(rng.normal(0, 4)), nod=float(rng.normal(4, 7)), look=float(rng.normal(0, 16)),
    )  # fmt: skip


def blended(first: Posture, second: Posture, share: float) -> Posture:
    """Between two poses: ``share`` 0 is the first, 1 the second."""

    def limb(a: Limb, b: Limb) -> Limb:
        return Limb(*(mixed(u, v) for u, v in zip(_angles(a), _angles(b), strict=True)))

    def mixed(a: float, b: float) -> float:
        return (1 - share) * a + share * b

    return Posture(
        (limb(first.arms[0], second.arms[0]), limb(first.arms[1], second.arms[1])),
        (limb(first.legs[0], second.legs[0]), limb(first.legs[1], second.legs[1])),
        mixed(first.lean, second.lean), mixed(first.sway, second.sway), mixed(first.twist, second.twist),
        mixed(first.nod, second.nod), mixed(first.look, second.look),
    )  # fmt: skip


def _angles(limb: Limb) -> tuple[float, float, float, float]:
    return limb.swing, limb.spread, limb.bend, limb.inward
