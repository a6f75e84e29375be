"""Random views of labelled pictures: scale, shift, small turns, mosaic, colour, occlusion.

No flips: signs have a left and a right.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from physadv.engines.training.photos import F32, LabelledPicture

_GREY = 114
_SMALLEST_PX = 6.0  # boxes below are dropped from the labels


def view(
    picture: LabelledPicture, size_px: int, rng: np.random.Generator, *, zoom: tuple[float, float], turn_deg: float
) -> LabelledPicture:
    """A ``size_px`` square: the picture scaled by ``zoom`` (log-uniform), turned within ±``turn_deg``, shifted."""
    height, width = picture.rgb_u8.shape[:2]
    scale = float(np.exp(rng.uniform(*np.log(zoom))))
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-turn_deg, turn_deg), scale)
    low, high = _corner_range(picture, scale, size_px, rng)
    corner = rng.uniform(low, high)
    matrix[:, 2] += corner + np.array([width, height]) * (scale - 1) / 2
    pixels = cv2.warpAffine(
        picture.rgb_u8, matrix, (size_px, size_px), flags=cv2.INTER_LINEAR, borderValue=(_GREY, _GREY, _GREY)
    )
    boxes, kept = _moved(picture.boxes_xyxy_px, matrix, size_px)
    return LabelledPicture(np.asarray(pixels, np.uint8), boxes[kept], picture.labels[kept])


def _corner_range(picture: LabelledPicture, scale: float, size_px: int, rng: np.random.Generator) -> tuple[F32, F32]:
    """Where the scaled picture's corner may lie: no needless border, and mostly with some object in view."""
    height, width = picture.rgb_u8.shape[:2]
    spare = np.array([size_px - width * scale, size_px - height * scale])
    low, high = np.minimum(spare, 0), np.maximum(spare, 0)
    if len(picture.boxes_xyxy_px) and rng.random() < 0.8:
        box = picture.boxes_xyxy_px[rng.integers(len(picture.boxes_xyxy_px))] * scale
        low, high = np.maximum(low, np.minimum(-box[:2], high)), np.minimum(high, np.maximum(size_px - box[2:], low))
    return low, np.maximum(low, high)


def _moved(boxes: F32, matrix: F32, size_px: int) -> tuple[F32, F32]:
    """Boxes around the moved corners, clipped; kept while a third of the area is in view."""
    corners = boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]] - 0.5  # edges → pixel centres
    corners = corners @ matrix[:, :2].T + matrix[:, 2] + 0.5
    whole = np.concatenate([corners.min(1), corners.max(1)], 1).reshape(-1, 4)
    seen = whole.clip(0, size_px)
    sides = seen[:, 2:] - seen[:, :2]
    kept = (sides.prod(1) > 0.35 * (whole[:, 2:] - whole[:, :2]).prod(1)) & (sides.min(1) > _SMALLEST_PX)
    return seen.astype(np.float32), kept


def mosaic(pictures: Sequence[LabelledPicture], size_px: int, rng: np.random.Generator) -> LabelledPicture:
    """Four views around a random centre."""
    out = np.full((size_px, size_px, 3), _GREY, np.uint8)
    cx, cy = (int(size_px * rng.uniform(0.35, 0.65)) for _ in range(2))
    boxes, labels = [], []
    tiles = ((0, 0, cx, cy), (cx, 0, size_px, cy), (0, cy, cx, size_px), (cx, cy, size_px, size_px))
    for picture, (x0, y0, x1, y1) in zip(pictures, tiles, strict=True):
        side = max(x1 - x0, y1 - y0)
        fit = side / max(picture.rgb_u8.shape[:2])
        tile = view(picture, side, rng, zoom=(fit, 2.2 * fit), turn_deg=5)
        out[y0:y1, x0:x1] = tile.rgb_u8[: y1 - y0, : x1 - x0]
        cut = tile.boxes_xyxy_px.clip(0, [x1 - x0, y1 - y0] * 2)
        area = (tile.boxes_xyxy_px[:, 2:] - tile.boxes_xyxy_px[:, :2]).prod(1)
        sides = cut[:, 2:] - cut[:, :2]
        kept = (sides.prod(1) > 0.4 * area) & (sides.min(1, initial=1e9) > _SMALLEST_PX)
        boxes.append(cut[kept] + [x0, y0, x0, y0])
        labels.append(tile.labels[kept])
    return LabelledPicture(out, np.concatenate(boxes).astype(np.float32), np.concatenate(labels))


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
    return LabelledPicture(np.asarray(rgb, np.uint8), picture.boxes_xyxy_px, picture.labels)


def occlude(picture: LabelledPicture, rng: np.random.Generator) -> LabelledPicture:
    """Cover small rectangles with a colour or noise, half of them on signs: plain stickers alone must not fool it."""
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
    return LabelledPicture(rgb, picture.boxes_xyxy_px, picture.labels)
