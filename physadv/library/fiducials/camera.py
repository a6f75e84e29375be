"""The pinhole camera with lens distortion (OpenCV's model), and its text file ``camera.yaml``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import yaml

from physadv.core.errors import BadInput, BadOption
from physadv.library.files.atomic import write_text
from physadv.library.files.reading import KB, read_yaml

F64 = npt.NDArray[np.float64]
U8 = npt.NDArray[np.uint8]

FORMAT = 1
SAME_ASPECT = 0.01  # by how much the aspect of a frame may differ: sizes are rounded to whole, often even, pixels
MAX_SIDE_PX = 100_000
_DISTORTIONS = (0, 4, 5, 8, 12, 14)  # lengths of k1 k2 p1 p2 [k3 [k4 k5 k6 [s1 s2 s3 s4 [tx ty]]]]


@dataclass(frozen=True, eq=False)
class CalibratedCamera:
    """How a camera maps directions to pixels, at frames of one size."""

    matrix: F64  # (3,3) in pixels; pixel centres at integers
    distortion: F64  # (k,) k1 k2 p1 p2 k3 ... as OpenCV orders them; of length 0: none
    size_px: tuple[int, int]  # width and height of the frames it holds for
    source: str  # where the numbers come from, e.g. "guess of 60°" or "ChArUco, 34 views"

    @classmethod
    def guess(cls, size_px: tuple[int, int], field_of_view_deg: float = 60.0) -> CalibratedCamera:
        """No distortion, the axis through the middle, and this field of view across the longer side.

        The longer side, because it stays the same lens when a phone is turned upright.

        Angles hardly suffer from a wrong guess; distances are wrong by the factor by which the focal length is.
        Raises :class:`BadOption` for a field of view beyond 5 to 160°.
        """
        if not 5 <= field_of_view_deg <= 160:
            raise BadOption(f"field_of_view_deg must be from 5 to 160, got {field_of_view_deg}")
        width, height = size_px
        focal = max(size_px) / 2 / math.tan(math.radians(field_of_view_deg) / 2)
        matrix = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1]])
        return cls(matrix, np.zeros(0), size_px, f"guess of {field_of_view_deg:g}°")

    def scaled(self, size_px: tuple[int, int]) -> CalibratedCamera:
        """The same camera for frames that were resized, not cropped; turned along where width and height change places.

        The direction of the turn is not in a size: clockwise is taken, as upright phones are; the other one moves the
        centre by twice its distance from the middle. Raises :class:`BadInput` for frames of another aspect.
        """
        if size_px == self.size_px:
            return self
        if self.is_turned(size_px):
            return self._turned().scaled(size_px)
        (width, height), (own_width, own_height) = size_px, self.size_px
        if not _alike(size_px, self.size_px):
            raise BadInput(
                f"the camera is calibrated for {own_width}x{own_height} px, the frames have {width}x{height}: another "
                "aspect, so the sensor was cropped. Calibrate with frames of that size"
            )
        scale = np.array([[width / own_width, 0, 0], [0, height / own_height, 0], [0, 0, 1.0]])
        edge_from_centre = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])  # edges scale, pixel centres do not
        matrix = np.linalg.inv(edge_from_centre) @ scale @ edge_from_centre @ self.matrix
        return CalibratedCamera(matrix, self.distortion, size_px, self.source)

    def straightened(self, picture_u8: U8) -> U8:
        """The codes ``(h,w,3)`` of a picture of this camera without its distortion, of the same size."""
        lens = self.scaled((picture_u8.shape[1], picture_u8.shape[0]))
        straight: U8 = cv2.undistort(picture_u8, lens.matrix, lens.distortion)
        return straight

    def is_turned(self, size_px: tuple[int, int]) -> bool:
        """Frames of this size are those of the camera on its side."""
        return not _alike(size_px, self.size_px) and _alike(size_px[::-1], self.size_px)

    @property
    def field_of_view_deg(self) -> float:
        """From left to right, without distortion."""
        return math.degrees(2 * math.atan(self.size_px[0] / 2 / float(self.matrix[0, 0])))

    def _turned(self) -> CalibratedCamera:
        """Clockwise by a quarter: a pixel (x, y) comes to (height - 1 - y, x), and so do the coefficients' axes."""
        (fx, _, cx), (_, fy, cy), _ = self.matrix.tolist()
        width, height = self.size_px
        lens = np.zeros(_DISTORTIONS[-1])
        lens[: len(self.distortion)] = self.distortion
        if lens[12:].any():
            raise BadInput(
                "a camera with a tilted sensor (tx, ty) cannot be turned along. Calibrate with upright frames"
            )
        lens[2:4] = lens[3], -lens[2]  # p1 belongs to y, p2 to x
        lens[8:12] = -lens[10], -lens[11], lens[8], lens[9]  # s1 and s2 belong to x, s3 and s4 to y
        matrix = np.array([[fy, 0, height - 1 - cy], [0, fx, cx], [0, 0, 1.0]])
        return CalibratedCamera(matrix, lens[: len(self.distortion)], (height, width), f"{self.source}, turned")


def _alike(size_px: tuple[int, int], other_px: tuple[int, int]) -> bool:
    """Of the same aspect."""
    return abs(math.log(size_px[0] / size_px[1] * other_px[1] / other_px[0])) <= SAME_ASPECT


def save_camera(path: Path, camera: CalibratedCamera) -> Path:
    """Write the camera as text that can be read and changed by hand."""
    (fx, _, cx), (_, fy, cy) = (row.tolist() for row in camera.matrix[:2])
    content = {
        "format": FORMAT,
        "source": camera.source,
        "size_px": list(camera.size_px),
        "focal_px": [fx, fy],
        "centre_px": [cx, cy],
        "distortion": camera.distortion.tolist(),
    }
    return write_text(path, yaml.safe_dump(content, sort_keys=False, allow_unicode=True, default_flow_style=None))


def load_camera(path: Path) -> CalibratedCamera:
    """Read ``camera.yaml``. Raises :class:`BadInput` for any other file, and for numbers that no camera has."""
    try:
        content: Any = read_yaml(path, 64 * KB)
    except BadInput as error:
        raise BadInput(f"no camera file: {error}. `physadv calibrate camera` writes one") from error
    try:
        if content["format"] != FORMAT:
            raise BadInput(f"{path} is of format {content['format']!r}, this version reads {FORMAT}. Calibrate again")
        width, height = (int(v) for v in content["size_px"])
        (fx, fy), (cx, cy) = ([float(v) for v in content[key]] for key in ("focal_px", "centre_px"))
        distortion = np.array([float(v) for v in content["distortion"]])
        source = content["source"]
        if not isinstance(source, str) or len(source) > 1000:
            raise ValueError("source is not a line of text")
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        reason = " ".join(str(error).split())[:120]
        raise BadInput(
            f"{path} is not a camera file ({type(error).__name__}: {reason}). `physadv calibrate camera` writes one"
        ) from error
    numbers = np.array([fx, fy, cx, cy, *distortion])
    sized = min(fx, fy, width, height) > 0 and max(width, height) <= MAX_SIDE_PX
    if not sized or not np.isfinite(numbers).all() or len(distortion) not in _DISTORTIONS:
        raise BadInput(
            f"{path}: sizes and focal lengths must be positive, all numbers finite, and distortion must have "
            f"{', '.join(map(str, _DISTORTIONS))} numbers. `physadv calibrate camera` writes such a file"
        )
    matrix = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]])
    return CalibratedCamera(matrix, distortion, (width, height), source)
