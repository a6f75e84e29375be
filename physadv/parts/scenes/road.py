"""The ``road`` scene: pictures of a drawn road whose signs have a known size, place, angle and light.

Distances are metres from the camera to the sign's centre; yaw 0 faces the camera. No data set is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from physadv.core import seeding
from physadv.core.splitting import split_run
from physadv.core.types import SceneBatch
from physadv.library.roads.background import Brush, paint_background
from physadv.library.roads.photograph import blur_of, exposed, lay_sign_, noise_of, photographed
from physadv.library.roads.pinhole import Plate, RoadCamera, through
from physadv.library.roads.sign_canvas import F64, U8, SignFace
from physadv.library.roads.signs import LABELS, NAMES, face_of, kind_of
from physadv.parts.scenes.drawn import GOLDEN, between, light_gain, numpy_rng, triangular
from physadv.parts.scenes.options import RoadConfig, check_road


@dataclass(frozen=True, eq=False, slots=True)
class _Sign:
    """A sign placed in the world."""

    label: int
    face: SignFace
    plate: Plate
    image_from_surface: F64
    box_px: F64  # (4,) edges
    light: F64  # (3,)


@dataclass(frozen=True, eq=False, slots=True)
class _Picture:
    rgb_u8: U8
    signs: tuple[_Sign, ...]  # the first one wears the patch
    blur_px: float
    noise: float  # standard deviation at white, in linear light


class RoadScenes:
    """Endless random pictures of the road, or a fixed sweep that covers distance and yaw evenly."""

    def __init__(self, config: RoadConfig) -> None:
        kind_of(config.sign)
        check_road(config)
        self._config = config
        self._indices: tuple[int, ...] = tuple(range(config.images))
        self._part: tuple[int, ...] = ()  # mixed into the seed of random pictures, so that parts share none

    def __len__(self) -> int:
        return len(self._indices)

    def split(self, share: float, seed: int) -> tuple[RoadScenes, RoadScenes]:
        """Disjoint parts of the sweep; the random pictures of one part never come up in the other.

        A part is a run of neighbours in the sweep, which cover distance and yaw as evenly as the whole.
        """
        left, kept = split_run(self._indices, share, seed)
        return self._only(left, 1), self._only(kept, 2)

    def _only(self, indices: list[int], part: int) -> RoadScenes:
        other = RoadScenes(self._config)
        other._indices, other._part = tuple(sorted(indices)), (*self._part, part)
        return other

    def batches(self, size: int, generator: torch.Generator) -> Iterator[SceneBatch]:
        """Random pictures; the same generator gives the same ones."""
        count = 0
        while True:
            rngs = [numpy_rng(generator, self._part) for _ in range(size)]
            keys = tuple(f"road-random-{count + i:06d}" for i in range(size))
            yield _batch([self._picture(rng, rng.uniform(size=2)) for rng in rngs], keys)
            count += size

    def sweep(self, size: int, skip: int = 0) -> Iterator[SceneBatch]:
        """The fixed pictures of ``seed``; the batch size does not change them."""
        for start in range(skip * size, len(self._indices), size):
            indices = self._indices[start : start + size]
            rngs = [numpy_rng(seeding.generator(self._config.seed, f"road/{i}")) for i in indices]
            where = [(np.array(GOLDEN) * (i + 1) + 0.5) % 1 for i in indices]
            pictures = [self._picture(rng, place) for rng, place in zip(rngs, where, strict=True)]
            yield _batch(pictures, tuple(f"road-{i:05d}" for i in indices))

    def _picture(self, rng: np.random.Generator, place: F64) -> _Picture:
        """``place`` in [0, 1)²: quantiles of the wearer's distance and yaw."""
        c = self._config
        camera = RoadCamera.looking_ahead(
            (c.width_px, c.height_px), c.field_of_view_deg, between(rng, c.camera_height_m),
            pitch_deg=rng.uniform(-1, 3), roll_deg=between(rng, c.roll_deg) / 4,
        )  # fmt: skip
        gain = light_gain(between(rng, c.exposure_ev), between(rng, c.temperature_k))
        sun = _sun_direction(rng)
        signs = [self._place(rng, camera, c.sign, place, gain, sun)]
        for _ in range(int(rng.integers(c.distractors[0], c.distractors[1] + 1))):
            others = [name for name in NAMES if name != c.sign]
            other = self._place(rng, camera, others[rng.integers(len(others))], rng.uniform(size=2), gain, sun)
            if not any(_overlap(other.box_px, sign.box_px) for sign in signs):
                signs.append(other)
        brush = paint_background(camera, rng, road_right_m=float(np.clip(signs[0].plate.centre_m[0] - 0.8, 0.8, 2.5)))
        for sign in signs:
            _paint_pole(brush, sign)
        linear = exposed(brush, gain)
        for sign in sorted(signs, key=lambda s: -s.plate.centre_m[2]):
            lay_sign_(linear, sign.face, sign.image_from_surface, sign.light)
        blur, noise = between(rng, c.blur_px), between(rng, c.noise)
        return _Picture(photographed(linear, rng, blur, noise), tuple(signs), blur, noise)

    def _place(self, rng: np.random.Generator, camera: RoadCamera, name: str, place: F64, gain: F64, sun: F64) -> _Sign:
        """Put a sign beside the road, pulled into view where it would stick out of the picture."""
        c, kind = self._config, kind_of(name)
        face = face_of(name, int(rng.integers(kind.variants)))
        distance = c.distance_m[0] * (c.distance_m[1] / c.distance_m[0]) ** float(place[0])
        yaw = c.yaw_deg[0] + (c.yaw_deg[1] - c.yaw_deg[0]) * triangular(float(place[1]))
        side = 1 if rng.random() < 0.85 else -1
        x, up = side * between(rng, c.lateral_m), between(rng, c.mount_height_m) - camera.height_m
        reach = 0.5 * np.hypot(*face.extent_mm()) / 1000
        ahead = 0.9 * distance  # the sign's depth is at least this when it stands in view
        x = _into_view(x, ahead * camera.width_px / 2 / camera.focal_px - reach)
        up = _into_view(up, ahead * camera.height_px / 2 / camera.focal_px - reach)
        depth = np.sqrt(max(distance**2 - x**2 - up**2, 0.0))
        plate = Plate.facing(np.array([x, -up, depth]), yaw, between(rng, c.roll_deg))
        homography = plate.image_from_surface(camera)
        corners = through(homography, face.outline_mm)
        box = np.concatenate([corners.min(0), corners.max(0)]) + 0.5
        shade = 0.45 + 0.55 * max(0.0, float(plate.normal() @ sun))
        return _Sign(kind.label, face, plate, homography, box, gain * shade)


def _into_view(offset: float, limit: float) -> float:
    return float(np.clip(offset, -max(limit, 0.0), max(limit, 0.0)))


def _sun_direction(rng: np.random.Generator) -> F64:
    """A unit vector towards the sun, in front of or behind the camera."""
    azimuth, height = rng.uniform(-np.pi, np.pi), np.deg2rad(rng.uniform(10, 60))
    return np.array([np.sin(azimuth) * np.cos(height), -np.sin(height), np.cos(azimuth) * np.cos(height)])


def _overlap(a: F64, b: F64) -> bool:
    return bool(np.all(np.minimum(a[2:], b[2:]) > np.maximum(a[:2], b[:2])))


def _paint_pole(brush: Brush, sign: _Sign) -> None:
    x, y, z = sign.plate.centre_m
    grey = brush.colour((128, 130, 132), z, rough=0.05)
    brush.upright(x, z + 0.05, 0.06, brush.camera.height_m - y, 0.0, grey)


def _batch(pictures: list[_Picture], keys: tuple[str, ...]) -> SceneBatch:
    signs = [(image, first, sign) for image, p in enumerate(pictures) for first, sign in enumerate(p.signs)]
    wears = torch.tensor([order == 0 for _, order, _ in signs])
    homographies = np.stack([s.image_from_surface if order == 0 else np.eye(3) for _, order, s in signs])
    stacked = np.stack([p.rgb_u8 for p in pictures])
    return SceneBatch(
        srgb=torch.from_numpy(stacked).permute(0, 3, 1, 2).contiguous().float().div_(255),
        sizes_px=torch.tensor([p.rgb_u8.shape[:2] for p in pictures]),
        keys=keys,
        image_of=torch.tensor([image for image, _, _ in signs]),
        boxes_xyxy_px=torch.from_numpy(np.stack([s.box_px for *_, s in signs])).float(),
        labels=torch.tensor([s.label for *_, s in signs]),
        label_names=LABELS,
        wears=wears,
        image_from_surface=torch.from_numpy(homographies).float(),
        light=torch.from_numpy(np.stack([s.light for *_, s in signs])).float(),
        distance_m=torch.tensor([float(np.linalg.norm(s.plate.centre_m)) for *_, s in signs]),
        camera_mm=torch.from_numpy(np.stack([s.plate.camera_mm() for *_, s in signs])).float(),
        blur_px=torch.tensor([blur_of(p.blur_px) for p in pictures]),
        noise=torch.tensor([noise_of(p.noise) for p in pictures]),
    )
