"""One picture of the drawn street, and batches of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch

from physadv.core import seeding
from physadv.core.types import SceneBatch
from physadv.library.people.chest import MIDDLE, ChestCloth
from physadv.library.people.crowd import Pedestrian, Post, Seen, chest_in_world, lay_people_
from physadv.library.people.drawing import Person, some_person
from physadv.library.people.raster import Sun
from physadv.library.roads.photograph import blur_of, exposed, noise_of, photographed
from physadv.library.roads.pinhole import RoadCamera
from physadv.library.roads.sign_canvas import F32, F64, U8
from physadv.library.roads.street import Room, paint_street
from physadv.parts.scenes.drawn import GOLDEN, between, light_gain, numpy_rng, triangular
from physadv.parts.scenes.street_options import StreetConfig

LABELS = ("person",)
_HARDLY_SEEN = 0.4  # of whom less is seen is marked as nobody to be judged


@dataclass(frozen=True, eq=False, slots=True)
class StreetPerson:
    box_px: F64  # (4,) edges of what is seen
    distance_m: float
    hidden: bool
    plane: ChestView | None = None  # of the wearer


@dataclass(frozen=True, eq=False, slots=True)
class ChestView:
    image_from_surface: F64  # (3, 3)
    camera_mm: F64  # (3,)
    light: F64  # (3,)


@dataclass(frozen=True, eq=False, slots=True)
class StreetPicture:
    rgb_u8: U8
    people: tuple[StreetPerson, ...]  # the first one wears the patch
    visible: F32  # (H, W)
    blur_px: float
    noise: float


def street_of_sweep(config: StreetConfig, index: int, dress: Callable[[Person], Person] | None = None) -> StreetPicture:
    """The picture of that number in the fixed sweep of ``config.seed``."""
    rng = numpy_rng(seeding.generator(config.seed, f"street/{index}"))
    return street_picture(config, rng, (np.array(GOLDEN) * (index + 1) + 0.5) % 1, dress)


def street_picture(
    c: StreetConfig, rng: np.random.Generator, place: F64, dress: Callable[[Person], Person] | None = None
) -> StreetPicture:
    """``place`` in [0, 1)²: quantiles of the wearer's distance and yaw. ``dress`` changes what the wearer has on."""
    camera = RoadCamera.looking_ahead(
        (c.width_px, c.height_px), c.field_of_view_deg, between(rng, c.camera_height_m),
        pitch_deg=between(rng, c.pitch_deg), roll_deg=float(rng.uniform(-1, 1)),
    )  # fmt: skip
    gain = light_gain(between(rng, c.exposure_ev), between(rng, c.temperature_k))
    sun = _sun(rng, gain)
    wearer = _wearer(c, rng, camera, place)
    if dress is not None:
        wearer = replace(wearer, person=dress(wearer.person))
    stands = float(wearer.feet_m[0]), float(wearer.feet_m[2])
    brush, room = paint_street(camera, rng, stands)
    hides = rng.random() < c.occluded
    people = [wearer, *_others(c, rng, camera, room, stands, hides=hides)]
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
    worn = StreetPerson(first.box_px, distance, first.hidden, chest)
    visible = np.zeros((c.height_px, c.width_px), np.float32)
    height, width = seen[0].trunk.shape
    visible[seen[0].top : seen[0].top + height, seen[0].left : seen[0].left + width] = seen[0].trunk
    others = tuple(one for one in found[1:] if one is not None)
    return StreetPicture(photographed(linear, rng, blur, noise), (worn, *others), visible, blur, noise)


def _wearer(c: StreetConfig, rng: np.random.Generator, camera: RoadCamera, place: F64) -> Pedestrian:
    """Somebody whose chest is in the picture, at the distance and turned as the quantiles say."""
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
    c: StreetConfig,
    rng: np.random.Generator,
    camera: RoadCamera,
    room: Room,
    stands: tuple[float, float],
    *,
    hides: bool,
) -> list[Pedestrian]:
    people: list[Pedestrian] = []
    for _ in range(int(rng.integers(c.others[0], c.others[1] + 1))):
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


def _someone(placed: Pedestrian, seen: Seen | None) -> StreetPerson | None:
    box = None if seen is None else seen.box_px()
    if seen is None or box is None:
        return None
    return StreetPerson(box, float(np.linalg.norm(placed.feet_m)), seen.share < _HARDLY_SEEN)


def _chest(wearer: Pedestrian, camera: RoadCamera, sun: Sun) -> tuple[ChestView, float]:
    origin, axes = chest_in_world(wearer, *ChestCloth.of(wearer.person.figure).plane())
    matrix = camera.pixels_from_world @ np.stack([axes[0] / 1000, axes[1] / 1000, origin], 1)
    light = np.array(sun.gain) * sun.on(-axes[2])
    return ChestView(matrix / matrix[2, 2], axes @ -origin * 1000, light), float(np.linalg.norm(origin))


def street_batch(pictures: list[StreetPicture], keys: tuple[str, ...]) -> SceneBatch:
    people = [(image, one) for image, p in enumerate(pictures) for one in p.people]
    chests = [one.plane for _, one in people]
    nowhere = ChestView(np.eye(3), np.array([0.0, 0, -1]), np.ones(3))
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
