"""Everything on the road that is not a sign: sky, ground, markings, trees, buildings, poles, cars.

Drawn as flat polygons in metres, far to near, on an 8-bit RGBA canvas whose fourth channel says how rough a surface is;
roughness becomes noise later. Colours are picked to look natural, not measured.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from physadv.library.roads.pinhole import RoadCamera
from physadv.library.roads.sign_canvas import F64, RGB, U8

_SHIFT = 4
_FAR_M = 400.0
MOODS: tuple[dict[str, RGB], ...] = (
    {"zenith": (70, 120, 190), "horizon": (186, 208, 226), "grass": (96, 120, 62), "leaf": (58, 84, 44)},
    {"zenith": (120, 156, 196), "horizon": (222, 226, 226), "grass": (142, 134, 88), "leaf": (94, 96, 54)},
    {"zenith": (150, 158, 168), "horizon": (206, 210, 212), "grass": (88, 104, 64), "leaf": (56, 72, 48)},
    {"zenith": (104, 112, 140), "horizon": (236, 190, 150), "grass": (98, 96, 62), "leaf": (60, 62, 42)},
    {"zenith": (176, 184, 194), "horizon": (220, 224, 230), "grass": (206, 210, 216), "leaf": (78, 80, 76)},
    {"zenith": (96, 146, 206), "horizon": (208, 222, 234), "grass": (150, 140, 118), "leaf": (78, 98, 56)},
)
WALLS: tuple[RGB, ...] = (
    (170, 120, 96), (196, 178, 150), (150, 150, 152), (120, 76, 62), (210, 204, 192), (104, 112, 124), (176, 150, 110),
)  # fmt: skip
PAINTS: tuple[RGB, ...] = (
    (160, 24, 28),
    (30, 60, 120),
    (220, 220, 220),
    (40, 42, 46),
    (120, 124, 128),
    (190, 150, 40),
)


@lru_cache(maxsize=8)
def fractal_noise(octaves: int) -> U8:
    """A fixed field ``(1024, 1024)``, mean 128; fewer octaves keep only the fine ones."""
    rng = np.random.default_rng(7)
    total = np.zeros((1024, 1024), np.float32)
    for octave in range(octaves):
        cells = 1024 >> octave
        layer = cv2.resize(rng.standard_normal((cells, cells)).astype(np.float32), (1024, 1024))
        total += layer * (0.6 + 0.25 * octave)
    return np.asarray(np.clip(128 + 48 * total / total.std(), 0, 255), np.uint8)


def noise_crop(rng: np.random.Generator, octaves: int, width: int, height: int, zoom: float = 1.0) -> U8:
    """A random window ``(height, width)`` of :func:`fractal_noise`, mirrored at random and enlarged ``zoom`` times."""
    field = fractal_noise(octaves)
    w, h = (min(1024, max(2, int(side / zoom))) for side in (width, height))
    y, x = rng.integers(0, 1025 - h), rng.integers(0, 1025 - w)
    flip = int(rng.integers(-1, 3))  # 2 is none; the others are OpenCV's codes
    window = field[y : y + h, x : x + w]
    if window.shape != (height, width):
        window = np.asarray(cv2.resize(window, (width, height)), np.uint8)
    return window if flip == 2 else np.asarray(cv2.flip(window, flip), np.uint8)


@dataclass(eq=False)
class Brush:
    """Draws in metres; what is far fades into the haze."""

    camera: RoadCamera
    rng: np.random.Generator
    mood: dict[str, RGB]
    haze_m: float  # distance after which 63 % of a colour is haze
    rgba: U8  # (H, W, 4)

    def colour(self, rgb: RGB, depth_m: float, rough: float = 0.1, spread: float = 0.12) -> tuple[float, ...]:
        """A colour jittered by ``spread``, seen through ``depth_m`` of haze."""
        jitter = 1 + self.rng.uniform(-spread, spread) + self.rng.uniform(-spread, spread, 3) / 4
        haze = 1 - np.exp(-depth_m / self.haze_m)
        mixed = np.clip(np.array(rgb) * jitter, 0, 255) * (1 - haze) + np.array(self.mood["horizon"]) * haze
        return (*(float(c) for c in mixed), 255 * rough * (1 - haze))

    def fill(self, points_m: F64, colour: tuple[float, ...]) -> None:
        """Fill a polygon ``(n, 3)`` given in world metres, antialiased."""
        self.fill_px(self.camera.project(points_m), colour)

    def fill_px(self, points_px: F64, colour: tuple[float, ...]) -> None:
        """Fill a polygon ``(n, 2)`` given in pixels, antialiased."""
        fixed = np.clip(np.round(points_px * (1 << _SHIFT)), -(1 << 18), 1 << 18).astype(np.int32)
        cv2.fillPoly(self.rgba, [fixed], colour, cv2.LINE_AA, _SHIFT)

    def strip(self, x0: float, x1: float, z0: float, z1: float, colour: tuple[float, ...]) -> None:
        """A rectangle on the ground."""
        y = self.camera.height_m
        self.fill(np.array([(x0, y, z0), (x1, y, z0), (x1, y, z1), (x0, y, z1)]), colour)

    def upright(self, x: float, z: float, width: float, top: float, bottom: float, colour: tuple[float, ...]) -> None:
        """A rectangle that stands across the road; heights above the ground."""
        y, half = self.camera.height_m, width / 2
        corners = [(x - half, y - top, z), (x + half, y - top, z), (x + half, y - bottom, z), (x - half, y - bottom, z)]
        self.fill(np.array(corners), colour)


def paint_background(camera: RoadCamera, rng: np.random.Generator, road_right_m: float) -> Brush:
    """Sky, ground, road and clutter; returns the brush, with which signs get their poles."""
    rgba = np.zeros((camera.height_px, camera.width_px, 4), np.uint8)
    brush = Brush(camera, rng, MOODS[rng.integers(len(MOODS))], float(np.exp(rng.uniform(4.2, 6.2))), rgba)
    paint_sky(brush)
    paint_ground(brush)
    paint_skyline(brush)
    road_left = road_right_m - rng.choice([3.6, 7.0, 7.4, 10.5])
    _paint_road(brush, road_left, road_right_m)
    things = [_random_thing(brush, road_left, road_right_m) for _ in range(rng.integers(4, 26))]
    for _, draw in sorted(things, key=lambda thing: -thing[0]):
        draw()
    return brush


def paint_sky(brush: Brush) -> None:
    """A ramp with clouds, at a quarter of the size: nothing up there is sharp."""
    height, width = brush.rgba.shape[:2]
    small = (width // 4, height // 4)
    ramp = np.clip(np.linspace(0, 2.0, small[1], dtype=np.float32), 0, 1)[:, None, None]
    sky = np.array(brush.mood["zenith"], np.float32) * (1 - ramp) + np.array(brush.mood["horizon"], np.float32) * ramp
    cover = noise_crop(brush.rng, 9, *small, zoom=0.5).astype(np.float32) / 255
    cloud = np.clip((cover - brush.rng.uniform(0.35, 0.9)) * 4, 0, 1)[..., None] * brush.rng.uniform(0.3, 0.9)
    painted = (sky * (1 - cloud) + np.array([240, 240, 242]) * cloud).astype(np.float32)
    large = cv2.resize(painted, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8)
    cv2.mixChannels([large], [brush.rgba], [0, 0, 1, 1, 2, 2])


def paint_ground(brush: Brush) -> None:
    grass, y = brush.mood["grass"], brush.camera.height_m
    for near, far in ((1, 30), (30, 90), (90, 4000)):
        colour = brush.colour(grass, near, rough=0.5, spread=0.04)
        brush.fill(np.array([(-4 * far, y, near), (4 * far, y, near), (4 * far, y, far), (-4 * far, y, far)]), colour)


def paint_skyline(brush: Brush) -> None:
    rng, y = brush.rng, brush.camera.height_m
    for depth in (_FAR_M, 160.0):
        x = np.linspace(-0.7, 0.7, 97) * depth
        lump = np.interp(np.arange(97), np.linspace(0, 96, 13), rng.uniform(0, 1, 13))
        ragged = rng.uniform(0, 0.35, 97)
        tops = y - (lump + ragged) * rng.uniform(4, 22) * (depth / 250)
        outline = np.stack([x, tops, np.full(97, depth)], 1)
        base = np.array([(x[-1], y, depth), (x[0], y, depth)])
        brush.fill(np.concatenate([outline, base]), brush.colour(brush.mood["leaf"], depth / 2, rough=0.4))


def _paint_road(brush: Brush, left: float, right: float) -> None:
    rng = brush.rng
    grey = int(rng.integers(70, 130))
    shoulder = float(rng.uniform(0.2, 1.5))
    brush.strip(left - shoulder, right + shoulder, 1, 300, brush.colour((128, 118, 102), 4, rough=0.45))
    asphalt: RGB = (grey, grey, grey + 4)
    for near, far in ((1, 25), (25, 80), (80, 300)):
        brush.strip(left, right, near, far, brush.colour(asphalt, near * 0.7, rough=0.28, spread=0.02))
    if rng.random() < 0.3:  # a sidewalk or kerb
        brush.strip(right, right + 1.8, 1, 120, brush.colour((168, 166, 160), 6, rough=0.2))
    paint = brush.colour((222, 222, 214), 8, rough=0.15)
    if rng.random() < 0.8:
        brush.strip(right - 0.3, right - 0.18, 1, 150, paint)
        brush.strip(left + 0.18, left + 0.3, 1, 150, paint)
    centre, phase = (left + right) / 2, rng.uniform(0, 9)
    for start in np.arange(2 + phase, 120, 9.0):
        brush.strip(centre - 0.06, centre + 0.06, start, start + 3, paint)
    if rng.random() < 0.2:  # a stop line or zebra across
        z = float(rng.uniform(6, 30))
        for x in np.arange(left + 0.4, right - 0.4, 1.0):
            brush.strip(x, x + 0.5, z, z + 3, paint)


def _random_thing(brush: Brush, left: float, right: float) -> tuple[float, Callable[[], None]]:
    """One object beside the road with its depth, and how to draw it."""
    rng = brush.rng
    depth = float(np.exp(rng.uniform(np.log(9), np.log(120))))
    side = rng.choice([-1, 1])
    away = float(rng.uniform(1.5, 3 + depth * 0.35))
    x = right + away if side > 0 else left - away
    painter = rng.choice(np.array([tree, tree, tree, bush, building, pole, _plate, car, _fence], object))
    if painter is building:
        x += side * 6
    if painter is car and rng.random() < 0.6:
        x = float(rng.uniform(left + 1, right - 1))
    return depth, lambda: painter(brush, x, depth)


def _blob(brush: Brush, x: float, z: float, height: float, radius: float, colour: tuple[float, ...]) -> None:
    """A ragged round patch of leaves."""
    angle = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    r = radius * brush.rng.uniform(0.75, 1.1, 28)
    y = brush.camera.height_m - height
    brush.fill(np.stack([x + r * np.cos(angle), y + r * np.sin(angle), np.full(28, z)], 1), colour)


def tree(brush: Brush, x: float, z: float) -> None:
    rng = brush.rng
    height, radius = float(rng.uniform(4, 12)), float(rng.uniform(1.2, 3.0))
    brush.upright(x, z, rng.uniform(0.18, 0.45), height * 0.7, 0, brush.colour((78, 64, 52), z, rough=0.4))
    if rng.random() < 0.25:  # a conifer
        for level in np.linspace(0.2, 0.75, 4):
            wide, y = radius * (1.1 - level), brush.camera.height_m
            tip = [(x, y - height * min(1.0, level + 0.35), z), (x + wide, y - height * level, z)]
            points = np.array([*tip, (x - wide, y - height * level, z)])
            brush.fill(points, brush.colour((44, 66, 46), z, rough=0.6))
        return
    for _ in range(int(rng.integers(5, 11))):
        dx, up = rng.normal(0, radius * 0.45), height * 0.72 + rng.normal(0, radius * 0.5)
        _blob(brush, x + dx, z, up, radius * rng.uniform(0.4, 0.8), brush.colour(brush.mood["leaf"], z, 0.7, 0.25))


def bush(brush: Brush, x: float, z: float) -> None:
    for _ in range(4):
        dx, radius = brush.rng.normal(0, 0.8), brush.rng.uniform(0.4, 1.0)
        _blob(brush, x + dx, z, radius * 0.7, radius, brush.colour(brush.mood["leaf"], z, 0.7, 0.25))


def building(brush: Brush, x: float, z: float) -> None:
    rng, y, z = brush.rng, brush.camera.height_m, max(z, 18.0)
    width, height, deep = float(rng.uniform(7, 18)), float(rng.uniform(4, 22)), float(rng.uniform(8, 20))
    wall = WALLS[rng.integers(len(WALLS))]
    inner = x - width / 2 if x > 0 else x + width / 2
    side = [(inner, y - height, z), (inner, y - height, z + deep), (inner, y, z + deep), (inner, y, z)]
    brush.fill(np.array(side), brush.colour((wall[0] // 2, wall[1] // 2, wall[2] // 2), z, rough=0.2))
    brush.upright(x, z, width, height, 0, brush.colour(wall, z, rough=0.2))
    glass = brush.colour((64, 74, 88), z, rough=0.15, spread=0.3)
    columns, rows = int(width / rng.uniform(2, 3.5)), int(height / 3)
    for row in range(min(rows, 6)):
        for column in range(min(columns, 7)):
            at = x - width / 2 + (column + 0.5) * width / columns
            brush.upright(at, z, 0.5 * width / columns, row * 3 + 2.4, row * 3 + 1.0, glass)
    if rng.random() < 0.5:
        roof = np.array(
            [(x - width * 0.55, y - height, z), (x + width * 0.55, y - height, z), (x, y - height * 1.35, z)]
        )
        brush.fill(roof, brush.colour((112, 66, 54), z, rough=0.3))


def pole(brush: Brush, x: float, z: float) -> None:
    rng = brush.rng
    height, grey = float(rng.uniform(5, 9)), int(rng.integers(70, 170))
    colour = brush.colour((grey, grey, grey), z, rough=0.1)
    brush.upright(x, z, rng.uniform(0.1, 0.3), height, 0, colour)
    reach = -np.sign(x) * rng.uniform(0.8, 2.5)
    brush.upright(x + reach / 2, z, abs(reach), height, height - 0.12, colour)
    if rng.random() < 0.5:  # a lamp at its end
        brush.upright(x + reach, z, 0.6, height, height - 0.25, brush.colour((200, 200, 190), z))


def _plate(brush: Brush, x: float, z: float) -> None:
    """A panel that is no sign of ours: direction board, advertisement, no-entry disc."""
    rng, y = brush.rng, brush.camera.height_m
    paint, bottom = PAINTS[rng.integers(len(PAINTS))], float(rng.uniform(1.5, 2.8))
    brush.upright(x, z, 0.08, bottom + 0.3, 0, brush.colour((130, 130, 132), z))
    if rng.random() < 0.4:
        angle = np.linspace(0, 2 * np.pi, 32, endpoint=False)
        for scale, rgb in ((0.35, paint), (0.24, PAINTS[rng.integers(len(PAINTS))])):
            rim = [x + scale * np.cos(angle), y - bottom - 0.4 + scale * np.sin(angle), np.full(32, z)]
            brush.fill(np.stack(rim, 1), brush.colour(rgb, z, rough=0.05))
        return
    width, tall = float(rng.uniform(0.5, 2.5)), float(rng.uniform(0.4, 1.4))
    brush.upright(x, z, width, bottom + tall, bottom, brush.colour(paint, z, rough=0.05))
    ink = brush.colour(PAINTS[rng.integers(len(PAINTS))], z, rough=0.05)
    for line in range(int(rng.integers(0, 4))):
        top = bottom + tall * (0.9 - 0.22 * line)
        brush.upright(x, z, width * rng.uniform(0.3, 0.85), top, top - tall * 0.1, ink)


def car(brush: Brush, x: float, z: float) -> None:
    rng, y = brush.rng, brush.camera.height_m
    paint = brush.colour(PAINTS[rng.integers(len(PAINTS))], z, rough=0.05, spread=0.3)
    brush.upright(x, z, 1.7, 0.3, 0.0, brush.colour((28, 28, 30), z))
    brush.upright(x, z, 1.8, 0.95, 0.3, paint)
    cabin = [(x - 0.8, y - 0.95, z), (x + 0.8, y - 0.95, z), (x + 0.62, y - 1.5, z), (x - 0.62, y - 1.5, z)]
    brush.fill(np.array(cabin), paint)
    glass = [(x - 0.68, y - 1.0, z), (x + 0.68, y - 1.0, z), (x + 0.55, y - 1.42, z), (x - 0.55, y - 1.42, z)]
    brush.fill(np.array(glass), brush.colour((52, 60, 70), z))
    for lamp in (-0.75, 0.75):
        brush.upright(x + lamp, z, 0.25, 0.8, 0.62, brush.colour((190, 30, 30), z, spread=0.2))


def _fence(brush: Brush, x: float, z: float) -> None:
    rng, y = brush.rng, brush.camera.height_m
    near, height = max(z * 0.4, 3.0), float(rng.uniform(0.6, 1.2))
    rail = brush.colour((150, 152, 156), z, rough=0.1)
    x = np.sign(x) * max(abs(x), 3.0)
    band = [(x, y - height, near), (x, y - height, z), (x, y - height + 0.3, z), (x, y - height + 0.3, near)]
    brush.fill(np.array(band), rail)
    for post in np.linspace(near, z, 8):
        brush.upright(x, post, 0.1, height, 0, rail)
