"""Random views of labelled pictures: scale, shift, small turns, mosaic, colour, occlusion.

Mirrored and squeezed only where asked for: signs have a left and a right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from physadv.engines.training.photos import F32, LabelledPicture

F64 = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_GREY = 114
_MUCH = 0.55  # scale below which a picture is halved first
_SMALLEST_PX = 6.0  # boxes below are dropped from the labels


@dataclass(frozen=True, slots=True)
class Variation:
    """What a view may do beside scaling, turning and shifting."""

    mirror: float = 0.0  # share of the views
    squeeze: float = 0.0  # of width over height, the largest logarithm
    antialias: bool = False  # shrink by area first
    faint_is_background: bool = True  # else what is hardly in view becomes vague


SIGNS = Variation()


def view(
    picture: LabelledPicture, size_px: int, rng: np.random.Generator, *, zoom: tuple[float, float], turn_deg: float,
    variation: Variation = SIGNS,
) -> LabelledPicture:  # fmt: skip
    """A ``size_px`` square: the picture scaled by ``zoom`` (log-uniform), turned within ±``turn_deg``, shifted."""
    if variation.mirror and rng.random() < variation.mirror:
        picture = _mirrored(picture)
    height, width = picture.rgb_u8.shape[:2]
    scale = float(np.exp(rng.uniform(*np.log(zoom))))
    if variation.antialias and scale < _MUCH:
        picture, scale = _halved(picture), scale * 2
        height, width = picture.rgb_u8.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-turn_deg, turn_deg), scale)
    scales = np.full(2, scale)
    if variation.squeeze:
        squeeze = float(np.exp(rng.uniform(-variation.squeeze, variation.squeeze) / 2))
        scales *= [squeeze, 1 / squeeze]
        middle = np.array([width / 2, height / 2])
        matrix[:, :2] *= [squeeze, 1 / squeeze]
        matrix[:, 2] = middle - matrix[:, :2] @ middle
    low, high = _corner_range(picture, scales, size_px, rng)
    corner = rng.uniform(low, high)
    matrix[:, 2] += corner + np.array([width, height]) * (scales - 1) / 2
    pixels = cv2.warpAffine(
        picture.rgb_u8, matrix, (size_px, size_px), flags=cv2.INTER_LINEAR, borderValue=(_GREY, _GREY, _GREY)
    )
    boxes, kept = _moved(picture.boxes_xyxy_px, matrix, size_px)
    vague, _ = _moved(picture.vague_xyxy_px, matrix, size_px)
    if not variation.faint_is_background:
        vague = np.concatenate([vague, boxes[~kept]])
    return LabelledPicture(np.asarray(pixels, np.uint8), boxes[kept], picture.labels[kept], _with_area(vague))


def _mirrored(picture: LabelledPicture) -> LabelledPicture:
    width = picture.rgb_u8.shape[1]
    rgb = np.asarray(cv2.flip(picture.rgb_u8, 1), np.uint8)
    boxes, vague = (
        (np.array([width, 0, width, 0]) + b[:, [2, 1, 0, 3]] * [-1, 1, -1, 1]).astype(np.float32)
        for b in (picture.boxes_xyxy_px, picture.vague_xyxy_px)
    )
    return LabelledPicture(rgb, boxes, picture.labels, vague)


def _halved(picture: LabelledPicture) -> LabelledPicture:
    height, width = picture.rgb_u8.shape[:2]
    half = (max(1, width // 2), max(1, height // 2))
    share = np.array([half[0] / width, half[1] / height] * 2, np.float32)
    rgb = np.asarray(cv2.resize(picture.rgb_u8, half, interpolation=cv2.INTER_AREA), np.uint8)
    return LabelledPicture(rgb, picture.boxes_xyxy_px * share, picture.labels, picture.vague_xyxy_px * share)


def _with_area(boxes: F32) -> F32:
    shown: F32 = boxes[(boxes[:, 2:] - boxes[:, :2]).min(1, initial=1e9) > 1]
    return shown


def _corner_range(picture: LabelledPicture, scales: F64, size_px: int, rng: np.random.Generator) -> tuple[F64, F64]:
    """Where the scaled picture's corner may lie: no needless border, and mostly with some object in view."""
    height, width = picture.rgb_u8.shape[:2]
    spare = np.array([size_px - width * scales[0], size_px - height * scales[1]])
    low, high = np.minimum(spare, 0), np.maximum(spare, 0)
    if len(picture.boxes_xyxy_px) and rng.random() < 0.8:
        box = picture.boxes_xyxy_px[rng.integers(len(picture.boxes_xyxy_px))] * np.tile(scales, 2).astype(np.float32)
        low, high = np.maximum(low, np.minimum(-box[:2], high)), np.minimum(high, np.maximum(size_px - box[2:], low))
    return low, np.maximum(low, high)


def _moved(boxes: F32, matrix: F64, size_px: int) -> tuple[F32, Flags]:
    """Boxes around the moved corners, clipped; kept while a third of the area is in view."""
    corners = boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]] - 0.5  # edges → pixel centres
    corners = corners @ matrix[:, :2].T + matrix[:, 2] + 0.5
    whole = np.concatenate([corners.min(1), corners.max(1)], 1).reshape(-1, 4)
    seen = whole.clip(0, size_px)
    sides = seen[:, 2:] - seen[:, :2]
    kept = (sides.prod(1) > 0.35 * (whole[:, 2:] - whole[:, :2]).prod(1)) & (sides.min(1) > _SMALLEST_PX)
    return seen.astype(np.float32), kept


def mosaic(
    pictures: Sequence[LabelledPicture], size_px: int, rng: np.random.Generator, variation: Variation = SIGNS
) -> LabelledPicture:
    """Four views around a random centre."""
    out = np.full((size_px, size_px, 3), _GREY, np.uint8)
    cx, cy = (int(size_px * rng.uniform(0.35, 0.65)) for _ in range(2))
    boxes, labels, vague = [], [], []
    tiles = ((0, 0, cx, cy), (cx, 0, size_px, cy), (0, cy, cx, size_px), (cx, cy, size_px, size_px))
    for picture, (x0, y0, x1, y1) in zip(pictures, tiles, strict=True):
        side = max(x1 - x0, y1 - y0)
        fit = side / max(picture.rgb_u8.shape[:2])
        tile = view(picture, side, rng, zoom=(fit, 2.2 * fit), turn_deg=5, variation=variation)
        out[y0:y1, x0:x1] = tile.rgb_u8[: y1 - y0, : x1 - x0]
        cut = tile.boxes_xyxy_px.clip(0, [x1 - x0, y1 - y0] * 2)
        area = (tile.boxes_xyxy_px[:, 2:] - tile.boxes_xyxy_px[:, :2]).prod(1)
        sides = cut[:, 2:] - cut[:, :2]
        kept = (sides.prod(1) > 0.4 * area) & (sides.min(1, initial=1e9) > _SMALLEST_PX)
        boxes.append(cut[kept] + [x0, y0, x0, y0])
        labels.append(tile.labels[kept])
        faint = cut[:0] if variation.faint_is_background else cut[~kept]
        hazy = np.concatenate([tile.vague_xyxy_px.clip(0, [x1 - x0, y1 - y0] * 2), faint])
        vague.append(_with_area(hazy) + np.array([x0, y0, x0, y0], np.float32))
    return LabelledPicture(
        out, np.concatenate(boxes).astype(np.float32), np.concatenate(labels), np.concatenate(vague).astype(np.float32)
    )


def blend(picture: LabelledPicture, empty: LabelledPicture, rng: np.random.Generator) -> LabelledPicture:
    """A picture without objects shines through, so that no wall is learnt (after Zhang et al. 2018, mixup)."""
    share = float(rng.uniform(0.1, 0.45))
    mixed = cv2.addWeighted(picture.rgb_u8, 1 - share, empty.rgb_u8, share, 0)
    return replace(picture, rgb_u8=np.asarray(mixed, np.uint8))


def recolour(picture: LabelledPicture, rng: np.random.Generator) -> LabelledPicture:
    """Shift hue a little, scale saturation and brightness, blur now and then."""
    hsv = list(cv2.split(cv2.cvtColor(picture.rgb_u8, cv2.COLOR_RGB2HSV)))
    codes = np.arange(256)
    hsv[0] = cv2.LUT(hsv[0], ((codes + rng.uniform(-6, 6)) % 180).astype(np.uint8))
    for channel, (low, high) in ((1, (0.6, 1.4)), (2, (0.55, 1.4))):
        hsv[channel] = cv2.LUT(hsv[channel], np.clip(codes * rng.uniform(low, high), 0, 255).astype(np.uint8))
    rgb = cv2.cvtColor(cv2.merge(hsv), cv2.COLOR_HSV2RGB)
    if rng.random() < 0.2:
        rgb = cv2.GaussianBlur(rgb, (0, 0), rng.uniform(0.4, 1.2))
    return replace(picture, rgb_u8=np.asarray(rgb, np.uint8))


def occlude(picture: LabelledPicture, rng: np.random.Generator) -> LabelledPicture:
    """Cover small rectangles with a colour or noise, half of them on objects: plain stickers alone must not fool it."""
    rgb = picture.rgb_u8.copy()
    size = min(rgb.shape[:2])
    for _ in range(int(rng.integers(1, 4))):
        side = rng.uniform(0.02, 0.12, 2) * size
        centre = rng.uniform(0, 1, 2) * [rgb.shape[1], rgb.shape[0]]
        if len(picture.boxes_xyxy_px) and rng.random() < 0.5:
            box = picture.boxes_xyxy_px[rng.integers(len(picture.boxes_xyxy_px))]
            side = rng.uniform(0.15, 0.45, 2) * (box[2:] - box[:2])
            centre = rng.uniform(box[:2], box[2:])
        x0, y0 = np.maximum(centre - side / 2, 0).astype(int)
        x1, y1 = (centre + side / 2).astype(int)
        region = rgb[y0:y1, x0:x1]
        if region.size:
            noisy = rng.random() < 0.4
            region[:] = rng.integers(0, 256, region.shape if noisy else 3)
    return replace(picture, rgb_u8=rgb)
