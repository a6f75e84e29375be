"""The ChArUco board: a chessboard with a marker in every white square, so that a part of it is enough."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from physadv.core.errors import BadOption

F64 = npt.NDArray[np.float64]
U8 = npt.NDArray[np.uint8]

DICTIONARY = "DICT_5X5_250"  # not that of the sheets' tags, so that both can be in view
MARKER = 0.75  # of a square's side
MIN_CORNERS = 8  # in one view


@dataclass(frozen=True)
class Squares:
    """Columns and rows of a board; corners are where four squares meet."""

    columns: int
    rows: int

    def __post_init__(self) -> None:
        if min(self.columns, self.rows) < 4 or self.columns * self.rows > 500:
            raise BadOption(
                f"squares must be [columns,rows], at least 4 each and 500 in all, got [{self.columns},{self.rows}]"
            )

    def board(self) -> cv2.aruco.CharucoBoard:
        """OpenCV's board, in units of a square; the calibration does not depend on its size."""
        dictionary = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, DICTIONARY))
        return cv2.aruco.CharucoBoard((self.columns, self.rows), 1.0, MARKER, dictionary)

    def drawn(self) -> U8:
        """The board ``(28 rows, 28 columns)`` in grey codes, without margin.

        With 28 pixels a square a marker's modules are three pixels wide exactly.
        """
        picture: U8 = self.board().generateImage((28 * self.columns, 28 * self.rows))
        return picture


@dataclass(frozen=True, eq=False)
class BoardView:
    """The corners that one picture shows."""

    name: str
    size_px: tuple[int, int]
    corners_px: F64  # (n,2)
    plane: F64  # (n,3) the same corners on the board, in squares

    @property
    def tilt(self) -> float:
        """How far from an affine view: relative change of scale over the picture by the homography; 0: head-on."""
        homography, _ = cv2.findHomography(self.plane[:, :2], self.corners_px)
        depth = self.plane[:, :2] @ homography[2, :2] + homography[2, 2]
        return float(np.ptp(depth) / np.abs(depth).mean())


class Charuco:
    """Reads the board in pictures."""

    def __init__(self, squares: Squares) -> None:
        self._board = squares.board()
        parameters = cv2.aruco.DetectorParameters()
        parameters.minMarkerPerimeterRate = 0.01
        self._detector = cv2.aruco.CharucoDetector(
            self._board, cv2.aruco.CharucoParameters(), parameters, cv2.aruco.RefineParameters()
        )

    def read(self, grey_u8: U8, name: str) -> BoardView | None:
        """The view in the grey codes ``(h,w)``, or ``None`` where there are too few corners, or all in one row."""
        corners, ids, _, _ = self._detector.detectBoard(grey_u8)
        if ids is None or len(ids) < MIN_CORNERS:
            return None
        plane = np.asarray(self._board.getChessboardCorners(), np.float64)[ids.ravel()]
        if min(np.ptp(plane[:, 0]), np.ptp(plane[:, 1])) < 1.5:
            return None
        points = _refined(grey_u8, corners.reshape(-1, 2), plane)
        return BoardView(name, (grey_u8.shape[1], grey_u8.shape[0]), points, plane)


def _refined(grey_u8: U8, corners_px: npt.NDArray[np.float32], plane: F64) -> F64:
    """Once more in a window that ends before the markers: OpenCV's own reaches into them, which costs 0.3 px."""
    homography, _ = cv2.findHomography(plane[:, :2], corners_px)
    here, right, below = (
        cv2.perspectiveTransform((plane[:, :2] + step).reshape(-1, 1, 2), homography)
        for step in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
    )
    side_px = min(float(np.linalg.norm(there - here, axis=2).min()) for there in (right, below))
    reach = int(np.clip(0.8 * (1 - MARKER) / 2 * side_px - 1, 2, 8))
    criteria = (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 60, 0.005)
    finer = cv2.cornerSubPix(grey_u8, corners_px.reshape(-1, 1, 2).copy(), (reach, reach), (-1, -1), criteria)
    return np.asarray(finer, np.float64).reshape(-1, 2)
