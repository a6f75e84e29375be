"""Pictures with a patch laid into them, as print, light and camera leave it, and where it is."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from physadv.engines.training.photos import F32, U8

_MIRROR = cv2.BORDER_REFLECT


@dataclass(frozen=True)
class Wear:
    """How much a patch is changed."""

    sides: tuple[float, float] = (0.1, 0.45)  # of the patch, over the picture's shorter side
    turn_deg: float = 20.0
    skew: float = 0.12  # by which corners move, over the side
    contrast: tuple[float, float] = (0.55, 1.0)  # of ink
    light: tuple[float, float] = (0.6, 1.15)
    blur_px: float = 1.0  # at most, of the lens


def worn(picture: U8, patch: U8, rng: np.random.Generator, wear: Wear) -> tuple[U8, F32]:
    """The picture ``(H,W,3)`` with the patch somewhere in it, and the patch's share of every pixel ``(H,W)``."""
    height, width = picture.shape[:2]
    side = max(4.0, rng.uniform(*wear.sides) * min(height, width))
    small = cv2.resize(patch, [max(4, round(side))] * 2, interpolation=cv2.INTER_AREA)
    matrix = _laid(small.shape[0], side, (height, width), rng, wear)
    inked = small * (rng.uniform(*wear.contrast) * rng.uniform(*wear.light)) + rng.uniform(0, 30)
    colours = cv2.warpPerspective(inked.astype(np.float32), matrix, (width, height), borderMode=_MIRROR)
    share = cv2.warpPerspective(np.ones(small.shape[:2], np.float32), matrix, (width, height))[..., None]
    blur = rng.uniform(0, wear.blur_px)
    if blur > 0.3:
        colours, share = cv2.GaussianBlur(colours, (0, 0), blur), cv2.GaussianBlur(share, (0, 0), blur)[..., None]
    mixed = picture * (1 - share) + colours * share
    return np.asarray(mixed.round().clip(0, 255), np.uint8), np.asarray(share[..., 0], np.float32)


def filed(picture: U8, rng: np.random.Generator, quality: tuple[int, int] = (55, 95)) -> U8:
    """The picture as it comes back from a JPEG file: without it, sharp colours alone give patches away."""
    _, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(*quality))])
    return np.ascontiguousarray(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)[..., ::-1])


def _laid(texels: int, side: float, hw: tuple[int, int], rng: np.random.Generator, wear: Wear) -> F32:
    """Picture from patch: a square that is turned and skewed, its centre inside the picture by a third of its side."""
    half, aspect = side / 2, np.sqrt(rng.uniform(0.75, 1.33))
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half * [aspect, 1 / aspect]
    corners += rng.uniform(-wear.skew, wear.skew, (4, 2)) * side
    angle = np.deg2rad(rng.uniform(-wear.turn_deg, wear.turn_deg))
    turned = corners @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    centre = [rng.uniform(min(side / 3, size / 2), max(size - side / 3, size / 2)) for size in (hw[1], hw[0])]
    edge = texels - 0.5
    flat = np.array([[-0.5, -0.5], [edge, -0.5], [edge, edge], [-0.5, edge]], np.float32)
    return np.asarray(cv2.getPerspectiveTransform(flat, (turned + centre).astype(np.float32)), np.float32)
