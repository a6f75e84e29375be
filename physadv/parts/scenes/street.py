"""The ``street`` scene: drawn people in a drawn town; one of them wears the patch on a chest of known millimetres.

Distances are metres from the camera to the middle of the print; yaw 0 faces the camera. No data set is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from physadv.core import seeding
from physadv.core.splitting import split_run
from physadv.core.types import SceneBatch
from physadv.library.people.chest import MIDDLE, ChestCloth
from physadv.library.people.crowd import Pedestrian, Post, Seen, chest_in_world, lay_people_
from physadv.library.people.drawing import some_person
from physadv.library.people.raster import Sun
from physadv.library.roads.photograph import blur_of, exposed, noise_of, photographed
from physadv.library.roads.pinhole import RoadCamera
from physadv.library.roads.sign_canvas import F32, F64, U8
from physadv.library.roads.street import Room, paint_street
from physadv.parts.scenes.drawn import GOLDEN, between, light_gain, numpy_rng, triangular
from physadv.parts.scenes.street_options import StreetConfig, check_street

LABELS = ("person",)
_HARDLY_SEEN = 0.4  # of whom less is seen is marked as nobody to be judged


@dataclass(frozen=True, eq=False, slots=True)
class _Someone:
    box_px: F64  # (4,) edges of what is seen
    distance_m: float
    hidden: bool
    plane: _Chest | None = None  # of the wearer


@dataclass(frozen=True, eq=False, slots=True)
class _Chest:
    image_from_surface: F64  # (3, 3)
    camera_mm: F64  # (3,)
    light: F64  # (3,)


@dataclass(frozen=True, eq=False, slots=True)
class _StreetPicture:
    rgb_u8: U8
    people: tuple[_Someone, ...]  # the first one wears the patch
    visible: F32  # (H, W)
    blur_px: float
    noise: float


class StreetScenes:
    """Endless random pictures of the street, or a fixed sweep that covers distance and yaw evenly."""

    def __init__(self, config: StreetConfig) -> None:
        check_street(config)
        self._config = config
        self._indices: tuple[int, ...] = tuple(range(config.images))
        self._part: tuple[int, ...] = ()  # mixed into the seed of random pictures, so that parts share none

    def __len__(self) -> int:
        return len(self._indices)

    def split(self, share: float, seed: int) -> tuple[StreetScenes, StreetScenes]:
        """Disjoint parts of the sweep; nobody of one part is ever met in the other."""
        left, kept = split_run(self._indices, share, seed)
        return self._only(left, 1), self._only(kept, 2)

    def _only(self, indices: list[int], part: int) -> StreetScenes:
        other = StreetScenes(self._config)
        other._indices, other._part = tuple(sorted(indices)), (*self._part, part)
        return other

    def batches(self, size: int, generator: torch.Generator) -> Iterator[SceneBatch]:
        """Random pictures; the same generator gives the same ones."""
        count = 0
        while True:
            rngs = [numpy_rng(generator, self._part) for _ in range(size)]
            keys = tuple(f"street-random-{count + i:06d}" for i in range(size))
            yield _batch([self._picture(rng, rng.uniform(size=2)) for rng in rngs], keys)
            count += size

    def sweep(self, size: int, skip: int = 0) -> Iterator[SceneBatch]:
        """The fixed pictures of ``seed``; the batch size does not change them."""
        for start in range(skip * size, len(self._indices), size):
            indices = self._indices[start : start + size]
            rngs = [numpy_rng(seeding.generator(self._config.seed, f"street/{i}")) for i in indices]
            where = [(np.array(GOLDEN) * (i + 1) + 0.5) % 1 for i in indices]
            pictures = [self._picture(rng, place) for rng, place in zip(rngs, where, strict=True)]
            yield _batch(pictures, tuple(f"street-{i:05d}" for i in indices))

    def _picture(self, rng: np.random.Generator, place: F64) -> _StreetPicture:
        """``place`` in [0, 1)²: quantiles of the wearer's distance and yaw."""
        c = self._config
        camera = RoadCamera.looking_ahead(
            (c.width_px, c.height_px), c.field_of_view_deg, between(rng, c.camera_height_m),
            pitch_deg=between(rng, c.pitch_deg), roll_deg=float(rng.uniform(-1, 1)),
        )  # fmt: skip
        gain = light_gain(between(rng, c.exposure_ev), between(rng, c.temperature_k))
        sun = _sun(rng, gain)
        wearer = self._wearer(rng, camera, place)
        stands = float(wearer.feet_m[0]), float(wearer.feet_m[2])
        brush, room = paint_street(camera, rng, stands)
        hides = rng.random() < c.occluded
        people = [wearer, *self._others(rng, camera, room, stands, hides=hides)]
        posts = [_pole(rng, stands, gain)] if hides and rng.random() < 0.5 else []
        linear = exposed(brush, gain)
        seen = lay_people_(linear, people, posts, camera.pixels_from_world, sun)
        if seen[0] is None or seen[0].box_px() is None:  # hidden altogether: as if nobody stood in front
            linear, people = exposed(brush, gain), [wearer]
            seen = lay_people_(linear, people, [], camera.pixels_from_world, sun)
        blur, noise = between(rng, c.blur_px), between(rng, c.noise)
        found = [_someone(placed, one) for placed, one in zip(people, seen, strict=True)]
        chest, distance = _chest(wearer, camera, sun)
        first = found[0]
        assert first is not None
        assert seen[0] is not None
        worn = _Someone(first.box_px, distance, first.hidden, chest)
        visible = np.zeros((c.height_px, c.width_px), np.float32)
        height, width = seen[0].trunk.shape
        visible[seen[0].top : seen[0].top + height, seen[0].left : seen[0].left + width] = seen[0].trunk
        others = tuple(one for one in found[1:] if one is not None)
        return _StreetPicture(photographed(linear, rng, blur, noise), (worn, *others), visible, blur, noise)

    def _wearer(self, rng: np.random.Generator, camera: RoadCamera, place: F64) -> Pedestrian:
        """Somebody whose chest is in the picture, at the distance and turned as the quantiles say."""
        c = self._config
        distance = c.distance_m[0] * (c.distance_m[1] / c.distance_m[0]) ** float(place[0])
        yaw = c.yaw_deg[0] + (c.yaw_deg[1] - c.yaw_deg[0]) * triangular(float(place[1]))
        person = some_person(
            rng, c.stances[rng.integers(len(c.stances))], _detail(camera.focal_px * 1.7 / distance), front=True
        )
        sideways = float(rng.uniform(-0.42, 0.42)) * camera.width_px / camera.focal_px
        rise = camera.height_m - MIDDLE * person.figure.build.stature_m
        depth = float(np.sqrt(max(distance**2 - rise**2, 1.0) / (1 + sideways**2)))
        turned = float(np.rad2deg(np.arctan(sideways))) + yaw
        return Pedestrian(person, np.array([sideways * depth, camera.height_m, depth]), turned)

    def _others(
        self, rng: np.random.Generator, camera: RoadCamera, room: Room, stands: tuple[float, float], *, hides: bool
    ) -> list[Pedestrian]:
        people: list[Pedestrian] = []
        for _ in range(int(rng.integers(self._config.others[0], self._config.others[1] + 1))):
            z = float(np.exp(rng.uniform(np.log(2.8), np.log(26))))
            x = float(rng.uniform(-0.55, 0.55)) * camera.width_px / camera.focal_px * z
            near = abs(x / z - stands[0] / stands[1]) * stands[1] < 0.75
            apart = min(np.hypot(x - p[0], z - p[1]) for p in [stands, *((q.feet_m[0], q.feet_m[2]) for q in people)])
            if apart < 0.8 or not room.holds(x, z) or (near and z < stands[1] and not hides):
                continue
            person = some_person(rng, "", _detail(camera.focal_px * 1.7 / z))
            people.append(Pedestrian(person, np.array([x, camera.height_m, z]), float(rng.uniform(-180, 180))))
        return people


def _detail(height_px: float) -> float:
    return 1.0 if height_px > 160 else 0.75 if height_px > 80 else 0.55


def _sun(rng: np.random.Generator, gain: F64) -> Sun:
    azimuth, height = rng.uniform(-np.pi, np.pi), np.deg2rad(rng.uniform(15, 65))
    towards = (np.sin(azimuth) * np.cos(height), -np.sin(height), np.cos(azimuth) * np.cos(height))
    ambient = float(rng.uniform(0.4, 0.9))  # from a clear sky to an overcast one
    return Sun(tuple(float(v) for v in towards), tuple(float(v) for v in gain), ambient)  # type: ignore[arg-type]


def _pole(rng: np.random.Generator, stands: tuple[float, float], gain: F64) -> Post:
    """Something upright that stands somewhat before the wearer and covers a part."""
    z = stands[1] * float(rng.uniform(0.45, 0.85))
    x = (stands[0] + float(rng.uniform(-0.35, 0.35))) / stands[1] * z
    grey = float(rng.uniform(0.03, 0.35))
    tall = float(rng.choice([0.9, 4.0]))
    rgb = tuple(float(v) for v in gain * grey * 0.8)
    return Post(x, z, float(rng.uniform(0.06, 0.16)), tall, rgb)  # type: ignore[arg-type]


def _someone(placed: Pedestrian, seen: Seen | None) -> _Someone | None:
    box = None if seen is None else seen.box_px()
    if seen is None or box is None:
        return None
    return _Someone(box, float(np.linalg.norm(placed.feet_m)), seen.share < _HARDLY_SEEN)


def _chest(wearer: Pedestrian, camera: RoadCamera, sun: Sun) -> tuple[_Chest, float]:
    origin, axes = chest_in_world(wearer, *ChestCloth.of(wearer.person.figure).plane())
    matrix = camera.pixels_from_world @ np.stack([axes[0] / 1000, axes[1] / 1000, origin], 1)
    light = np.array(sun.gain) * sun.on(-axes[2])
    return _Chest(matrix / matrix[2, 2], axes @ -origin * 1000, light), float(np.linalg.norm(origin))


def _batch(pictures: list[_StreetPicture], keys: tuple[str, ...]) -> SceneBatch:
    people = [(image, one) for image, p in enumerate(pictures) for one in p.people]
    chests = [one.plane for _, one in people]
    nowhere = _Chest(np.eye(3), np.array([0.0, 0, -1]), np.ones(3))
    planes = [chest or nowhere for chest in chests]
    stacked = np.stack([p.rgb_u8 for p in pictures])
    return SceneBatch(
        srgb=torch.from_numpy(stacked).permute(0, 3, 1, 2).contiguous().float().div_(255),
        sizes_px=torch.tensor([p.rgb_u8.shape[:2] for p in pictures]),
        keys=keys,
        image_of=torch.tensor([image for image, _ in people]),
        boxes_xyxy_px=torch.from_numpy(np.stack([one.box_px for _, one in people])).float(),
        labels=torch.zeros(len(people), dtype=torch.int64),
        label_names=LABELS,
        wears=torch.tensor([chest is not None for chest in chests]),
        image_from_surface=torch.from_numpy(np.stack([chest.image_from_surface for chest in planes])).float(),
        light=torch.from_numpy(np.stack([chest.light for chest in planes])).float(),
        distance_m=torch.tensor([one.distance_m for _, one in people]),
        crowds=torch.tensor([one.hidden and one.plane is None for _, one in people]),
        camera_mm=torch.from_numpy(np.stack([chest.camera_mm for chest in planes])).float(),
        blur_px=torch.tensor([blur_of(p.blur_px) for p in pictures]),
        noise=torch.tensor([noise_of(p.noise) for p in pictures]),
        visible=torch.from_numpy(np.stack([p.visible for p in pictures])[:, None]),
    )
