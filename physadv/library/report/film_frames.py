"""One frame of a film as a small picture: where the object is expected, where the print is, and what was reported."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from physadv.library.report.pictures.contact_sheet import PAPER, RIGHT, WRONG, Box, ReportMark, lettering

SIZE_PX = (600, 450)  # at most; width, height
QUALITY = 85
SHARE = 0.45  # of the picture's height or width, for what matters in it
PRINT = (61, 155, 214)
_SHADE = (20, 20, 20)
_LETTERS_PX = 19


@dataclass(frozen=True, slots=True)
class Shown:
    """Boxes and words that are drawn of a frame."""

    expected: Box | None
    prints: Sequence[Sequence[tuple[float, float]]]  # corners of each print
    marks: Sequence[ReportMark]


def frame_jpeg(bgr_u8: npt.NDArray[np.uint8], shown: Shown) -> bytes:
    """``(H,W,3)`` as JPEG: the object and its surroundings, enlarged; the whole frame where no object is expected."""
    whole = Image.fromarray(np.ascontiguousarray(bgr_u8[..., ::-1]))
    window = _window(shown, whole.size)
    wide, high = window[2] - window[0], window[3] - window[1]
    scale = min(SIZE_PX[0] / wide, SIZE_PX[1] / high)
    size = (max(1, round(wide * scale)), max(1, round(high * scale)))
    picture = whole.resize(size, Image.Resampling.LANCZOS, box=window)
    pen = ImageDraw.Draw(picture)

    def placed(points: Sequence[float]) -> list[float]:
        return [(value - window[i % 2]) * scale for i, value in enumerate(points)]

    for corners in shown.prints:
        flat = placed([v for corner in (*corners, corners[0]) for v in corner])
        pen.line([(flat[i], flat[i + 1]) for i in range(0, len(flat), 2)], fill=PRINT, width=3)
    for mark in sorted(shown.marks, key=lambda mark: (mark.own, mark.score)):  # the object's own on top
        _report(pen, placed(mark.box_xyxy_px), mark, size)
    if shown.expected:
        _dashed(pen, placed(shown.expected))
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=QUALITY, optimize=True)
    return stream.getvalue()


def _window(shown: Shown, size: tuple[int, int]) -> Box:
    """The part of a frame ``(width, height)`` to show: the expected object, prints and reports about it."""
    if shown.expected is None:
        return 0.0, 0.0, float(size[0]), float(size[1])
    boxes = [shown.expected]
    boxes += [m.box_xyxy_px for m in shown.marks if m.own and _touch(m.box_xyxy_px, shown.expected)]
    left, top = (min(box[i] for box in boxes) for i in (0, 1))
    right, bottom = (max(box[i] for box in boxes) for i in (2, 3))
    aspect = SIZE_PX[0] / SIZE_PX[1]
    tall = max((bottom - top) / SHARE, (right - left) / SHARE / aspect, 64.0)
    wide, tall = min(tall * aspect, float(size[0])), min(tall, float(size[1]))
    x = min(max((left + right - wide) / 2, 0.0), size[0] - wide)
    y = min(max((top + bottom - tall) / 2, 0.0), size[1] - tall)
    return x, y, x + wide, y + tall


def _touch(box: Box, other: Box) -> bool:
    return box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]


def _report(pen: ImageDraw.ImageDraw, corners: list[float], mark: ReportMark, size: tuple[int, int]) -> None:
    if corners[2] <= 0 or corners[3] <= 0 or corners[0] >= size[0] or corners[1] >= size[1]:
        return
    colour, font = RIGHT if mark.own else WRONG, lettering(_LETTERS_PX)
    pen.rectangle(tuple(corners), outline=colour, width=3 if mark.own else 2)
    text = f"{mark.label} {mark.score:.2f}"
    left, top, right, bottom = pen.textbbox((0, 0), text, font, anchor="lt")
    wide, high = right - left + 8, bottom - top + 8
    x = min(max(corners[0], 0.0), max(size[0] - wide, 0.0))
    y = corners[1] - high if corners[1] - high >= 0 else max(corners[1], 0.0)
    pen.rectangle((x, y, x + wide, y + high), fill=colour)
    pen.text((x + 4, y + 4), text, PAPER, font, anchor="lt")


def _dashed(pen: ImageDraw.ImageDraw, corners: list[float]) -> None:
    """White dashes on a dark line: seen on any picture, and told from reports without colour."""
    left, top, right, bottom = corners
    pen.rectangle((left, top, right, bottom), outline=_SHADE, width=3)
    for start, end, fixed, across in ((left, right, top, True), (left, right, bottom, True),
                                      (top, bottom, left, False), (top, bottom, right, False)):  # fmt: skip
        for dash in np.arange(start, end, 18.0):
            tip = min(float(dash) + 10, end)
            pen.line((float(dash), fixed, tip, fixed) if across else (fixed, float(dash), fixed, tip), PAPER, 3)
