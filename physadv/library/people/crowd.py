"""Several people in one picture: who hides whom, their shadows on the ground, and what is seen of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from physadv.library.people.drawing import Person, draw_person, world_from_body
from physadv.library.people.layout import LEG, TRUNK
from physadv.library.people.mesh import F32, F64, U8, cross
from physadv.library.people.raster import Cut, Sun

_SHIFT = 4


@dataclass(frozen=True, eq=False, slots=True)
class Pedestrian:
    """A person and where: the ground below them, world metres, and how they are turned."""

    person: Person
    feet_m: F64  # (3,)
    yaw_deg: float  # 0 faces along -z


@dataclass(frozen=True, slots=True)
class Post:
    """An upright thing before people: a pole, a bollard."""

    x_m: float
    z_m: float
    width_m: float
    height_m: float
    rgb: tuple[float, float, float]  # linear, as seen


@dataclass(eq=False, slots=True)
class Seen:
    """What the picture shows of somebody."""

    left: int
    top: int
    alpha: F32  # (h, w) share of each pixel in which the person is seen
    trunk: F32  # (h, w) share in which it is the shirt
    drawn: float  # pixels that the person takes where nothing is in front
    inside: float  # share of the person's width within the picture

    @property
    def share(self) -> float:
        """Of the person that neither something nearer nor the picture's sides hide."""
        return self.inside * float(self.alpha.sum()) / max(self.drawn, 1e-6)

    def box_px(self) -> F64 | None:
        """``(4,)`` edges of what is seen, ``None`` where that is nothing."""
        ys, xs = np.nonzero(self.alpha > 0.4)
        if len(xs) == 0:
            return None
        edges = np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1], np.float64)
        return np.asarray(edges + np.array([self.left, self.top] * 2))

    def behind_(self, left: int, top: int, alpha: F32) -> None:
        """Something nearer covers ``alpha`` ``(h, w)`` of the picture from ``left``, ``top`` on."""
        height, width = alpha.shape
        x0, y0 = max(left, self.left), max(top, self.top)
        x1 = min(left + width, self.left + self.alpha.shape[1])
        y1 = min(top + height, self.top + self.alpha.shape[0])
        if x1 <= x0 or y1 <= y0:
            return
        shows = 1 - alpha[y0 - top : y1 - top, x0 - left : x1 - left]
        for layer in (self.alpha, self.trunk):
            layer[y0 - self.top : y1 - self.top, x0 - self.left : x1 - self.left] *= shows


def lay_people_(
    linear: F32, people: Sequence[Pedestrian], posts: Sequence[Post], pixels_from_world: F64, sun: Sun
) -> list[Seen | None]:
    """Draw all of them over ``linear`` ``(H, W, 3)`` in place; ``None`` for who is not in the picture."""
    cast_shadows_(linear, people, pixels_from_world, sun)
    size_px = linear.shape[1], linear.shape[0]
    order = sorted([(-placed.feet_m[2], index) for index, placed in enumerate(people)]
                   + [(-post.z_m, len(people) + index) for index, post in enumerate(posts)])  # fmt: skip
    seen: list[Seen | None] = [None] * len(people)
    for _, index in order:
        if index < len(people):
            placed = people[index]
            cut = draw_person(placed.person, placed.feet_m, placed.yaw_deg, pixels_from_world, size_px, sun, (TRUNK,))
        else:
            cut = _post(posts[index - len(people)], float(people[0].feet_m[1]), pixels_from_world, size_px)
        if cut is None:
            continue
        cut.over_(linear)
        for other in seen:
            if other is not None:
                other.behind_(cut.left, cut.top, cut.rgba[..., 3])
        if index < len(people):
            alpha = cut.rgba[..., 3].copy()
            seen[index] = Seen(cut.left, cut.top, alpha, cut.parts[..., 0].copy(), float(alpha.sum()), cut.inside)
    return seen


def cast_shadows_(linear: F32, people: Sequence[Pedestrian], pixels_from_world: F64, sun: Sun) -> None:
    """Darken the ground where people stand in the sun's way, and under their shoes."""
    shade, contact = np.zeros(linear.shape[:2], np.uint8), np.zeros(linear.shape[:2], np.uint8)
    towards = np.array(sun.towards)
    for placed in people:
        mesh, turn = placed.person.figure.mesh, world_from_body(placed.yaw_deg)
        for part in np.unique(mesh.part):
            points = mesh.points[np.unique(mesh.faces[mesh.part == part])[::3]] @ turn.T + placed.feet_m
            height = points[:, 1] - placed.feet_m[1]
            _fill_hull(shade, points - (height / towards[1])[:, None] * towards, placed.feet_m[1], pixels_from_world)
            if part == LEG:
                low = points[height > -0.12]
                if len(low):
                    _fill_hull(contact, low, placed.feet_m[1], pixels_from_world)
    direct = (1 - sun.ambient) * -towards[1]
    taken = direct / (sun.ambient * 1.25 + direct)
    for mask, share, blur in ((shade, taken, 1.5), (contact, 0.5, 2.5)):
        rows = np.flatnonzero(mask.any(1))
        if len(rows):
            band = slice(max(rows[0] - 8, 0), rows[-1] + 9)
            soft = cv2.GaussianBlur(mask[band], (0, 0), blur).astype(np.float32) * np.float32(share / 255)
            linear[band] *= 1 - soft[..., None]


def _fill_hull(mask: U8, points_m: F64, ground: float, pixels_from_world: F64) -> None:
    flat = points_m.copy()
    flat[:, 1] = ground
    seen = flat @ pixels_from_world.T
    if seen[:, 2].min() < 0.5:
        return
    pixels = np.clip(seen[:, :2] / seen[:, 2:], -4000, 8000)
    hull = cv2.convexHull(np.round(pixels * (1 << _SHIFT)).astype(np.int32))
    cv2.fillConvexPoly(mask, hull, 255, cv2.LINE_AA, _SHIFT)


def _post(post: Post, ground: float, pixels_from_world: F64, size_px: tuple[int, int]) -> Cut | None:
    half, top = post.width_m / 2, ground - post.height_m
    corners = np.array([(post.x_m - half, top, post.z_m), (post.x_m + half, top, post.z_m),
                        (post.x_m + half, ground, post.z_m), (post.x_m - half, ground, post.z_m)])  # fmt: skip
    seen = corners @ pixels_from_world.T
    pixels = seen[:, :2] / seen[:, 2:]
    low, high = np.floor(pixels.min(0)).astype(int) - 1, np.ceil(pixels.max(0)).astype(int) + 2
    left, top_px = (max(int(v), 0) for v in low)
    right, bottom = (min(int(v), size) for v, size in zip(high, size_px, strict=True))
    if right - left < 2 or bottom - top_px < 2:
        return None
    mask = np.zeros((bottom - top_px, right - left), np.uint8)
    cv2.fillConvexPoly(mask, np.round((pixels - [left, top_px]) * 16).astype(np.int32), 255, cv2.LINE_AA, _SHIFT)
    alpha = mask.astype(np.float32) / 255
    side = np.linspace(0.65, 1.15, mask.shape[1], dtype=np.float32)[None, :, None]  # round: one side is darker
    rgba = np.concatenate([alpha[..., None] * side * np.array(post.rgb, np.float32), alpha[..., None]], 2)
    box = (float(left), float(top_px), float(right), float(bottom))
    return Cut(left, top_px, rgba, np.zeros((*mask.shape, 1), np.float32), box)


def chest_in_world(placed: Pedestrian, origin: F64, axes: F64) -> tuple[F64, F64]:
    """A plane of :class:`physadv.library.people.chest.ChestCloth` moved with the body: its origin and axes."""
    turn = world_from_body(placed.yaw_deg)
    right, down = axes[0] @ turn.T, axes[1] @ turn.T
    return origin @ turn.T + placed.feet_m, np.stack([right, down, cross(right, down)])
