"""How blurred and noisy a frame is, and how bright its paper: read off a board's tags.

Tags are ideal test targets: black squares of known place with a module of white paper round them. Edges give the blur
(the edge-spread method of ISO 12233, all pixels near an edge at once), paper and ink the noise at two levels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares
from scipy.special import ndtr

from physadv.library.files.boards import Board, Tag

F64 = npt.NDArray[np.float64]
F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

MODULES = 6  # across a tag of the 4x4 dictionaries: four of data, one of border on each side
MIN_MODULE_PX = 3.0  # smaller ones are all edge
WIDEST_MARGIN = 0.38  # of a module: where blurred edges leave less, nothing of it is flat
_PIXEL_VARIANCE = 1 / 12  # of the square that a pixel averages over
_GREEN = 1


@dataclass(frozen=True, slots=True)
class Optics:
    """Blur, noise and light of one frame. ``None`` where its tags are too small, or too few pixels are flat."""

    across_px: float | None  # sigma of the blur, sideways
    down_px: float | None  # and up and down; pixels' own size taken out
    white: tuple[float, float, float] | None  # linear RGB of the paper
    black: float | None  # linear green of the tags' ink
    white_variance: float | None  # of linear green, on paper
    black_variance: float | None  # on ink


@cache
def _linear_of_code() -> F64:
    code = np.arange(256) / 255
    linear: F64 = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    return linear


def read_optics(bgr_u8: U8, image_from_board: F64, board: Board) -> Optics:
    """Measure one frame: BGR codes ``(h,w,3)``, and the board in it by its ``(3,3)`` homography from mm to px.

    Blur is that of a Gaussian of the same edge, noise what differs from a plane of light.
    """
    sideways: list[float] = []
    upright: list[float] = []
    tags = [seen for tag in board.tags if (seen := _tag_pixels(bgr_u8, image_from_board, tag)) is not None]
    for seen in tags:
        for is_sideways, sigma in _edges(*seen):
            (sideways if is_sideways else upright).append(sigma)
    across, down = _median(sideways), _median(upright)
    blur_px = max(across or 0.0, down or 0.0)
    flats = [_flats(*seen[:2], seen[3], blur_px) for seen in tags] if blur_px else []
    white = [paper for paper, _ in flats if paper is not None]
    black = [ink for _, ink in flats if ink is not None]
    return Optics(
        across,
        down,
        tuple(np.median([level for level, _ in white], axis=0).tolist()) if white else None,
        float(np.median([level[_GREEN] for level, _ in black])) if black else None,
        float(np.median([variance for _, variance in white])) if white else None,
        float(np.median([variance for _, variance in black])) if black else None,
    )


def _tag_pixels(bgr_u8: U8, image_from_board: F64, tag: Tag) -> tuple[F64, F64, F64, float] | None:
    """Linear RGB ``(n,3)`` of the pixels round a tag, their places ``(n,2)`` in modules from its middle, the pixels'
    ``(2,2)`` module-to-pixel matrix there, and pixels a module; ``None`` where it is small or sticks out."""
    module_mm = tag.side_mm / MODULES
    reach = 0.5 * tag.side_mm + module_mm
    corners = np.array([(tag.x_mm + sx * reach, tag.y_mm + sy * reach, 1.0) for sx in (-1, 1) for sy in (-1, 1)])
    mapped = corners @ image_from_board.T
    points = mapped[:, :2] / mapped[:, 2:]
    (left, top), (right, bottom) = np.floor(points.min(0)).astype(int), np.ceil(points.max(0)).astype(int) + 1
    height, width = bgr_u8.shape[:2]
    if left < 0 or top < 0 or right > width or bottom > height:
        return None
    local = _jacobian(image_from_board, tag.x_mm, tag.y_mm) * module_mm
    module_px = float(np.sqrt(abs(np.linalg.det(local))))
    if module_px < MIN_MODULE_PX:
        return None
    x, y = np.meshgrid(np.arange(left, right), np.arange(top, bottom))
    pixels = np.stack([x.ravel(), y.ravel(), np.ones(x.size)], 1) @ np.linalg.inv(image_from_board).T
    places = (pixels[:, :2] / pixels[:, 2:] - (tag.x_mm, tag.y_mm)) / module_mm
    linear = _linear_of_code()[bgr_u8[top:bottom, left:right, ::-1].reshape(-1, 3)]
    return linear, places, local, module_px


def _edges(linear: F64, places: F64, local: F64, module_px: float) -> Iterator[tuple[bool, float]]:
    """For each of the four outer edges: whether it blurs sideways, and by how much."""
    half = MODULES / 2
    green = linear[:, _GREEN]
    for axis in (0, 1):
        normal = np.linalg.inv(local)[axis]  # gradient, in pixels, of the place along this axis
        pixels_a_module = 1 / float(np.linalg.norm(normal))
        for side in (-1.0, 1.0):
            off = side * places[:, axis] - half  # modules outwards of the edge
            near = (np.abs(off) < 0.9) & (np.abs(places[:, 1 - axis]) < half - 1)
            sigma = _fitted(off[near] * pixels_a_module, green[near])
            if sigma is not None and sigma < 0.45 * module_px:
                yield bool(abs(normal[0]) > abs(normal[1])), float(np.sqrt(max(sigma**2 - _PIXEL_VARIANCE, 0.0)))


def _fitted(distance_px: F64, level: F64) -> float | None:
    """Sigma of the edge ``level(distance)``: black inside, white outside."""
    if len(level) < 24:
        return None
    low, high = np.percentile(level, (10, 90))
    if high - low < 0.05:
        return None

    def misses(terms: F64) -> F64:
        dark, bright, place, sigma = terms
        missed: F64 = dark + (bright - dark) * ndtr((distance_px - place) / max(abs(sigma), 1e-3)) - level
        return missed

    found = least_squares(misses, (low, high, 0.0, 0.8), max_nfev=60)
    _, _, place, sigma = found.x
    return abs(float(sigma)) if found.success and abs(place) < 2 else None


Flat = tuple[F64, float]


def _flats(linear: F64, places: F64, module_px: float, blur_px: float) -> tuple[Flat | None, Flat | None]:
    """Level and variance on the paper round the tag and on its black border, where the blur of edges ends."""
    rim = np.abs(places).max(1) - MODULES / 2  # modules outside the black square
    margin = (2 * blur_px + 0.4) / module_px
    if margin > WIDEST_MARGIN:
        return None, None
    paper, ink = (rim > margin) & (rim < 1 - margin / 2), (rim > margin - 1) & (rim < -margin)
    return _flat(linear, places, paper), _flat(linear, places, ink)


def _flat(linear: F64, places: F64, here: npt.NDArray[np.bool_]) -> Flat | None:
    """Mean, and what differs from a plane of light, twice trimmed so that a cut edge or dirt does not count."""
    if here.sum() < 30:
        return None
    design = np.column_stack((np.ones(len(places)), places))
    for _ in range(3):
        if here.sum() < 20:
            return None
        terms, *_ = np.linalg.lstsq(design[here], linear[here], rcond=None)
        rest = linear[:, _GREEN] - design @ terms[:, _GREEN]
        spread = 1.4826 * float(np.median(np.abs(rest[here])))
        here = here & (np.abs(rest) < max(3.5 * spread, 1e-4))
    count = int(here.sum())
    return linear[here].mean(0), float(np.square(rest[here]).sum() / max(count - 3, 1))


def _jacobian(image_from_board: F64, x_mm: float, y_mm: float) -> F64:
    """``(2,2)`` pixels a millimetre at a place."""
    a = image_from_board @ (x_mm, y_mm, 1.0)
    made: F64 = (image_from_board[:2, :2] - np.outer(a[:2] / a[2], image_from_board[2, :2])) / a[2]
    return made


def _median(values: list[float]) -> float | None:
    return float(np.median(values)) if values else None
