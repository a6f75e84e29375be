"""Builds the Mitsuba scene of a shot: ground, what stands about, sky and lights, and who wears the patch."""

from __future__ import annotations

from typing import Any

import numpy as np

from physadv.parts.twin.artwork import stop_face
from physadv.parts.twin.layout import BOTTLE_MM, F64, SIGN_MM, TwinShot, octagon
from physadv.parts.twin.lights import DARK, LIGHTS
from physadv.parts.twin.shapes import Node, ball, block, fan, flat, matte, post, printed, sheet, speckled, texture

_FAR_M = 300.0
_LAMP_M = (-1.0, -2.2, -3.0)  # in the surface's frame: left of it, above it, before it


def stage(mi: Any, shot: TwinShot) -> Node:
    """Everything but camera, integrator and patch."""
    build = _road if shot.story == "sign" else _table
    return {"type": "scene", **_light(mi, shot), **build(mi, shot, np.random.default_rng(shot.seed))}


def _light(mi: Any, shot: TwinShot) -> Node:
    light = LIGHTS[shot.light]
    rise = np.clip(np.linspace(1, -1, 64), 0, 1)[:, None, None] ** 0.6  # of the sky, from the zenith down
    sky = np.array(light.horizon) + rise * (np.array(light.zenith) - light.horizon)
    upright = mi.ScalarTransform4f().rotate([1, 0, 0], 180)  # Mitsuba's up is +y, ours is -y
    nodes: Node = {"sky": {
        "type": "envmap", "bitmap": mi.Bitmap(np.repeat(sky, 8, 1).astype(np.float32)), "to_world": upright,
    }}  # fmt: skip
    if light.sun != DARK:
        nodes["sun"] = {"type": "directional", "direction": (-shot.sun).tolist(), "irradiance": _rgb(light.sun)}
    if light.lamp != DARK:
        offset = np.array(_LAMP_M)
        facing = -offset[2] / np.linalg.norm(offset)
        strength = np.array(light.lamp) * float(offset @ offset) / facing
        at = shot.surface.centre_m + offset @ shot.surface.axes
        nodes["lamp"] = {"type": "point", "position": at.tolist(), "intensity": _rgb(strength)}
    return nodes


def _rgb(values: Any) -> Node:
    return {"type": "rgb", "value": [float(v) for v in values]}


def _road(mi: Any, shot: TwinShot, rng: np.random.Generator) -> Node:
    """Asphalt with lines, verges, houses, trees, hills, the pole and the sign."""
    x, y, _ = shot.surface.centre_m
    right = x - 0.9  # edge of the road
    ground, nodes = shot.ground_m, {}
    nodes["verge"] = _floor(mi, 0, ground, _FAR_M, texture(mi, speckled((0.1, 0.15, 0.045), 0.12, 1), repeat=150))
    nodes["asphalt"] = _floor(mi, right - 3.5, ground - 0.01, 3.5, texture(mi, speckled((0.11, 0.11, 0.115), 0.09, 2),
                                                                          repeat=60))  # fmt: skip
    paint = texture(mi, speckled((0.62, 0.62, 0.6), 0.05, 3))
    nodes["edge"] = _floor(mi, right - 0.2, ground - 0.02, 0.06, paint)
    for number in range(12):
        at = np.array([right - 3.5, ground - 0.02, 4 + 9.0 * number])
        nodes[f"dash{number}"] = flat(mi, at, np.array([0.06, 0, 0]), np.array([0, 0, -1.5]), _painted(paint))
    nodes |= _around(mi, rng, ground, right)
    pole = shot.surface.centre_m + 0.04 * shot.surface.axes[2]
    nodes["pole"] = post(np.array([pole[0], ground, pole[2]]), np.array([pole[0], y - 0.35, pole[2]]), 0.03,
                         matte((0.3, 0.3, 0.31)))  # fmt: skip
    rim, shares, into = octagon(SIGN_MM), octagon(SIGN_MM) / SIGN_MM + 0.5, shot.surface.axes[2]
    nodes["sign"] = fan(mi, shot.surface.world(rim), -into, shares, printed(mi, stop_face()))
    nodes["back"] = fan(mi, shot.surface.world(rim[::-1], -3.0), into, shares, matte((0.35, 0.35, 0.35)))
    return nodes


def _around(mi: Any, rng: np.random.Generator, ground: float, right: float) -> Node:
    """Houses and trees on both sides, and wooded hills."""
    nodes: Node = {}
    for number in range(8):
        side = 1 if number % 2 else -1
        edge = right + 3 if side > 0 else right - 10
        z = 12 + 8.0 * number + rng.uniform(-3, 3)
        if rng.random() < 0.5:
            half = np.array([rng.uniform(3, 5), rng.uniform(2.2, 3.4), rng.uniform(3, 5)])
            middle = np.array([edge + side * (half[0] + rng.uniform(3, 9)), ground - half[1], z + 8])
            nodes |= _house(mi, rng, number, middle, half)
        else:
            foot = np.array([edge + side * rng.uniform(2.5, 9), ground, z])
            nodes |= _tree(rng, number, foot, rng.uniform(4, 8))
    for number in range(14):
        radius, tone = 60.0, rng.uniform(0.7, 1.2)
        sunk = ground + radius - rng.uniform(5, 14)
        place = np.array([(number - 6.5) * 26 + rng.uniform(-8, 8), sunk, 190 + rng.uniform(-30, 60)])
        nodes[f"hill{number}"] = ball(place, radius, matte((0.06 * tone, 0.1 * tone, 0.05 * tone)))
    return nodes


def _house(mi: Any, rng: np.random.Generator, number: int, middle: F64, half: F64) -> Node:
    wall = matte(tuple(rng.uniform(0.3, 0.6) * np.array([1.0, rng.uniform(0.8, 1), rng.uniform(0.6, 0.95)])))
    nodes = {f"house{number}": block(mi, middle, half, wall)}
    roof = middle - [0, half[1] + 0.5, 0]
    nodes[f"roof{number}"] = block(mi, roof, half * [1.08, 0, 1.08] + [0, 0.5, 0], matte((0.16, 0.07, 0.05)))
    for column in (-0.5, 0.5):
        at = middle + np.array([column * half[0], -0.1 * half[1], -half[2] - 0.02])
        nodes[f"window{number}{column > 0}"] = flat(
            mi, at, np.array([0.6, 0, 0]), np.array([0, 0.8, 0]), matte((0.05, 0.06, 0.08))
        )
    return nodes


def _tree(rng: np.random.Generator, number: int, foot: F64, height: float) -> Node:
    nodes = {f"trunk{number}": post(foot, foot - [0, height * 0.5, 0], 0.18, matte((0.1, 0.07, 0.045)))}
    for part in range(5):
        leaf = matte(tuple(rng.uniform(0.7, 1.3) * np.array([0.07, 0.13, 0.04])))
        crown = foot - [0, height * rng.uniform(0.5, 0.85), 0] + rng.normal(size=3) * [0.6, 0, 0.6]
        nodes[f"crown{number}{part}"] = ball(crown, height * rng.uniform(0.14, 0.24), leaf)
    return nodes


def _floor(mi: Any, x: float, y: float, half_width: float, ink: Node) -> Node:
    return flat(mi, np.array([x, y, 0.0]), np.array([half_width, 0, 0]), np.array([0, 0, -_FAR_M]), _painted(ink))


def _painted(ink: Node) -> Node:
    return {"type": "diffuse", "reflectance": ink}


def _table(mi: Any, shot: TwinShot, rng: np.random.Generator) -> Node:
    """A bottle on a wooden table before a few large shapes out of the table's reach."""
    nodes: Node = {}
    wood = texture(mi, speckled((0.35, 0.22, 0.12), 0.06, 4), repeat=3)
    nodes["table"] = flat(mi, np.array([0, shot.ground_m, 1.2]), np.array([1.6, 0, 0]), np.array([0, 0, -1.4]),
                          _painted(wood))  # fmt: skip
    nodes["floor"] = _floor(
        mi, 0, shot.ground_m + 0.75, 30, texture(mi, speckled((0.3, 0.29, 0.27), 0.05, 5), repeat=40)
    )
    for number in range(5):
        at = np.array([(number - 2) * 1.6 + rng.uniform(-0.3, 0.3), shot.ground_m + 0.1, 4.5 + rng.uniform(-0.5, 1)])
        colour = matte(tuple(rng.uniform(0.15, 0.6, size=3)))
        nodes[f"shelf{number}"] = block(
            mi, at, np.array([0.5, rng.uniform(0.6, 1.2), 0.3]), colour, rng.uniform(-30, 30)
        )
    radius = (shot.surface.radius_mm or 0.0) / 1000
    axis = shot.surface.centre_m + shot.surface.axes[2] * radius
    profile = np.array([(1.0, 0.5), (1.0, -0.5), (0.88, -0.6), (0.6, -0.68), (0.35, -0.72), (0.33, -0.9), (0.36, -0.9),
                        (0.36, -0.95), (0.0, -0.95)])  # fmt: skip
    glass: Node = {"type": "roughplastic", "diffuse_reflectance": _rgb((0.02, 0.1, 0.045)), "alpha": 0.08}
    nodes["bottle"] = _turned(mi, axis, profile * [radius, BOTTLE_MM / 1000], glass)
    return nodes


def _turned(mi: Any, axis: F64, profile: F64, bsdf: Node, steps: int = 128) -> Any:
    """The surface that ``profile`` ``(n, 2)`` (radius, height down; from the bottom up) makes about the vertical."""
    turn = np.linspace(0, 2 * np.pi, steps)
    ring = np.stack([np.sin(turn), np.zeros(steps), -np.cos(turn)], 1)
    radius, height = profile[::-1].T
    points = axis + ring * radius[:, None, None] + np.array([0, 1.0, 0]) * height[:, None, None]
    slope = np.gradient(profile[::-1], axis=0)
    outward = ring * slope[:, 1, None, None] - np.array([0, 1.0, 0]) * slope[:, 0, None, None]
    outward /= np.linalg.norm(outward, axis=-1, keepdims=True)
    return sheet(mi, points, np.asarray(outward), bsdf)
