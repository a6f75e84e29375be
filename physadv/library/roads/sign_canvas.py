"""Drawing in millimetres: a supersampled canvas, flat-capped strokes and a stroke alphabet for sign legends.

Coordinates are millimetres on the sign: x right, y down, origin at the sign's centre. Letters are our own strokes, so
that signs look the same with every version of OpenCV.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
U8 = npt.NDArray[np.uint8]
RGB = tuple[int, int, int]

MM_PER_TEXEL = 2.0
_SUPERSAMPLE = 4  # canvas pixels per texel and axis
_SHIFT = 4  # OpenCV's fixed-point bits: vertices land on sixteenths of a canvas pixel

LINEAR_FROM_U8: F32 = np.array(
    [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in np.arange(256) / 255], np.float32
)


@dataclass(frozen=True, eq=False, slots=True)
class SignFace:
    """One kind of sign as it leaves the factory."""

    outline_mm: F64  # (n, 2) convex outline
    pyramid: tuple[F32, ...]  # (h, w, 4) premultiplied linear RGBA, each level half of the one before

    def extent_mm(self) -> tuple[float, float]:
        """Width and height of the outline."""
        width, height = np.ptp(self.outline_mm, axis=0)
        return float(width), float(height)


class SignCanvas:
    """Paint in sRGB on a transparent ground, then :meth:`face` averages it to texels in linear light."""

    def __init__(self, width_mm: float, height_mm: float) -> None:
        margin = 8.0  # clear texels at the rim, so that interpolation never sees the canvas end
        # the coarsest level halves evenly: sides are multiples of 32 texels
        self._texels = [int(np.ceil((side + margin) / MM_PER_TEXEL / 32)) * 32 for side in (height_mm, width_mm)]
        self._rgba: U8 = np.zeros((*(n * _SUPERSAMPLE for n in self._texels), 4), np.uint8)

    def polygon(self, points_mm: F64 | list[tuple[float, float]], rgb: RGB) -> None:
        """Fill a polygon ``(n, 2)`` in mm from the middle, convex or not."""
        centre = np.array([self._rgba.shape[1], self._rgba.shape[0]]) / 2 - 0.5
        pixels = np.asarray(points_mm, float) * (_SUPERSAMPLE / MM_PER_TEXEL) + centre
        fixed = np.round(pixels * (1 << _SHIFT)).astype(np.int32)
        cv2.fillPoly(self._rgba, [fixed], (*rgb, 255), cv2.LINE_8, _SHIFT)

    def stroke(self, path_mm: F64, width_mm: float, rgb: RGB) -> None:
        """Draw a band of constant width along a smooth path ``(n, 2)`` in mm, with flat ends."""
        tangent = np.gradient(path_mm, axis=0)
        normal = np.stack([-tangent[:, 1], tangent[:, 0]], 1)
        normal *= width_mm / 2 / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
        self.polygon(np.concatenate([path_mm + normal, (path_mm - normal)[::-1]]), rgb)

    def text(self, word: str, height_mm: float, rgb: RGB, centre_mm: tuple[float, float] = (0, 0)) -> None:
        """A word in strokes 0.16 of its height wide, centred."""
        gap = 0.11
        widths = [_WIDTH.get(letter, 0.58) for letter in word]
        left = -(sum(widths) + gap * (len(word) - 1)) / 2
        for letter, width in zip(word, widths, strict=True):
            for path in _glyph(letter, width):
                self.stroke((path + np.array([left, -0.5])) * height_mm + centre_mm, _STROKE * height_mm, rgb)
            left += width + gap

    def face(self, outline_mm: F64) -> SignFace:
        """Average to texels and build the pyramid; ``outline_mm`` ``(n, 2)``."""
        rgba = np.concatenate([LINEAR_FROM_U8[self._rgba[..., :3]], self._rgba[..., 3:] / np.float32(255)], 2)
        rgba[..., :3] *= rgba[..., 3:]
        level = cv2.resize(rgba, self._texels[::-1], interpolation=cv2.INTER_AREA)
        pyramid = [np.asarray(level, np.float32)]
        for _ in range(5):
            height, width = pyramid[-1].shape[:2]
            half = cv2.resize(pyramid[-1], (width // 2, height // 2), interpolation=cv2.INTER_AREA)
            pyramid.append(np.asarray(half, np.float32))
        return SignFace(np.asarray(outline_mm, float), tuple(pyramid))


def ellipse(cx: float, cy: float, rx: float, ry: float, start_deg: float = 0, end_deg: float = 360) -> F64:
    """Points of an arc, ``(n, 2)``; angles from +x towards +y, which points down."""
    angle = np.deg2rad(np.linspace(start_deg, end_deg, max(8, int(abs(end_deg - start_deg) / 4))))
    return np.stack([cx + rx * np.cos(angle), cy + ry * np.sin(angle)], 1)


_STROKE = 0.16
_WIDTH = {"1": 0.34, "S": 0.53, "T": 0.5, "O": 0.53, "P": 0.53, "!": 0.16}


def _line(*points: tuple[float, float]) -> F64:
    return np.array(points, float)


def _glyph(letter: str, width: float) -> list[F64]:
    """Centre lines of a letter in a box ``width`` wide and 1 high, y down."""
    half, edge = _STROKE / 2, width - _STROKE / 2
    middle, rx, bowl = width / 2, (width - _STROKE) / 2, (1 - _STROKE) / 4
    top, low = half + bowl, 1 - half - bowl  # centres of the upper and lower bowl
    ring = [
        ellipse(middle, half + rx, rx, rx, 180, 360), ellipse(middle, 1 - half - rx, rx, rx, 0, 180),
        _line((half, half + rx - 0.01), (half, 1 - half - rx + 0.01)),
        _line((edge, half + rx - 0.01), (edge, 1 - half - rx + 0.01)),
    ]  # fmt: skip
    upper, lower = ellipse(middle, top, rx, bowl), ellipse(middle, low, rx, bowl)
    glyphs: dict[str, list[F64]] = {
        "0": ring, "O": ring,
        "1": [_line((edge, 0), (edge, 1)), _line((0, 0.24), (edge, half * 0.9))],
        "2": [
            np.concatenate([ellipse(middle, half + rx, rx, rx, 190, 395), _line((half + 0.02, 1 - half))]),
            _line((0, 1 - half), (width, 1 - half)),
        ],
        "3": [ellipse(middle, top, rx, bowl, 200, 450), ellipse(middle, low, rx, bowl, -90, 160)],
        "4": [_line((edge - half, 0), (edge - half, 1)), _line((edge - half, half * 0.6), (half, 0.7)),
              _line((0, 0.7), (width, 0.7))],
        "5": [_line((half, half), (width, half)), _line((half, 0), (half + 0.01, 0.5)),
              ellipse(middle, low - 0.04, rx, bowl + 0.04, -150, 150)],
        "6": [lower, np.concatenate([ellipse(middle, half + rx, rx, rx, 330, 180), _line((half, low))])],
        "7": [_line((0, half), (width, half)), _line((edge, half), (width * 0.35, 1))],
        "8": [upper, lower],
        "9": [upper, np.concatenate([ellipse(middle, 1 - half - rx, rx, rx, 150, 0), _line((edge, top))])],
        "S": [np.concatenate([ellipse(middle, top, rx, bowl, -20, -268), ellipse(middle, low, rx, bowl, -88, 160)])],
        "T": [_line((0, half), (width, half)), _line((middle, 0), (middle, 1))],
        "P": [_line((half, 0), (half, 1)),
              np.concatenate([_line((half, half)), ellipse(middle, half + 0.23, rx, 0.23, -90, 90),
                              _line((half, half + 0.46))])],
        "!": [_line((middle, 0), (middle, 0.66)), _line((middle, 0.8), (middle, 1))],
    }  # fmt: skip
    return glyphs[letter]
