"""Finds the colour chart of a printed sheet in a photo, of whatever size the photo is."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from physadv.core.errors import BadInput
from physadv.library.fiducials.find import DetectedBoard, Finder
from physadv.library.fiducials.mirror import REMEDY, mirrored
from physadv.library.files.boards import Board, Boards

U8 = npt.NDArray[np.uint8]

DOUBLED_BELOW_PX = 2600  # larger photos need not be searched at double size
SMALLEST_PX = 800  # longer side below which a photo is not shrunk further


def chart_of(boards: Boards, sheet: str) -> Board:
    """The board that carries swatches.

    Raises :class:`BadInput`, which names the ``sheet``, where there is none.
    """
    chart = next((board for board in boards.boards if board.role == "chart" and board.swatches), None)
    if chart is None:
        raise BadInput(f"the sheet of {sheet!r} has no colour chart. Make a sheet with one, and print that")
    return chart


def find_chart(rgb_u8: U8, boards: Boards, chart: Board, photo: str) -> DetectedBoard:
    """The chart in ``(h,w,3)`` sRGB codes; where nothing is found at full size, a large photo is tried smaller.

    Raises :class:`BadInput`, which names the ``photo``, where the chart is not in it.
    """
    grey_u8 = cv2.cvtColor(rgb_u8, cv2.COLOR_RGB2GRAY)
    others: set[str] = set()
    for shrink in (1, 2, 4):
        if shrink > 1 and max(grey_u8.shape) / shrink < SMALLEST_PX:
            break
        small = _shrunk(grey_u8, shrink)
        sightings = Finder(boards.boards, upsample=max(small.shape) < DOUBLED_BELOW_PX).find(small)
        others |= {sighting.board.role for sighting in sightings}
        for sighting in sightings:
            if sighting.board is chart:
                return sighting if shrink == 1 else _enlarged(sighting, grey_u8.shape[1] / small.shape[1])
    if mirrored(_shrunk(grey_u8, max(1, math.ceil(max(grey_u8.shape) / DOUBLED_BELOW_PX))), [chart]):
        raise BadInput(f"no colour chart found in {photo}: {REMEDY}")
    hint = f" (there is the {' and '.join(sorted(others))} of that sheet, but not its chart)" if others else ""
    raise BadInput(
        f"no colour chart found in {photo}{hint}. Show the whole chart with its {len(chart.tags)} tags, sharp, "
        "tilted by less than 60°, filling at least a quarter of the picture"
    )


def _shrunk(grey_u8: U8, shrink: int) -> U8:
    if shrink == 1:
        return grey_u8
    size = grey_u8.shape[1] // shrink, grey_u8.shape[0] // shrink
    small: U8 = cv2.resize(grey_u8, size, interpolation=cv2.INTER_AREA)
    return small


def _enlarged(small: DetectedBoard, factor: float) -> DetectedBoard:
    shift = (factor - 1) / 2  # a picture's edges scale, not its pixel centres
    large_from_small = np.array([[factor, 0, shift], [0, factor, shift], [0, 0, 1.0]])
    return DetectedBoard(
        small.board,
        small.ids,
        small.corners_px * factor + shift,
        large_from_small @ small.image_from_board,
        small.reprojection_px * factor,
    )
