"""People put into pictures: one person drawn in a world of metres, or pasted into a photo as tall as asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from physadv.library.people.atlas import LINEAR_FROM_U8, TEXEL_M, paint
from physadv.library.people.figure import Figure, figure
from physadv.library.people.layout import TRUNK
from physadv.library.people.look import Appearance, Build, some_build, some_look
from physadv.library.people.mesh import F32, F64, U8, Mesh
from physadv.library.people.pose import STANCES, Posture, posed
from physadv.library.people.raster import Cut, Sun, rasterise


@dataclass(frozen=True, eq=False, slots=True)
class Person:
    """Somebody with clothes on, ready to be drawn from anywhere."""

    figure: Figure
    atlas: list[F32]

    @staticmethod
    def dressed(build: Build, look: Appearance, pose: Posture, detail: float = 1.0) -> Person:
        """Make the mesh and paint its clothes."""
        body = figure(build, look, pose, detail)
        ends = float(body.heights[0]), float(body.heights[-1])
        return Person(body, paint(look, ends, build.stature_m))

    def posed(self, pose: Posture, detail: float = 1.0) -> Person:
        """The same person in the same clothes, moved."""
        return Person(figure(self.figure.build, self.figure.look, pose, detail), self.atlas)


def some_person(rng: np.random.Generator, stance: str = "", detail: float = 1.0, *, front: bool = False) -> Person:
    """Anybody; ``stance`` of :data:`STANCES`, or any. With ``front`` nothing is worn over the front of the shirt."""
    chosen = stance or STANCES[rng.choice(len(STANCES), p=[0.4, 0.26, 0.06, 0.08, 0.08, 0.04, 0.08])]
    build, look, pose = some_build(rng), some_look(rng), posed(chosen, rng)
    if front:
        bag = "none" if look.bag == "backpack" else look.bag  # its straps would lie under the print
        look = replace(look, bag=bag, shirt="plain" if look.shirt == "open-jacket" else look.shirt)
    return Person.dressed(build, look, pose, detail)


def world_from_body(yaw_deg: float) -> F64:
    """``(3, 3)`` turns a body so that its left, as seen by who faces it, goes away; 0 faces along -z."""
    turn = np.deg2rad(yaw_deg)
    right, down = np.array([np.cos(turn), 0, -np.sin(turn)]), np.array([0.0, 1, 0])
    return np.stack([right, down, np.cross(right, down)], 1)


def draw_person(
    person: Person,
    feet_m: F64,
    yaw_deg: float,
    pixels_from_world: F64,
    size_px: tuple[int, int],
    sun: Sun,
    parts: tuple[int, ...] = (TRUNK,),
) -> Cut | None:
    """Draw somebody who stands at ``feet_m`` ``(3,)`` and faces along -z turned by ``yaw_deg``."""  # fmt: skip
    body, turn = person.figure.mesh, world_from_body(yaw_deg)
    mesh = Mesh(body.points @ turn.T + feet_m, body.normals @ turn.T, body.texels, body.open_sky, body.faces, body.part)
    return rasterise(mesh, person.atlas, TEXEL_M, pixels_from_world, size_px, sun, parts)


def paste_person(rgb_u8: U8, rng: np.random.Generator, height_px: float, feet_px: tuple[float, float]) -> F64 | None:
    """Draw anybody into a photo ``(H, W, 3)`` RGB in place, ``height_px`` tall with the feet at ``feet_px``.

    Light, sharpness and noise are drawn at random. Returns the box ``(4,)`` of what is seen (edges, px), or ``None``
    where that is nothing.
    """
    height, width = rgb_u8.shape[:2]
    focal = 0.9 * max(height, width)
    person = some_person(rng, detail=0.7 if height_px < 90 else 1.0)
    away = focal * person.figure.build.stature_m / height_px
    # the camera looks at the person's own height, so that a photo's tilt does not matter
    rise = float(rng.uniform(0.7, 1.7))
    camera = np.array([[focal, 0, feet_px[0]], [0, focal, feet_px[1] - focal * rise / away], [0, 0, 1.0]])
    sun = some_sun(rng)
    cut = draw_person(
        person, np.array([0, rise, away]), float(rng.uniform(-180, 180)), camera, (width, height), sun, ()
    )
    if cut is None:
        return None
    rows, columns = cut.window
    under = cv2.LUT(np.ascontiguousarray(rgb_u8[rows, columns]), LINEAR_FROM_U8)
    layer = cv2.GaussianBlur(cut.rgba, (0, 0), float(rng.uniform(0.3, 0.9)))
    mixed = under * (1 - layer[..., 3:]) + layer[..., :3]
    mixed += layer[..., 3:] * rng.normal(0, rng.uniform(0.001, 0.012), mixed.shape) * np.sqrt(mixed + 0.02)
    rgb_u8[rows, columns] = np.round(255 * srgb_from_linear(mixed))
    return np.array(cut.box_px)


def srgb_from_linear(linear: F32) -> F32:
    """Codes from 0 to 1, clipped."""
    light = np.clip(linear, 0, 1)
    return np.asarray(np.where(light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 1e-4) ** (1 / 2.4) - 0.055))


def some_sun(rng: np.random.Generator, gain: F64 | None = None) -> Sun:
    """A sun anywhere above, or an overcast sky."""
    azimuth, height = rng.uniform(-np.pi, np.pi), np.deg2rad(rng.uniform(15, 70))
    towards = (np.sin(azimuth) * np.cos(height), -np.sin(height), -np.cos(azimuth) * np.cos(height))
    cast = (6500 / rng.uniform(4500, 8500)) ** 0.35
    colour = np.array([cast, 1.0, 1 / cast]) * 2 ** rng.uniform(-0.7, 0.5) if gain is None else gain
    return Sun(tuple(float(v) for v in towards), tuple(float(v) for v in colour), float(rng.uniform(0.45, 0.85)))  # type: ignore[arg-type]
