"""Boards seen by a made-up camera: a pixel is the mean of 4x4 rays to the print. Shares no code with the package."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import numpy.typing as npt

from physadv.library.files.boards import Board, Tag

F64 = npt.NDArray[np.float64]
U8 = npt.NDArray[np.uint8]

PX_PER_MM = 4
RAYS = 4  # along each side of a pixel


def ring(first_id: int = 0, *, patch_mm: float = 300.0, tag_mm: float = 100.0, role: str = "patch") -> Board:
    """Eight tags round a square, 10 mm from it."""
    far = patch_mm / 2 + 10 + tag_mm / 2
    spots = [(x, y) for y in (-far, 0.0, far) for x in (-far, 0.0, far) if (x, y) != (0.0, 0.0)]
    return Board(role, (patch_mm, patch_mm), tuple(Tag(first_id + i, x, y, tag_mm) for i, (x, y) in enumerate(spots)))


def drawn(board: Board, contrast: tuple[int, int] = (25, 235)) -> tuple[F64, float]:
    """The print, ``PX_PER_MM`` pixels a millimetre, with a blotched patch; and its half size in mm."""
    reach = max(max(abs(t.x_mm), abs(t.y_mm)) + t.side_mm / 2 for t in board.tags) + 15
    side = round(2 * reach * PX_PER_MM)
    sheet = np.full((side, side), contrast[1], np.float64)

    def box(x_mm: float, y_mm: float, width_mm: float, height_mm: float) -> tuple[slice, slice]:
        left, top = (round((v + reach) * PX_PER_MM) for v in (x_mm - width_mm / 2, y_mm - height_mm / 2))
        wide, high = round(width_mm * PX_PER_MM), round(height_mm * PX_PER_MM)
        return slice(top, top + high), slice(left, left + wide)

    patch = box(0, 0, *board.size_mm)
    shape = sheet[patch].shape
    blots = cv2.resize(np.random.default_rng(5).random((9, 9)), shape[::-1], interpolation=cv2.INTER_CUBIC)
    sheet[patch] = np.clip(blots, 0, 1) * 255
    dictionary = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, board.dictionary))
    for tag in board.tags:
        place = box(tag.x_mm, tag.y_mm, tag.side_mm, tag.side_mm)
        code = cv2.aruco.generateImageMarker(dictionary, tag.id, 6)  # a pixel a module
        code = cv2.resize(code, sheet[place].shape[::-1], interpolation=cv2.INTER_NEAREST)
        sheet[place] = np.where(code > 127, contrast[1], contrast[0])
    return sheet, reach


@dataclass(frozen=True)
class View:
    """Where a board is and how it is turned; angles as in ``Pose``, but about the camera's own axes."""

    at_m: tuple[float, float, float] = (0.0, 0.0, 2.0)
    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0

    def rotation(self) -> F64:
        y, p, r = (math.radians(v) for v in (self.yaw_deg, self.pitch_deg, self.roll_deg))
        yaw = np.array([[math.cos(y), 0, -math.sin(y)], [0, 1, 0], [math.sin(y), 0, math.cos(y)]])
        pitch = np.array([[1, 0, 0], [0, math.cos(p), math.sin(p)], [0, -math.sin(p), math.cos(p)]])
        roll = np.array([[math.cos(r), math.sin(r), 0], [-math.sin(r), math.cos(r), 0], [0, 0, 1]])
        return roll @ yaw @ pitch


@dataclass(frozen=True)
class RayCamera:
    """A camera: 1280x720 and 70° across, unless said otherwise."""

    size_px: tuple[int, int] = (1280, 720)
    field_of_view_deg: float = 70.0
    distortion: tuple[float, ...] = ()
    blur_px: float = 0.6
    noise: float = 3.0
    ground: int = 110
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    @property
    def matrix(self) -> F64:
        width, height = self.size_px
        focal = width / 2 / math.tan(math.radians(self.field_of_view_deg / 2))
        return np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1.0]])

    def sees(self, *prints: tuple[Board, View], picture: F64 | None = None) -> U8:
        """A grey picture (H,W,3) of these boards before an even ground."""
        width, height = self.size_px
        picture = np.full((height, width), float(self.ground)) if picture is None else picture
        for board, view in prints:
            sheet, reach = drawn(board)
            self._lay(picture, sheet, (reach, reach), view)
        return self._taken(picture)

    def sees_sheet(self, sheet: F64, half_mm: tuple[float, float], view: View) -> U8:
        """A grey picture (H,W,3) of any print of ``PX_PER_MM``; half its width and height."""
        width, height = self.size_px
        picture = np.full((height, width), float(self.ground))
        self._lay(picture, sheet, half_mm, view)
        return self._taken(picture)

    def _taken(self, picture: F64) -> U8:
        if self.blur_px:
            picture = cv2.GaussianBlur(picture, (0, 0), self.blur_px)
        picture = picture + self.rng.normal(0, self.noise, picture.shape)
        return np.repeat(np.clip(picture.round(), 0, 255).astype(np.uint8)[..., None], 3, 2)

    def corners_px(self, board: Board, view: View) -> F64:
        """Where the corners of what the board carries are, TL TR BR BL."""
        w, h = board.size_mm
        return self.project(np.array([[-w, -h], [w, -h], [w, h], [-w, h]]) / 2, view)

    def project(self, points_mm: F64, view: View) -> F64:
        space = np.column_stack((points_mm / 1000, np.zeros(len(points_mm))))
        turn, _ = cv2.Rodrigues(view.rotation())
        lens = np.array(self.distortion) if self.distortion else None
        return cv2.projectPoints(space, turn, np.array(view.at_m, float), self.matrix, lens)[0].reshape(-1, 2)

    def _lay(self, picture: F64, sheet: F64, half_mm: tuple[float, float], view: View) -> None:
        rim = np.linspace(-1, 1, 9)
        edge = np.array([(x, y) for x in rim for y in rim]) * half_mm
        seen = self.project(edge, view)
        x0, y0 = np.maximum(np.floor(seen.min(0)).astype(int) - 2, 0)
        x1, y1 = np.minimum(np.ceil(seen.max(0)).astype(int) + 3, self.size_px)
        if x1 <= x0 or y1 <= y0:
            return
        offsets = (np.arange(RAYS) + 0.5) / RAYS - 0.5
        xs = (np.arange(x0, x1)[:, None] + offsets).ravel()
        ys = (np.arange(y0, y1)[:, None] + offsets).ravel()
        pixels = np.stack(np.meshgrid(xs, ys), -1).reshape(-1, 1, 2)
        lens = np.array(self.distortion) if self.distortion else None
        rays = np.column_stack((cv2.undistortPoints(pixels, self.matrix, lens).reshape(-1, 2), np.ones(len(pixels))))
        rotation, at = view.rotation(), np.array(view.at_m, float)
        depth = (rotation[:, 2] @ at) / (rays @ rotation[:, 2])
        on_board = (rays * depth[:, None] - at) @ rotation[:, :2] * 1000
        texel_mm = at[2] * 1000 / self.matrix[0, 0] / RAYS  # of sheet under one ray
        sigma = 0.4 * max(texel_mm * PX_PER_MM - 1, 0)
        source = cv2.GaussianBlur(sheet, (0, 0), sigma) if sigma > 0.2 else sheet
        texel = ((on_board + half_mm) * PX_PER_MM - 0.5).astype(np.float32).reshape(len(ys), len(xs), 2)
        lit = cv2.remap(source, texel, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=-1e6)
        lit = np.where(lit < 0, np.repeat(np.repeat(picture[y0:y1, x0:x1], RAYS, 0), RAYS, 1), lit)
        picture[y0:y1, x0:x1] = lit.reshape(y1 - y0, RAYS, x1 - x0, RAYS).mean((1, 3))


def moved(view: View, x_m: float) -> View:
    """The same view, so many metres to the right."""
    return replace(view, at_m=(view.at_m[0] + x_m, *view.at_m[1:]))
