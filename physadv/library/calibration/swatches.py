"""Readings of a chart in a photo: the colour of every swatch, and which swatches cannot be used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from physadv.core.errors import BadInput
from physadv.library.files.boards import Swatch

F64 = npt.NDArray[np.float64]
U8 = npt.NDArray[np.uint8]
Bool = npt.NDArray[np.bool_]

INNER = 0.6  # of a swatch's side: ink, blur and perspective reach in from the rim
MIN_INNER_PX = 4.0
DARKEST, BRIGHTEST = 3, 252  # codes beyond are taken for clipped
UNEVEN, MUCH_MORE = 6.0, 3.0  # standard deviation in codes, and times the median's: a highlight, a fold, dirt
ALIKE = 0.6  # correlation of asked and seen below which this is not the chart


@dataclass(frozen=True, eq=False)
class SwatchReadings:
    """The swatches of one photo, in the board's order."""

    srgb: F64  # (n,3) in [0, 1]; NaN where a swatch is out of the picture
    spread: F64  # (n,) standard deviation of its pixels in codes
    saturated: Bool  # (n,)
    uneven: Bool  # (n,)
    outside: Bool  # (n,)

    @property
    def good(self) -> Bool:
        """Those to go on with."""
        kept: Bool = ~(self.saturated | self.uneven | self.outside)
        return kept


def read_swatches(rgb_u8: U8, image_from_board: F64, swatches: Sequence[Swatch], photo: str) -> SwatchReadings:
    """Mean colours of the swatches' inner parts, each over the middle half of its pixels' values.

    ``rgb_u8`` ``(h,w,3)`` shows the board by its ``(3,3)`` homography from mm to px. Raises :class:`BadInput`, which
    names the ``photo``, where the swatches are too small, out of view, or not those of this board.
    """
    places = np.array([(s.x_mm, s.y_mm) for s in swatches])
    sides_mm = np.array([s.side_mm for s in swatches])
    _check_size(image_from_board, places, sides_mm, photo)
    inside = [_pixels(rgb_u8, image_from_board, place, side) for place, side in zip(places, sides_mm, strict=True)]
    outside = np.array([pixels is None for pixels in inside])
    shown = [np.full((1, 3), np.nan) if pixels is None else pixels for pixels in inside]
    codes = np.stack([_middle(pixels) for pixels in shown])
    spread = np.array([pixels.std(0).mean() for pixels in shown])
    clipped = [((pixels < DARKEST) | (pixels > BRIGHTEST)).mean(0).max() for pixels in shown]
    saturated = ~outside & (np.array(clipped) > 0.1)
    typical = float(np.median(spread[~outside])) if not outside.all() else 0.0
    uneven = ~outside & (spread > max(UNEVEN, MUCH_MORE * typical))
    readings = SwatchReadings(codes / 255, spread, saturated, uneven, outside)
    _check_likeness(readings, np.array([s.srgb for s in swatches]), photo)
    return readings


def _pixels(rgb_u8: U8, image_from_board: F64, place: F64, side_mm: float) -> F64 | None:
    """``(k,3)`` codes on an even grid over the inner part, about one a pixel; ``None`` if it is not all in view."""
    height, width = rgb_u8.shape[:2]
    half = INNER * side_mm / 2
    corners = _mapped(image_from_board, place + half * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]))
    if (corners < 0).any() or (corners > (width - 1, height - 1)).any():
        return None
    side_px = float(np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1).max())
    count = int(np.clip(np.ceil(side_px), 4, 40))
    steps = (np.arange(count) + 0.5) / count * 2 - 1
    grid = place + half * np.stack(np.meshgrid(steps, steps), -1).reshape(-1, 2)
    at = np.rint(_mapped(image_from_board, grid)).astype(int)
    codes: F64 = rgb_u8[at[:, 1], at[:, 0]].astype(np.float64)
    return codes


def _middle(pixels: F64) -> F64:
    """Interquartile mean by channel."""
    ordered = np.sort(pixels, axis=0)
    cut = len(ordered) // 4
    mean: F64 = ordered[cut : len(ordered) - cut].mean(0)
    return mean


def _check_size(image_from_board: F64, places: F64, sides_mm: F64, photo: str) -> None:
    edges = [
        _mapped(image_from_board, places + np.outer(sides_mm, step) / 2) for step in ((-1, 0), (1, 0), (0, -1), (0, 1))
    ]
    narrow = INNER * min(
        float(np.median(np.linalg.norm(edges[1] - edges[0], axis=1))),
        float(np.median(np.linalg.norm(edges[3] - edges[2], axis=1))),
    )
    if narrow < MIN_INNER_PX:
        raise BadInput(
            f"{photo}: the chart's fields are only {narrow / INNER:.1f} px wide. "
            "Come nearer, until the chart fills the picture"
        )


def _check_likeness(readings: SwatchReadings, asked: F64, photo: str) -> None:
    """The fields' order is drawn by the sheet's seed, so another sheet's board file fits no photo."""
    shown = ~readings.outside
    if shown.sum() < 8:
        raise BadInput(
            f"{photo}: only {shown.sum()} of {len(shown)} fields of the chart are in the picture. Show all of it"
        )
    alike = np.corrcoef(asked[shown].mean(1), readings.srgb[shown].mean(1))[0, 1]
    if not alike > ALIKE:
        raise BadInput(
            f"{photo}: the fields are not those of this board file (correlation {alike:.2f} with what was asked for). "
            "Name the board.json that was written with this very sheet"
        )


def _mapped(homography: F64, points: F64) -> F64:
    mapped: F64 = cv2.perspectiveTransform(points.reshape(-1, 1, 2).astype(np.float64), homography).reshape(-1, 2)
    return mapped
