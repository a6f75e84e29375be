"""A chart, printed and photographed by made-up inks and a made-up camera, of which the fit knows nothing."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from physadv.library.files.boards import Board, Swatch, Tag

F64 = npt.NDArray[np.float64]
U8 = npt.NDArray[np.uint8]

CELL_MM, COLUMNS = 10.0, 16
PX_PER_MM = 4
PAPER = (0.86, 0.86, 0.80)
INKS = ((0.08, 0.36, 0.60), (0.56, 0.07, 0.22), (0.80, 0.66, 0.03))  # cyan, magenta, yellow on that paper, linear


def chart(seed: int = 0, levels: int = 5) -> Board:
    """Every colour of a lattice and eleven greys twice, and a tag in every corner."""
    steps = np.linspace(0, 1, levels)
    colours = [*itertools.product(steps, repeat=3), *((g, g, g) for g in np.linspace(0, 1, 11))]
    rng = np.random.default_rng(seed)
    order = [colours[i] for _ in range(2) for i in rng.permutation(len(colours))]
    rows = -(-len(order) // COLUMNS)
    width, height = COLUMNS * CELL_MM, rows * CELL_MM
    swatches = tuple(
        Swatch((k % COLUMNS + 0.5) * CELL_MM - width / 2, (k // COLUMNS + 0.5) * CELL_MM - height / 2, 9.0,
               (float(r), float(g), float(b)))
        for k, (r, g, b) in enumerate(order)
    )  # fmt: skip
    x, y = width / 2 - 15, height / 2 + 22
    spots = ((-x, -y), (x, -y), (x, y), (-x, y))
    return Board("chart", (width, height), tuple(Tag(20 + i, *at, 24.0) for i, at in enumerate(spots)), swatches)


def printed(srgb: F64) -> F64:
    """``(n,3)`` asked → linear reflectance: dots that grow, then Neugebauer's mixture of eight primaries."""
    cover = 1 - srgb**1.9
    cover = cover + 0.06 * np.sin(np.pi * cover)
    paper, inks = np.array(PAPER), np.array(INKS) / PAPER
    mixed = np.zeros((len(srgb), 3))
    for which in itertools.product((0, 1), repeat=3):
        area = np.prod([c if on else 1 - c for c, on in zip(cover.T, which, strict=True)], axis=0)
        colour = paper * np.prod([ink for ink, on in zip(inks, which, strict=True) if on], axis=0)
        mixed += area[:, None] * colour
    return mixed + 0.008  # light reflected off the surface


@dataclass(frozen=True)
class Photo:
    """The light, the camera, and where it stands."""

    exposure: float = 0.9
    light: tuple[float, float, float] = (1.10, 1.0, 0.78)  # warm, after the camera's white balance
    fall_off: float = 0.0  # share of the light lost from the left to the right edge of the chart
    vignette: float = 0.0  # share lost at the chart's rim
    glare: bool = False  # a highlight over some fields
    noise: float = 2.0  # codes
    quality: int = 92  # of the JPEG
    size_px: tuple[int, int] = (840, 1080)
    corners: tuple[tuple[float, float], ...] = ((0.12, 0.08), (0.9, 0.12), (0.95, 0.93), (0.06, 0.9))

    def camera(self, linear: F64) -> F64:
        """``(...,3)`` linear light → codes in [0, 1]: crosstalk, exposure, clipping, and a contrasty curve."""
        crosstalk = np.array([[0.86, 0.11, 0.03], [0.05, 0.89, 0.06], [0.02, 0.13, 0.85]])
        raw = np.clip(linear * self.light @ crosstalk.T * self.exposure, 0, 1)
        code = np.where(raw <= 0.0031308, raw * 12.92, 1.055 * np.maximum(raw, 1e-9) ** (1 / 2.4) - 0.055)
        curved: F64 = code - 0.02 * np.sin(2 * np.pi * code)
        return curved

    def truth(self, srgb: F64) -> F64:
        """What the table must say: the camera's colours of ``(n,3)``, the paper being white."""
        seen, paper = (self.camera(light) for light in (printed(srgb), printed(np.ones((1, 3)))))
        ratio = np.clip(_decoded(seen) / _decoded(paper), 0, 1)
        made: F64 = np.where(ratio <= 0.0031308, ratio * 12.92, 1.055 * ratio ** (1 / 2.4) - 0.055)
        return made

    def taken(self, board: Board, seed: int = 0) -> U8:
        """The picture in BGR."""
        sheet, _ = drawn(board)
        height, width = sheet.shape[:2]
        if self.fall_off or self.vignette:
            u, v = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
            shade = (1 - self.fall_off * (u + 1) / 2) * (1 - self.vignette * (u * u + v * v) / 2)
            sheet = sheet * shade[..., None]
        if self.glare:
            cv2.circle(sheet, (width // 2, height // 2), width // 14, (2.0, 2.0, 2.0), -1)
        wide, high = self.size_px
        corners = np.array(self.corners) * (wide, high)
        edges = np.array([[0, 0], [width, 0], [width, height], [0, height]]) - 0.5
        homography = cv2.getPerspectiveTransform(edges.astype(np.float32), (2 * corners).astype(np.float32))
        lit = cv2.warpPerspective(sheet.astype(np.float32), homography, (2 * wide, 2 * high), borderValue=(0.2,) * 3)
        lit = cv2.GaussianBlur(cv2.resize(lit, self.size_px, interpolation=cv2.INTER_AREA), (0, 0), 0.8)
        codes = self.camera(lit.astype(np.float64)) * 255
        codes += np.random.default_rng(seed).normal(0, self.noise, codes.shape)
        bgr = np.clip(codes.round(), 0, 255).astype(np.uint8)[..., ::-1]
        done, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, self.quality])
        assert done
        return cv2.imdecode(data, cv2.IMREAD_COLOR)


def drawn(board: Board) -> tuple[F64, tuple[float, float]]:
    """Linear reflectance of the sheet, and half its size in mm."""
    reach = tuple(max(abs(getattr(t, axis)) + t.side_mm / 2 for t in board.tags) + 8 for axis in ("x_mm", "y_mm"))
    reach = (max(reach[0], board.size_mm[0] / 2 + 8), reach[1])
    asked = np.ones((round(2 * reach[1] * PX_PER_MM), round(2 * reach[0] * PX_PER_MM), 3))

    def box(x_mm: float, y_mm: float, side_mm: float) -> tuple[slice, slice]:
        left, top = (
            round((x_mm - side_mm / 2 + reach[0]) * PX_PER_MM),
            round((y_mm - side_mm / 2 + reach[1]) * PX_PER_MM),
        )
        side = round(side_mm * PX_PER_MM)
        return slice(top, top + side), slice(left, left + side)

    for swatch in board.swatches:
        asked[box(swatch.x_mm, swatch.y_mm, swatch.side_mm)] = swatch.srgb
    dictionary = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, board.dictionary))
    for tag in board.tags:
        place = box(tag.x_mm, tag.y_mm, tag.side_mm)
        code = cv2.aruco.generateImageMarker(dictionary, tag.id, 6)
        code = cv2.resize(code, asked[place].shape[1::-1], interpolation=cv2.INTER_NEAREST)
        asked[place] = code[..., None] / 255
    return printed(asked.reshape(-1, 3)).reshape(asked.shape), (reach[0], reach[1])


def _decoded(code: F64) -> F64:
    linear: F64 = np.where(code <= 0.04045, code / 12.92, ((np.maximum(code, 0) + 0.055) / 1.055) ** 2.4)
    return linear
