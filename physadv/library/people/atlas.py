"""The paint on a body: cloth, skin, faces and hair in one texture, where :mod:`.figure` looks them up."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from physadv.library.people import layout as rects
from physadv.library.people.head import hair_cover
from physadv.library.people.look import RGB, Appearance
from physadv.library.people.mesh import F32, U8
from physadv.library.people.skeleton import HIP

LEVELS = 4
TEXEL_M = 0.0031  # of the trunk, about: 320 texels round 1 m of shirt
_CODES = np.arange(256) / 255
LINEAR_FROM_U8: F32 = np.where(_CODES <= 0.04045, _CODES / 12.92, ((_CODES + 0.055) / 1.055) ** 2.4).astype(np.float32)
LETTERS = "ABDEGKMNORSTX0579"


def paint(look: Appearance, atlas_rows: tuple[float, float], stature_m: float) -> list[F32]:
    """A pyramid of textures ``(h, w, 3)`` in linear light; ``atlas_rows`` are the heights of the trunk's ends."""
    rng = np.random.default_rng([look.seed, 1])
    atlas = np.zeros((rects.ATLAS_PX, rects.ATLAS_PX, 3), np.uint8)
    _trunk(_window(atlas, rects.TRUNK_RECT), look, rng, atlas_rows, stature_m)
    _head(_window(atlas, rects.HEAD_RECT), look, rng)
    _arm(_window(atlas, rects.ARM_RECT), look, rng)
    _leg(_window(atlas, rects.LEG_RECT), look, rng)
    _window(atlas, rects.HAND_RECT)[:] = look.skin
    shoe = _window(atlas, rects.SHOE_RECT)
    shoe[:] = look.shoes
    shoe[:, 12:20] = np.array(look.shoes) // 2 + 40
    _cloth(_window(atlas, rects.SKIRT_RECT), look.lower_colour, rng, 0.07)
    _bag(_window(atlas, rects.BAG_RECT), look, rng)
    crown = look.shirt_colours[1] if look.hair_style == "cap" else look.hair
    _strands(_window(atlas, rects.HAIR_RECT), crown, rng)
    return pyramid(cv2.LUT(atlas, LINEAR_FROM_U8))


def pyramid(linear: F32) -> list[F32]:
    """Each level half the size of the one before."""
    levels = [linear]
    for _ in range(LEVELS - 1):
        height, width = levels[-1].shape[:2]
        levels.append(np.asarray(cv2.resize(levels[-1], (width // 2, height // 2), interpolation=cv2.INTER_AREA)))
    return levels


@lru_cache(maxsize=1)
def _field() -> F32:
    """``(512, 512)`` weave and blotches, unit spread."""
    rng = np.random.default_rng(11)
    total = np.zeros((512, 512), np.float32)
    for cells, weight in ((512, 0.5), (128, 0.6), (32, 0.8), (8, 0.9)):
        total += weight * cv2.resize(rng.standard_normal((cells, cells)).astype(np.float32), (512, 512))
    return total / np.float32(total.std())


@lru_cache(maxsize=8)
def _weave(rough: float) -> U8:
    """``(512, 512, 3)`` factors of a colour, 128 is one."""
    factors: U8 = np.clip(128 * (1 + rough * _field()), 0, 255).astype(np.uint8)
    return np.repeat(factors[..., None], 3, 2)


def _window(atlas: U8, rectangle: tuple[int, int, int, int]) -> U8:
    left, top, right, bottom = rectangle
    return atlas[top:bottom, left:right]


def _noise(shape: tuple[int, ...], rng: np.random.Generator) -> F32:
    y, x = (int(rng.integers(0, 513 - min(size, 512))) for size in shape[:2])
    return _field()[y : y + shape[0], x : x + shape[1]]


def _cloth(region: U8, rgb: RGB, rng: np.random.Generator, rough: float = 0.05) -> None:
    region[:] = rgb
    _roughen(region, rng, rough)


def _roughen(region: U8, rng: np.random.Generator, rough: float) -> None:
    height, width = region.shape[:2]
    if height == 0:
        return
    y, x = (int(rng.integers(0, 513 - size)) for size in (height, width))
    region[:] = cv2.multiply(region, _weave(rough)[y : y + height, x : x + width], scale=1 / 128)


def _strands(region: U8, rgb: RGB, rng: np.random.Generator) -> None:
    across = rng.standard_normal((1, region.shape[1])).astype(np.float32)
    shade = 1 + 0.16 * across[..., None] + 0.10 * _noise(region.shape, rng)[..., None]
    region[:] = np.clip(np.array(rgb, np.float32) * shade + 3, 0, 255)


def _trunk(region: U8, look: Appearance, rng: np.random.Generator, ends: tuple[float, float], stature_m: float) -> None:
    height, width = region.shape[:2]
    top, bottom = ends

    def row(share: float) -> int:
        return int(np.clip((top - share) / (top - bottom), 0, 1) * (height - 3)) + 1

    middle = width // 2
    _shirt(region, look, rng, middle, row)
    if look.shirt == "open-jacket":
        gap = int(rng.integers(18, 34))
        inner = region[:, middle - gap : middle + gap]
        _cloth(inner, look.shirt_colours[1], rng)
        for x in (middle - gap, middle + gap):
            cv2.line(region, (x, 0), (x, height), _darker(look.shirt_colours[0], 0.6), 2)
    if look.bag == "backpack":
        for x in (middle - 34, middle + 26):
            cv2.rectangle(region, (x, 0), (x + 9, row(0.66)), _darker(look.bag_colour, 0.8), -1)
    neckline = np.stack([middle + 44 * np.sin(np.linspace(-np.pi, np.pi, 40)),
                         row(0.842) + (5 if look.shirt == "jacket" else 12) * np.cos(np.linspace(-np.pi, np.pi, 40))],
                        1)  # fmt: skip
    region[: row(0.845)] = look.skin
    cv2.fillPoly(region, [neckline.astype(np.int32)], look.skin)
    cv2.polylines(region, [neckline.astype(np.int32)], True, _darker(look.shirt_colours[0], 0.75), 2)
    belt = row(HIP - look.hem / stature_m)
    if belt < height - 2:
        _cloth(region[belt:], look.lower_colour, rng)
        cv2.line(region, (0, belt), (width, belt), _darker(look.shirt_colours[0], 0.55), 2)


def _darker(rgb: RGB, by: float) -> tuple[int, int, int]:
    return tuple(int(v * by) for v in rgb)  # type: ignore[return-value]


def _shirt(region: U8, look: Appearance, rng: np.random.Generator, middle: int, row: object) -> None:
    first, second = look.shirt_colours
    height, width = region.shape[:2]
    _cloth(region, first, rng)
    match look.shirt:
        case "stripes":
            step = int(rng.integers(10, 34))
            for y in range(0, height, step):
                cv2.rectangle(region, (0, y), (width, y + step // 2 - 1), second, -1)
        case "checks":
            step = int(rng.integers(12, 30))
            over = region.copy()
            for y in range(0, height, step):
                cv2.rectangle(over, (0, y), (width, y + step // 2 - 1), second, -1)
            cv2.addWeighted(over, 0.5, region, 0.5, 0, region)
            over = region.copy()
            for x in range(0, width, step):
                cv2.rectangle(over, (x, 0), (x + step // 2 - 1, height), second, -1)
            cv2.addWeighted(over, 0.5, region, 0.5, 0, region)
        case "letters":
            word = "".join(rng.choice(list(LETTERS), int(rng.integers(2, 6))))
            scale = 52 / (18 * len(word)) * float(rng.uniform(0.8, 1.4))
            start = (middle - int(9 * scale * len(word)), int(height * rng.uniform(0.24, 0.36)))
            cv2.putText(
                region, word, start, cv2.FONT_HERSHEY_DUPLEX, scale, second, max(int(2 * scale), 1), cv2.LINE_AA
            )
        case "jacket":
            cv2.line(region, (middle, 0), (middle, height), _darker(first, 0.5), 2)
            for x in (middle - 42, middle + 22):
                cv2.rectangle(region, (x, int(height * 0.72)), (x + 20, int(height * 0.74)), _darker(first, 0.6), -1)
            for side in (-1, 1):  # lapels
                cv2.line(region, (middle, int(height * 0.2)), (middle + side * 26, 14), _darker(first, 0.7), 3)
        case "two-tone":
            region[int(height * rng.uniform(0.3, 0.5)) :] = second
        case "flecked":
            for _ in range(int(rng.integers(60, 260))):
                at = (int(rng.integers(width)), int(rng.integers(height)))
                cv2.circle(region, at, int(rng.integers(1, 7)), second if rng.random() < 0.7 else (230, 230, 226), -1)
    _roughen(region, rng, 0.03)


def _arm(region: U8, look: Appearance, rng: np.random.Generator) -> None:
    height = region.shape[0]
    _cloth(region, look.skin, rng, 0.02)
    end = int(min(look.sleeve, 1.0) * height)
    first, second = look.shirt_colours
    _cloth(region[:end], first, rng)
    if look.shirt in ("stripes", "checks"):
        for y in range(0, end, 24):
            region[y : min(y + 12, end)] = second
    if end < height:
        region[max(end - 3, 0) : end] = _darker(first, 0.7)


def _leg(region: U8, look: Appearance, rng: np.random.Generator) -> None:
    height = region.shape[0]
    end = {"trousers": height, "shorts": int(0.47 * height), "skirt": 0}[look.lower]
    bare = _darker(look.lower_colour, 0.5) if look.lower == "skirt" and look.seed % 3 == 0 else look.skin
    _cloth(region, bare, rng, 0.02)
    _cloth(region[:end], look.lower_colour, rng, 0.07)
    if look.lower == "trousers":  # worn knees and a dark hem
        fade = np.exp(-(((np.arange(height) / height - 0.4) / 0.25) ** 2))[:, None, None] * 14
        region[:] = np.clip(region + fade, 0, 255)
        region[-8:] = _darker(look.lower_colour, 0.75)


def _bag(region: U8, look: Appearance, rng: np.random.Generator) -> None:
    _cloth(region, look.bag_colour, rng)
    height, width = region.shape[:2]
    cv2.line(region, (0, height // 3), (width, height // 3), _darker(look.bag_colour, 0.5), 3)
    cv2.rectangle(region, (10, height // 2), (34, height - 30), _darker(look.bag_colour, 0.75), -1)


def _head(region: U8, look: Appearance, rng: np.random.Generator) -> None:
    """Columns go from the back over -x to the face in the middle; rows from the top of the head to the chin."""
    height, width = region.shape[:2]
    skin = np.array(look.skin, np.float32)
    _cloth(region, look.skin, rng, 0.025)
    middle = width // 2

    def at(angle: float, down: float) -> tuple[int, int]:
        return middle + int(angle / np.pi * width / 2), int(down * height)

    shade = tuple(int(v) for v in skin * 0.78)
    rosy = tuple(int(v) for v in np.clip(skin * np.array([1.04, 0.88, 0.84]), 0, 255))
    for side in (-1, 1):
        cv2.ellipse(region, at(side * 0.62, 0.62), (10, 9), 0, 0, 360, rosy, -1, cv2.LINE_AA)
        cv2.ellipse(region, at(side * 0.42, 0.475), (11, 6), 0, 0, 360, shade, -1, cv2.LINE_AA)
        cv2.ellipse(region, at(side * 0.42, 0.48), (7, 3), 0, 0, 360, (226, 220, 214), -1, cv2.LINE_AA)
        cv2.circle(region, at(side * 0.41, 0.48), 3, (40, 30, 26), -1, cv2.LINE_AA)
        brow = tuple(int(v) for v in np.array(look.hair) * 0.6 + skin * 0.3)
        cv2.line(region, at(side * 0.22, 0.425), at(side * 0.62, 0.415), brow, 3, cv2.LINE_AA)
        cv2.ellipse(region, at(side * 1.55, 0.55), (6, 13), 0, 0, 360, shade, 2, cv2.LINE_AA)  # an ear
        cv2.line(region, at(side * 0.17, 0.50), at(side * 0.15, 0.66), shade, 2, cv2.LINE_AA)
    cv2.ellipse(region, at(0, 0.685), (8, 3), 0, 0, 360, tuple(int(v) for v in skin * 0.6), -1, cv2.LINE_AA)
    lips = tuple(int(v) for v in np.clip(skin * np.array([0.86, 0.58, 0.56]), 0, 255))
    cv2.ellipse(region, at(0, 0.80), (12, 4), 0, 0, 360, lips, -1, cv2.LINE_AA)
    cv2.line(region, at(-0.2, 0.80), at(0.2, 0.80), tuple(int(v) for v in skin * 0.45), 1, cv2.LINE_AA)
    rows, angle = np.linspace(0, 1, height), np.linspace(-np.pi, np.pi, width)
    if look.beard:
        chin = np.clip((rows[:, None] - 0.70 - 0.05 * np.cos(angle * 3)) / 0.05, 0, 1) * (np.abs(angle) < 1.4)
        mouth = np.exp(-((angle / 0.22) ** 2))[None] * np.exp(-(((rows - 0.80) / 0.035) ** 2))[:, None]
        _over(region, look.hair, np.clip(chin - mouth, 0, 1) * 0.75)
    if look.glasses:
        for side in (-1, 1):
            cv2.ellipse(region, at(side * 0.42, 0.485), (13, 9), 0, 0, 360, (30, 28, 28), 2, cv2.LINE_AA)
        cv2.line(region, at(-0.2, 0.47), at(0.2, 0.47), (30, 28, 28), 2)
    colour = look.shirt_colours[1] if look.hair_style == "cap" else look.hair
    hair = np.empty_like(region)
    _strands(hair, colour, rng)
    cover = hair_cover(rows, angle, look)[..., None]
    ragged = np.clip(
        cover * 1.4 - 0.2 + 0.25 * _noise(region.shape, rng)[..., None] * (cover > 0.02) * (cover < 0.98), 0, 1
    )
    region[:] = np.clip(region * (1 - ragged) + hair * ragged, 0, 255)


def _over(region: U8, rgb: RGB, share: F32) -> None:
    region[:] = region * (1 - share[..., None]) + np.array(rgb) * share[..., None]
