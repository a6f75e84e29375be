"""A street in a town: houses, pavement, parked cars, trees and lamps, seen along it, across it, or a park's lawn.

Painted with the brush of :mod:`physadv.library.roads.background`; colours are picked to look natural, not measured.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from physadv.library.roads.background import (
    MOODS,
    PAINTS,
    WALLS,
    Brush,
    bush,
    car,
    paint_background,
    paint_ground,
    paint_sky,
    paint_skyline,
    pole,
    tree,
)
from physadv.library.roads.pinhole import RoadCamera
from physadv.library.roads.sign_canvas import RGB, U8

_PAVEMENT: tuple[RGB, ...] = ((150, 146, 140), (128, 126, 124), (168, 156, 142), (112, 112, 116), (156, 134, 118))
_NEAR_M = 2.2  # walls begin there: the upper end of a nearer one is behind a camera that looks down a little


@dataclass(frozen=True, slots=True)
class Thing:
    """Something in the street."""

    x: float
    z: float
    reach: float  # m to both sides; 0: a wall, behind which nobody stands
    draw: Callable[[], None]

    def before(self, x: float, z: float) -> bool:
        """Whether it stands between the camera and somebody at ``(x, z)``, or hardly behind."""
        beside = abs(self.x / self.z - x / z) > (self.reach + 0.5) / self.z
        return self.reach > 0 and not beside and self.z <= z + 0.3


@dataclass(frozen=True, slots=True)
class Room:
    """The ground between the houses, metres: where people can stand."""

    left: float
    right: float
    far: float
    things: tuple[Thing, ...] = ()  # what is painted already, so that nobody behind it can be drawn

    def holds(self, x: float, z: float) -> bool:
        """Whether somebody can stand there, and is seen there."""
        room = self.left + 0.4 <= x <= self.right - 0.4 and z <= self.far - 0.6
        return room and not any(thing.before(x, z) for thing in self.things)


def paint_street(camera: RoadCamera, rng: np.random.Generator, stands_m: tuple[float, float]) -> tuple[Brush, Room]:
    """Sky, ground and everything that does not move, about somebody who stands at ``(x, z)``."""
    kind = rng.choice(3, p=[0.5, 0.3, 0.2])
    if kind == 2:  # off the road, among trees and houses
        lawn = paint_background(camera, rng, min(float(rng.uniform(-9, -2)), stands_m[0] - 1))
        return lawn, Room(-400, 400, 400)
    rgba: U8 = np.zeros((camera.height_px, camera.width_px, 4), np.uint8)
    brush = Brush(camera, rng, MOODS[rng.integers(len(MOODS))], float(np.exp(rng.uniform(4.4, 6.2))), rgba)
    paint_sky(brush)
    paint_ground(brush)
    paint_skyline(brush)
    return brush, (_along if kind == 0 else _across)(brush, *stands_m)


def _along(brush: Brush, x_m: float, z_m: float) -> Room:
    """The camera looks down a pavement, houses on one side, the road with its far houses on the other."""
    rng = brush.rng
    side = float(rng.choice([-1, 1]))  # where the near houses are
    wall, kerb = side * float(rng.uniform(1.8, 6)), -side * float(rng.uniform(1.2, 3.5))
    road = kerb - side * float(rng.uniform(5, 9))
    far = road - side * float(rng.uniform(1.5, 4))
    wall = side * max(abs(wall), side * x_m + 0.7)
    far = -side * max(abs(far), -side * x_m + 0.7)
    _floor(brush, wall, kerb)
    grey = int(rng.integers(64, 120))
    for near, end in ((1.0, 20.0), (20.0, 70.0), (70.0, 250.0)):
        brush.strip(kerb, road, near, end, brush.colour((grey, grey, grey + 3), near * 0.7, rough=0.26, spread=0.02))
    brush.strip(road, far, 1, 250, brush.colour((146, 144, 138), 12, rough=0.2))
    brush.strip(kerb, kerb - side * 0.15, 1, 200, brush.colour((176, 174, 168), 6, rough=0.15))
    things: list[Thing] = []
    for x, open_share in ((wall, 0.1), (far, 0.2)):
        z = float(rng.uniform(-4, 0))
        while z < 110:
            length = float(rng.uniform(6, 15))
            if rng.random() > open_share and z + length > _NEAR_M + 1:
                things.append(Thing(x, z + length / 2, 0, _house_beside(brush, x, max(z, _NEAR_M), z + length)))
            z += length
    for z in np.arange(rng.uniform(4, 9), 70, rng.uniform(5.2, 9)):
        if rng.random() < 0.55:
            at = kerb - side * 1.05 if rng.random() < 0.6 else road + side * 1.05
            things.append(Thing(at, float(z), 1, lambda at=at, z=z: car(brush, float(at), float(z))))  # type: ignore[misc]
    things += _furniture(brush, kerb + side * 0.4, 14)
    return Room(min(wall, far), max(wall, far), 250, _drawn(things, x_m, z_m))


def _across(brush: Brush, x_m: float, z_m: float) -> Room:
    """The camera looks over the road at a row of houses, or at a square's far side."""
    rng = brush.rng
    front = max(float(rng.uniform(7, 26)), z_m + 0.8)
    road_near = float(rng.uniform(3, max(front - 5, 3.5)))
    _floor(brush, -80, 80, far=front)
    if front > 11 and rng.random() < 0.7:
        grey = int(rng.integers(64, 120))
        brush.strip(-80, 80, road_near, front - 2.5, brush.colour((grey, grey, grey + 3), road_near, rough=0.26))
        kerb = brush.colour((178, 176, 170), road_near, rough=0.15)
        brush.strip(-80, 80, front - 2.5, front - 2.3, kerb)
    x = float(-front * 1.2 - rng.uniform(0, 8))
    while x < front * 1.2:
        wide = float(rng.uniform(5, 14))
        if rng.random() < 0.9:
            _house_before(brush, x, x + wide, front)
        x += wide
    things: list[Thing] = []
    if front > 11:
        for at in np.arange(-front + rng.uniform(0, 6), front, rng.uniform(5, 9)):
            if rng.random() < 0.5:
                z = front - 3.6
                things.append(Thing(float(at), z, 2.2, lambda at=at, z=z: _car_beside(brush, float(at), z)))  # type: ignore[misc]
    things += _furniture(brush, float("nan"), 8, (max(front * 0.4, 4.0), front - 0.5))
    return Room(-80, 80, front, _drawn(things, x_m, z_m))


def _drawn(things: list[Thing], x_m: float, z_m: float) -> tuple[Thing, ...]:
    """Far to near. Left out is what would stand before somebody at ``(x_m, z_m)``, who is drawn later."""
    kept = tuple(thing for thing in things if not thing.before(x_m, z_m))
    for thing in sorted(kept, key=lambda thing: -thing.z):
        thing.draw()
    return tuple(thing for thing in kept if thing.reach)


def _floor(brush: Brush, left: float, right: float, far: float = 250.0) -> None:
    """Pavement, in slabs half of the time."""
    rng, rgb = brush.rng, _PAVEMENT[brush.rng.integers(len(_PAVEMENT))]
    for near, end in ((1.0, 8.0), (8.0, 30.0), (30.0, far)):
        if end > near and near < far:
            brush.strip(left, right, near, min(end, far), brush.colour(rgb, near, rough=0.22, spread=0.02))
    if rng.random() < 0.6:
        joint = brush.colour((rgb[0] * 3 // 4, rgb[1] * 3 // 4, rgb[2] * 3 // 4), 5, rough=0.2)
        step = float(rng.uniform(0.4, 1.6))
        for z in np.arange(1.4, min(16, far), step):
            brush.strip(left, right, float(z), float(z) + 0.012 + 0.002 * float(z), joint)
        for x in np.arange(max(min(left, right), -8), min(max(left, right), 8), step):
            brush.strip(float(x), float(x) + 0.02, 1.2, min(20, far), joint)


def _house_beside(brush: Brush, x: float, near: float, far: float) -> Callable[[], None]:
    rng, ground = brush.rng, brush.camera.height_m
    tall = float(rng.uniform(5, 17))
    rgb = WALLS[rng.integers(len(WALLS))]
    shop = rng.random() < 0.5

    def wall(z0: float, z1: float, low: float, high: float, colour: tuple[float, ...]) -> None:
        z0 = max(z0, _NEAR_M)
        if z1 > z0:
            brush.fill(np.array([(x, ground - high, z0), (x, ground - high, z1), (x, ground - low, z1),
                                 (x, ground - low, z0)]), colour)  # fmt: skip

    def draw() -> None:
        depth = (near + far) / 2
        wall(near, far, 0, tall, brush.colour(rgb, depth, rough=0.2))
        wall(near, far, 0, 0.5, brush.colour((rgb[0] // 2, rgb[1] // 2, rgb[2] // 2), depth, rough=0.2))
        glass, frame = brush.colour((56, 64, 76), depth, 0.12, 0.3), brush.colour((214, 212, 206), depth, 0.1)
        step = float(rng.uniform(1.8, 3.2))
        for floor in range(int(min(tall / 3, 4))):
            for z in np.arange(far - step * 0.8, near, -step):
                low = floor * 3 + 0.9
                wall(z, z + step * 0.55, low - 0.08, low + 1.6, frame)
                wall(z + 0.08, z + step * 0.55 - 0.08, low, low + 1.5, glass)
            if floor == 0 and shop:
                wall(near, far, 0.5, 2.5, glass)
                wall(near, far, 2.6, 3.2, brush.colour(PAINTS[rng.integers(len(PAINTS))], depth, 0.1))

    return draw


def _house_before(brush: Brush, left: float, right: float, z: float) -> None:
    rng = brush.rng
    tall, rgb = float(rng.uniform(6, 18)), WALLS[rng.integers(len(WALLS))]
    middle, wide = (left + right) / 2, right - left
    brush.upright(middle, z, wide, tall, 0, brush.colour(rgb, z, rough=0.2))
    dark = (rgb[0] // 2, rgb[1] // 2, rgb[2] // 2)
    brush.upright(middle, z, wide, 0.5, 0, brush.colour(dark, z, rough=0.2))
    glass, frame = brush.colour((56, 64, 76), z, 0.12, 0.3), brush.colour((216, 214, 208), z, 0.1)
    columns = max(int(wide / rng.uniform(1.8, 3.0)), 1)
    for floor in range(int(min(tall / 3, 5))):
        for column in range(columns):
            at, w = left + (column + 0.5) * wide / columns, 0.5 * wide / columns
            brush.upright(at, z, w + 0.16, floor * 3 + 2.5, floor * 3 + 0.85, frame)
            brush.upright(at, z, w, floor * 3 + 2.4, floor * 3 + 0.95, glass)
    if rng.random() < 0.5:
        brush.upright(middle, z, wide * 0.96, 2.5, 0.4, glass)
        brush.upright(middle, z, wide * 0.96, 3.2, 2.6, brush.colour(PAINTS[rng.integers(len(PAINTS))], z, 0.1))
    door = left + wide * float(rng.uniform(0.1, 0.9))
    brush.upright(door, z, 1.1, 2.2, 0, brush.colour((84, 62, 48), z, 0.15, 0.3))


def _car_beside(brush: Brush, x: float, z: float) -> None:
    """A parked car seen from its side."""
    rng, y = brush.rng, brush.camera.height_m
    paint = brush.colour(PAINTS[rng.integers(len(PAINTS))], z, rough=0.06, spread=0.3)
    turn = float(rng.choice([-1, 1]))

    def outline(points: list[tuple[float, float]], colour: tuple[float, ...]) -> None:
        brush.fill(np.array([(x + turn * along, y - up, z) for along, up in points]), colour)

    outline([(-2.1, 0.3), (-2.15, 0.75), (-1.2, 0.95), (1.6, 1.0), (2.1, 0.85), (2.15, 0.35)], paint)
    outline([(-1.3, 0.92), (-0.6, 1.42), (0.9, 1.45), (1.7, 0.95)], paint)
    glass = brush.colour((46, 54, 64), z, 0.1)
    outline([(-1.05, 0.95), (-0.5, 1.36), (0.1, 1.38), (0.1, 0.96)], glass)
    outline([(0.2, 0.96), (0.2, 1.38), (0.85, 1.38), (1.4, 0.97)], glass)
    angle = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    for wheel in (-1.35, 1.35):
        for radius, rgb in ((0.33, (26, 26, 28)), (0.18, (130, 132, 136))):
            rim = [x + wheel + radius * np.cos(angle), y - 0.33 + radius * np.sin(angle), np.full(20, z)]
            brush.fill(np.stack(rim, 1), brush.colour(rgb, z, 0.05))


def _furniture(brush: Brush, x: float, count: int, depths: tuple[float, float] = (5.0, 60.0)) -> list[Thing]:
    """Trees, lamps, bins, bollards: along a line at ``x``, or anywhere where that is not a number."""
    rng = brush.rng
    things: list[Thing] = []
    for _ in range(int(rng.integers(2, count))):
        z = float(np.exp(rng.uniform(np.log(depths[0]), np.log(max(depths[1], depths[0] + 0.1)))))
        at = float(rng.uniform(-0.9, 0.9) * z) if np.isnan(x) else x + float(rng.normal(0, 0.15))
        painter = (tree, tree, pole, pole, _bollard, _bin, bush)[rng.integers(7)]
        reach = {tree: 1.5, bush: 1.6}.get(painter, 0.3)
        things.append(Thing(at, z, reach, lambda painter=painter, at=at, z=z: painter(brush, at, z)))  # type: ignore[misc]
    return things


def _bollard(brush: Brush, x: float, z: float) -> None:
    grey = int(brush.rng.integers(40, 150))
    brush.upright(x, z, 0.14, 0.9, 0, brush.colour((grey, grey, grey), z))
    brush.upright(x, z, 0.14, 0.85, 0.75, brush.colour((220, 220, 214), z))


def _bin(brush: Brush, x: float, z: float) -> None:
    rgb = ((44, 74, 56), (60, 62, 66), (130, 44, 36))[brush.rng.integers(3)]
    brush.upright(x, z, 0.5, 1.05, 0.1, brush.colour(rgb, z))
    brush.upright(x, z, 0.54, 1.12, 1.0, brush.colour((30, 32, 34), z))
