"""Joints of a posed body, from the lengths of its segments.

Lengths are shares of the stature after Drillis and Contini (1966, Body segment parameters; the figure of Winter's
Biomechanics): heights of ankle .039, knee .285, hip .530, shoulder .818, chin .870; upper arm .186, forearm .146, hand
.108, foot .152; between the shoulders .259, between the hips .191. Joints lie inside these breadths (assumption).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from physadv.library.people.look import Build
from physadv.library.people.mesh import F64, cross
from physadv.library.people.pose import Limb, Posture

ANKLE, KNEE, HIP, SHOULDER, CHIN = 0.039, 0.285, 0.530, 0.818, 0.870
UPPER_ARM, FOREARM, HAND, FOOT = 0.186, 0.146, 0.108, 0.152
SHOULDER_OUT, HIP_OUT = 0.114, 0.050  # joints from the middle plane: inside .259 / 2 and .191 / 2

_DOWN, _FRONT, _SIDE = np.array([0.0, 1, 0]), np.array([0.0, 0, -1]), np.array([1.0, 0, 0])


@dataclass(frozen=True, eq=False, slots=True)
class LimbBones:
    """Two bones: a joint, a bend and an end, and the axis they bend about."""

    start: F64
    middle: F64
    end: F64
    axis: F64  # unit vector (3,)

    def spine(self, at: F64) -> tuple[F64, F64]:
        """Points and tangents ``(n, 3)`` at shares ``at`` of the whole length; the bend is rounded."""
        first, second = self.middle - self.start, self.end - self.middle
        lengths = np.linalg.norm(first), np.linalg.norm(second)
        along = at * sum(lengths)
        window = 0.22 * min(lengths)
        blend = np.clip((along - lengths[0] + window) / (2 * window), 0, 1)
        turned = np.clip(along - lengths[0] + window, 0, None)
        second_part = np.where(along > lengths[0] + window, along - lengths[0], turned**2 / (4 * window))
        u, v = first / lengths[0], second / lengths[1]
        points = self.start + (along - second_part)[:, None] * u + second_part[:, None] * v
        tangents = (1 - blend)[:, None] * u + blend[:, None] * v
        return points, tangents / np.linalg.norm(tangents, axis=1, keepdims=True)


@dataclass(frozen=True, eq=False, slots=True)
class Skeleton:
    """A posed body's joints, metres, in its own frame (x right as seen from its front, y down, z into it)."""

    stature_m: float
    pelvis: F64  # (3,) between the hips
    up: F64  # (3,) of the trunk
    side: F64  # (3,) of the shoulders
    front: F64  # (3,) of the shoulders
    arms: tuple[LimbBones, LimbBones]  # on -x, on +x
    legs: tuple[LimbBones, LimbBones]
    feet: tuple[F64, F64]  # (3,) unit vectors from heel to toe
    head: F64  # (3, 3) rows: side, down, into it


def skeleton(build: Build, pose: Posture) -> Skeleton:
    """Where the joints are; the lower foot stands on the ground."""
    tall = build.stature_m
    lean, sway, twist = (np.deg2rad(v) for v in (pose.lean, pose.sway, pose.twist))
    up = np.array([np.sin(sway), -np.cos(lean) * np.cos(sway), -np.sin(lean)])
    up /= np.linalg.norm(up)
    side = np.array([np.cos(twist), 0, np.sin(twist)])
    side -= (side @ up) * up
    side /= np.linalg.norm(side)
    front = cross(up, side)  # up (0,-1,0) x side (1,0,0) = (0,0,1): into the body
    front = -front if front[2] > 0 else front
    pelvis = np.zeros(3)
    legs = tuple(_leg(pelvis, sign, limb, build) for sign, limb in zip((-1, 1), pose.legs, strict=True))
    feet = tuple(_foot(leg) for leg in legs)
    soles = [max(leg.end[1] + ANKLE * tall, (leg.end + 0.72 * FOOT * tall * foot)[1] + 0.012 * tall)
             for leg, foot in zip(legs, feet, strict=True)]  # fmt: skip
    raised = np.array([0, -max(soles), 0])
    legs = tuple(LimbBones(leg.start + raised, leg.middle + raised, leg.end + raised, leg.axis) for leg in legs)
    pelvis = pelvis + raised
    at = pelvis + (SHOULDER - HIP) * tall * up
    arms = tuple(
        _arm(at + sign * SHOULDER_OUT * tall * build.shoulders * side, sign, limb, tall, (-up, front, side))
        for sign, limb in zip((-1, 1), pose.arms, strict=True)
    )
    return Skeleton(tall, pelvis, up, side, front, arms, legs, feet, _head(pose, twist))  # type: ignore[arg-type]


def _leg(pelvis: F64, sign: int, limb: Limb, build: Build) -> LimbBones:
    tall, spread = build.stature_m, np.deg2rad(limb.spread)
    hip = pelvis + sign * HIP_OUT * tall * build.hips * _SIDE

    def direction(angle_deg: float) -> F64:
        angle = np.deg2rad(angle_deg)
        return np.asarray(np.cos(spread) * (np.cos(angle) * _DOWN + np.sin(angle) * _FRONT)
                          + sign * np.sin(spread) * _SIDE)  # fmt: skip

    knee = hip + (HIP - KNEE) * tall * direction(limb.swing)
    return LimbBones(hip, knee, knee + (KNEE - ANKLE) * tall * direction(limb.swing - limb.bend), _SIDE)


def _foot(leg: LimbBones) -> F64:
    """Flat while the shank is nearly upright; behind the body the heel rises."""
    shank = leg.end - leg.middle
    back = np.arctan2(shank[2], shank[1])  # positive: the ankle is behind the knee
    pitch = 0.75 * max(back - 0.12, 0.0) + 0.5 * min(back + 0.3, 0.0)
    outwards = 0.12 * np.sign(leg.start[0])
    return np.array([np.sin(outwards), np.sin(pitch), -np.cos(pitch) * np.cos(outwards)])


def _arm(shoulder: F64, sign: int, limb: Limb, tall: float, axes: tuple[F64, F64, F64]) -> LimbBones:
    down, front, side = axes
    swing, spread, bend, inward = (np.deg2rad(v) for v in (limb.swing, limb.spread, limb.bend, limb.inward))
    upper = np.cos(spread) * (np.cos(swing) * down + np.sin(swing) * front) + sign * np.sin(spread) * side
    forwards = front - (front @ upper) * upper
    forwards /= np.linalg.norm(forwards)
    across = cross(upper, forwards)
    across *= -sign * np.sign(across @ side)
    turn = np.cos(inward) * forwards + np.sin(inward) * across
    elbow = shoulder + UPPER_ARM * tall * upper
    wrist = elbow + FOREARM * tall * (np.cos(bend) * upper + np.sin(bend) * turn)
    return LimbBones(shoulder, elbow, wrist, cross(upper, turn))


def _head(pose: Posture, twist: float) -> F64:
    nod, look = np.deg2rad(pose.nod), np.deg2rad(pose.look) + twist
    into = np.array([-np.sin(look) * np.cos(nod), -np.sin(nod), np.cos(look) * np.cos(nod)])
    side = np.array([np.cos(look), 0, np.sin(look)])
    return np.stack([side, cross(into, side), into])
