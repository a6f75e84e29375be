"""Find printed boards in a picture by their tags, and follow them from frame to frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from physadv.core.errors import BadInput
from physadv.library.files.boards import Board

F64 = npt.NDArray[np.float64]
U8 = npt.NDArray[np.uint8]
Tags = list[tuple[int, F64]]
"""Tags as they were read: id, and corners (4,2) in pixels. An id may occur twice; one of them is wrong then."""

MIN_TAGS = 2  # a single tag's tilt flips by tens of degrees
SMALL_TAG_PX = 45.0  # below, corners are measured in the picture at double size
TOLERANCE = 0.2  # by how much of a tag's side a corner may miss the board's homography
MIN_PERIMETER = 0.01  # of a tag, as a share of the picture's longer side; OpenCV's default drops small ones
LOOK_AGAIN = 10  # frames after which the whole picture is searched though all that was followed is still there
RETRY = 5  # frames after which boards that are not in sight are sought at double size again


@dataclass(frozen=True, eq=False)
class DetectedBoard:
    """A board that was found."""

    board: Board
    ids: tuple[int, ...]  # of the tags that were read and agree
    corners_px: F64  # (n,4,2) of those tags: TL TR BR BL
    image_from_board: F64  # (3,3) mm → px, fitted to all of them
    reprojection_px: float  # root mean square over their corners


class Finder:
    """Finds boards in single pictures, or in a film whose frames it is given in their order.

    Searches at the picture's own size, then at double size for boards that were not found; a board that was found is
    sought around its last place only, until it is lost. Measures small tags at double size, which halves their error.
    """

    def __init__(self, boards: Sequence[Board], upsample: bool = True) -> None:
        """``upsample`` allows the search at double size. All ids must differ."""
        ids = [(board.dictionary, tag.id) for board in boards for tag in board.tags]
        if len(set(ids)) < len(ids):
            raise BadInput(
                "two boards share a tag's id, so they cannot be told apart. Name the boards of one sheet only"
            )
        self._boards = tuple(boards)
        self._upsample = upsample
        self._detectors = {board.dictionary: _detector(board.dictionary) for board in boards}
        self._places: dict[int, F64] = {}  # index of a board → its tags' corners in the last frame
        self._frames_until_search = 0
        self._frames_until_upsampled = 0

    def find(self, bgr_u8: U8) -> tuple[DetectedBoard, ...]:
        """All boards of which at least two tags are seen and agree, in the order of the boards.

        Takes BGR codes ``(h,w,3)``, or grey ones ``(h,w)``.
        """
        grey = cv2.cvtColor(bgr_u8, cv2.COLOR_BGR2GRAY) if bgr_u8.ndim == 3 else bgr_u8
        found = {index: seen for index, at in self._places.items() if (seen := self._measured(grey, index, at))}
        if len(found) < len(self._places) or not found or self._frames_until_search <= 0:
            self._search(grey, found)
            self._frames_until_search = LOOK_AGAIN
        self._frames_until_search -= 1
        self._places = {index: seen.corners_px for index, seen in found.items()}
        return tuple(found[index] for index in sorted(found))

    def _search(self, grey: U8, found: dict[int, DetectedBoard]) -> None:
        """Add boards that are anywhere in the picture."""
        self._search_at(grey, 1, found)
        self._frames_until_upsampled -= 1
        if self._upsample and len(found) < len(self._boards) and self._frames_until_upsampled <= 0:
            self._search_at(grey, 2, found)
            self._frames_until_upsampled = RETRY

    def _search_at(self, grey: U8, scale: int, found: dict[int, DetectedBoard]) -> None:
        missing = [index for index in range(len(self._boards)) if index not in found]
        tags = {name: self._read(grey, name, scale) for name in {self._boards[i].dictionary for i in missing}}
        for index in missing:
            board = self._boards[index]
            if rough := sighting(board, tags[board.dictionary]):
                finer = self._measured(grey, index, rough.corners_px) if scale == 1 and self._upsample else None
                found[index] = finer if finer and len(finer.ids) >= len(rough.ids) else rough

    def _measured(self, grey: U8, index: int, corners_px: F64) -> DetectedBoard | None:
        """The board near where its tags' corners were."""
        height, width = grey.shape
        side_px = _side_px(corners_px)
        left, top = corners_px.reshape(-1, 2).min(0)
        right, bottom = corners_px.reshape(-1, 2).max(0)
        min_px = 0.6 * float(np.linalg.norm(corners_px - np.roll(corners_px, 1, axis=1), axis=2).sum(1).min())
        margin = 1.5 * side_px + 0.15 * max(right - left, bottom - top)
        x0, y0 = max(int(left - margin), 0), max(int(top - margin), 0)
        x1, y1 = min(int(right + margin) + 2, width), min(int(bottom + margin) + 2, height)
        if x1 - x0 < 8 or y1 - y0 < 8:
            return None
        scale = 2 if self._upsample and side_px < SMALL_TAG_PX else 1
        board = self._boards[index]
        tags = self._read(grey[y0:y1, x0:x1], board.dictionary, scale, min_px / max(x1 - x0, y1 - y0))
        return sighting(board, [(number, corners + np.array([x0, y0])) for number, corners in tags])

    def _read(self, grey: U8, dictionary: str, scale: int, min_perimeter: float = MIN_PERIMETER) -> Tags:
        """All tags in a picture; with a perimeter below this share of its longer side they are not looked at."""
        if scale != 1:
            grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        detector = self._detectors[dictionary]
        parameters = detector.getDetectorParameters()
        parameters.minMarkerPerimeterRate = min_perimeter  # what is too small for a known tag costs most of the time
        detector.setDetectorParameters(parameters)
        corners, ids, _ = detector.detectMarkers(grey)
        if ids is None:
            return []
        # a picture's edges scale, not its pixel centres
        return [
            (int(number), (corner.reshape(4, 2).astype(np.float64) + 0.5) / scale - 0.5)
            for number, corner in zip(ids.ravel(), corners, strict=True)
        ]


def sighting(board: Board, tags: Tags) -> DetectedBoard | None:
    """The board through those of ``tags`` that agree on one homography; ``None`` if fewer than two do.

    Where not all agree, every pair of tags is tried and the largest agreement taken: RANSAC (Fischler and Bolles 1981)
    without the chance.
    """
    model = {tag.id: np.array(tag.corners_mm) for tag in board.tags}
    own = [(number, corners) for number, corners in tags if number in model]
    picked = own if _agree(own, model, own) == len(own) and _once(own) else _largest_agreement(own, model)
    if len(picked) < MIN_TAGS:
        return None
    plane, seen = _stacked(picked, model)
    homography = _homography(plane, seen)
    if homography is None:
        return None
    error = _mapped(homography, plane) - seen
    rms = float(np.sqrt(np.square(error).sum(1).mean()))
    return DetectedBoard(board, tuple(n for n, _ in picked), np.stack([c for _, c in picked]), homography, rms)


def _largest_agreement(own: Tags, model: dict[int, F64]) -> Tags:
    """Some tag was misread: of all pairs of tags, the one with which most others agree (exhaustive RANSAC)."""
    best: Tags = []
    for i, first in enumerate(own):
        for second in own[i + 1 :]:
            if first[0] == second[0] or _agree([first, second], model, own) < max(len(best) + 1, 2):
                continue
            agreeing = _agreeing([first, second], model, own)
            best = agreeing if len(agreeing) > len(best) else best
    return best


def _agree(fitted: Tags, model: dict[int, F64], asked: Tags) -> int:
    return len(_agreeing(fitted, model, asked))


def _agreeing(fitted: Tags, model: dict[int, F64], asked: Tags) -> Tags:
    """Of the tags that are asked, those that lie where the board fitted to ``fitted`` has them; each id once."""
    if len(fitted) < MIN_TAGS:
        return []
    homography = _homography(*_stacked(fitted, model))
    if homography is None:
        return []
    kept: dict[int, tuple[float, F64]] = {}
    for number, corners in asked:
        miss = float(np.abs(_mapped(homography, model[number]) - corners).max()) / _side_px(corners[None])
        if miss < TOLERANCE and miss < kept.get(number, (np.inf,))[0]:
            kept[number] = miss, corners
    return [(number, corners) for number, (_, corners) in kept.items()]


def _once(tags: Tags) -> bool:
    return len({number for number, _ in tags}) == len(tags)


def _stacked(tags: Tags, model: dict[int, F64]) -> tuple[F64, F64]:
    """Corners on the board in mm and in the picture in px, each (4n,2)."""
    return np.concatenate([model[number] for number, _ in tags]), np.concatenate([corners for _, corners in tags])


def _homography(plane: F64, seen: F64) -> F64 | None:
    """Least squares over all points; ``None`` for what no camera sees: a mirrored board, or one through the camera."""
    homography, _ = cv2.findHomography(plane, seen, 0)
    if homography is None or not np.isfinite(homography).all() or abs(homography[2, 2]) < 1e-12:
        return None
    homography = homography / homography[2, 2]
    depth = plane @ homography[2, :2] + 1
    made: F64 = homography
    return made if np.linalg.det(homography) > 0 and (depth > 0).all() else None


def _mapped(homography: F64, points: F64) -> F64:
    mapped = np.column_stack((points, np.ones(len(points)))) @ homography.T
    seen: F64 = mapped[:, :2] / mapped[:, 2:]
    return seen


def _side_px(corners_px: F64) -> float:
    """Mean side of tags (n,4,2)."""
    return float(np.linalg.norm(corners_px - np.roll(corners_px, 1, axis=1), axis=2).mean())


def _detector(dictionary: str) -> cv2.aruco.ArucoDetector:
    if not hasattr(cv2.aruco, dictionary):
        raise BadInput(f"there is no dictionary of tags named {dictionary!r}. The board file is of another version")
    parameters = cv2.aruco.DetectorParameters()
    parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX  # APRILTAG's is 10 times slower and biased
    parameters.relativeCornerRefinmentWinSize = 0.3  # of a module: a fixed window would reach into the code
    return cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, dictionary)), parameters)
