"""Objects cut out of the photos that mark them, and pasted into others: the same people before other walls.

Ghiasi et al. 2021 (Simple Copy-Paste, arXiv:2012.07177) paste by the masks of their annotators. Boxes are all that
there is here, so the masks are estimated: GrabCut (Rother et al. 2004, in OpenCV) begun from the box. What does not
come out as one plausible piece is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from physadv.engines.training.photos import F32, U8, LabelledPicture

_SMALLEST_PX = 48  # longer side of a box that is worth cutting
_WORKED_PX = 144  # longer side at which the mask is estimated: slow beyond, and not better
_ROUNDS = 4
_FILLED = (0.25, 0.9)  # share of its box that a plausible mask fills
_REACHED = 0.8  # share of the box's height and width that it spans
_AROUND = 0.25  # of the box's sides, seen as certain background
_HIDDEN = 0.6  # covered more than this, an object teaches nothing


@dataclass(frozen=True, eq=False, slots=True)
class Cutout:
    """One object without what is behind it."""

    rgb_u8: U8  # (h, w, 3)
    alpha: F32  # (h, w) from 0 to 1
    label: int


def cutouts_of(pictures: Sequence[LabelledPicture]) -> tuple[Cutout, ...]:
    """Of all objects that stand alone and come out plausibly; some 20 ms an object."""
    cut = (_cut(picture, row) for picture in pictures for row in _alone(picture))
    return tuple(cutout for cutout in cut if cutout is not None)


def _alone(picture: LabelledPicture) -> list[int]:
    """Large boxes that no other one overlaps by much, and that the photo's edge cuts on one side at most."""
    boxes = picture.boxes_xyxy_px
    height, width = picture.rgb_u8.shape[:2]
    others = np.concatenate([boxes, picture.vague_xyxy_px])
    rows = []
    for row, box in enumerate(boxes):
        sides = box[2:] - box[:2]
        low, high = np.maximum(others[:, :2], box[:2]), np.minimum(others[:, 2:], box[2:])
        shared = (high - low).clip(0).prod(1)
        shared[row] = 0
        at_edge = int((box[:2] < 2).sum() + (box[2:] > [width - 2, height - 2]).sum())
        if (
            at_edge < 2
            and sides.max() >= _SMALLEST_PX
            and sides.min() >= _SMALLEST_PX / 3
            and shared.max() < 0.25 * sides.prod()
        ):
            rows.append(row)
    return rows


def _cut(picture: LabelledPicture, row: int) -> Cutout | None:
    height, width = picture.rgb_u8.shape[:2]
    box = picture.boxes_xyxy_px[row]
    margin = _AROUND * (box[2:] - box[:2])
    x0, y0 = np.maximum(box[:2] - margin, 0).astype(int)
    x1, y1 = np.minimum(np.ceil(box[2:] + margin), [width, height]).astype(int)
    crop = picture.rgb_u8[y0:y1, x0:x1]
    scale = min(1.0, _WORKED_PX / float((box[2:] - box[:2]).max()))
    small = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    inner = np.round((box - [x0, y0, x0, y0]) * scale).astype(int)
    inner[2:] = np.minimum(inner[2:], small.shape[1::-1])
    mask = np.full(small.shape[:2], cv2.GC_BGD, np.uint8)
    mask[inner[1] : inner[3], inner[0] : inner[2]] = cv2.GC_PR_FGD
    if (mask == cv2.GC_BGD).mean() < 0.05:  # it fills the photo: nothing tells what is behind
        return None
    cv2.setRNGSeed(0)
    cv2.grabCut(np.ascontiguousarray(small), mask, None, np.zeros((1, 65)), np.zeros((1, 65)), _ROUNDS)
    piece = _largest_piece(((mask == cv2.GC_PR_FGD) | (mask == cv2.GC_FGD)).astype(np.uint8))
    if not _plausible(piece, inner):
        return None
    ys, xs = np.nonzero(piece)
    alpha = cv2.GaussianBlur(piece.astype(np.float32), (0, 0), 0.7)
    part = np.s_[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]
    return Cutout(np.ascontiguousarray(small[part]), np.ascontiguousarray(alpha[part]), int(picture.labels[row]))


def _largest_piece(mask: U8) -> U8:
    count, pieces, facts, _ = cv2.connectedComponentsWithStats(mask)
    if count < 2:
        return mask
    return np.asarray(pieces == 1 + int(facts[1:, cv2.CC_STAT_AREA].argmax()), np.uint8)


def _plausible(piece: U8, inner: np.ndarray) -> bool:
    ys, xs = np.nonzero(piece)
    if not len(ys):
        return False
    wide, high = inner[2] - inner[0], inner[3] - inner[1]
    spans = (xs.max() + 1 - xs.min()) / wide, (ys.max() + 1 - ys.min()) / high
    filled = float(piece.sum() / (wide * high))
    return _FILLED[0] <= filled <= _FILLED[1] and bool(min(spans) >= _REACHED)


def pasted(picture: LabelledPicture, cutouts: Sequence[Cutout], rng: np.random.Generator) -> LabelledPicture:
    """The picture with one to three of them anywhere in it, mirrored, lit and scaled at will."""
    rgb = picture.rgb_u8.copy()
    boxes, labels, vague = list(picture.boxes_xyxy_px), list(picture.labels), list(picture.vague_xyxy_px)
    for _ in range(int(rng.integers(1, 4))):
        cutout = cutouts[int(rng.integers(len(cutouts)))]
        laid = _lay(rgb, cutout, rng)
        if laid is None:
            continue
        box, alpha = laid
        for row in range(len(boxes) - 1, -1, -1):
            if _covered(boxes[row], box, alpha) > _HIDDEN:
                vague.append(boxes.pop(row))
                labels.pop(row)
        boxes.append(box)
        labels.append(cutout.label)
    return LabelledPicture(
        rgb, np.array(boxes, np.float32).reshape(-1, 4), np.array(labels, np.int64),
        np.array(vague, np.float32).reshape(-1, 4),
    )  # fmt: skip


def _lay(rgb: U8, cutout: Cutout, rng: np.random.Generator) -> tuple[F32, F32] | None:
    """Blend it in, in place; its box and, on the box, its alpha. ``None`` where less than half of it would show."""
    height, width = rgb.shape[:2]
    tall = float(np.exp(rng.uniform(np.log(0.12), np.log(0.95)))) * height
    scale = tall / cutout.alpha.shape[0]
    if scale > 2.5:  # blown up further it teaches blur
        return None
    size = (max(4, round(cutout.alpha.shape[1] * scale)), max(8, round(tall)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    colours, alpha = (
        cv2.resize(cutout.rgb_u8, size, interpolation=how),
        cv2.resize(cutout.alpha, size, interpolation=how),
    )
    if rng.random() < 0.5:
        colours, alpha = cv2.flip(colours, 1), cv2.flip(alpha, 1)
    left = int(rng.uniform(-0.3 * size[0], width - 0.7 * size[0]))
    top = int(rng.uniform(0, max(1, height - 0.6 * size[1])))
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + size[0], width), min(top + size[1], height)
    if x1 - x0 < 0.5 * size[0] or y1 - y0 < 0.5 * size[1]:
        return None
    part = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
    share = alpha[part][..., None]
    lit = colours[part].astype(np.float32) * rng.uniform(0.7, 1.2) + rng.uniform(-12, 12)
    rgb[y0:y1, x0:x1] = (rgb[y0:y1, x0:x1] * (1 - share) + lit * share).clip(0, 255).astype(np.uint8)
    return np.array([x0, y0, x1, y1], np.float32), np.asarray(share[..., 0], np.float32)


def _covered(box: F32, over: F32, alpha: F32) -> float:
    """Share of ``box`` under the pasted ``alpha``, which lies at ``over``."""
    low, high = np.maximum(box[:2], over[:2]), np.minimum(box[2:], over[2:])
    if (high <= low).any():
        return 0.0
    (x0, y0), (x1, y1) = np.floor(low - over[:2]).astype(int), np.ceil(high - over[:2]).astype(int)
    return float(alpha[y0:y1, x0:x1].sum()) / float((box[2:] - box[:2]).prod())
