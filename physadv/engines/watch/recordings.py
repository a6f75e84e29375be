"""Reads back what ``watch`` logged about a film of a printed board, and the frames where they are at hand."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from physadv.core.errors import PhysadvError
from physadv.engines.watch.frame_log import FILE, read_log
from physadv.library.calibration.conditions import BoardFrame
from physadv.library.calibration.sharpness import read_optics
from physadv.library.files.boards import Board
from physadv.library.runs.options import expecting
from physadv.parts.frames.open import open_source
from physadv.parts.frames.options import FrameOptions

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False, slots=True)
class BoardSighting:
    """A board with a pose, in one frame."""

    line: int  # of the log, from 0
    board: Board
    image_from_board: npt.NDArray[np.float64]  # (3, 3) mm → px
    seen: BoardFrame
    miss: float  # by how much more than a pixel the tags miss the pose (rms), as a share of the print's side


@dataclass(frozen=True, slots=True)
class Success:
    """Whether the attack reached its goal in one frame."""

    role: str  # of the board in sight
    hit: bool
    time_s: float
    distance_m: float


@dataclass(frozen=True, eq=False, slots=True)
class Film:
    """One run of ``watch``."""

    folder: Path
    source: str  # what was watched, or where its frames are now; empty: an address, which is not opened again
    recorded: bool  # the frames lie there one a line of the log; else by their index
    size_px: tuple[int, int]
    field_of_view_deg: float  # from left to right
    seed: int | None  # of the sheet's random control
    sights: tuple[BoardSighting, ...]
    success: tuple[Success, ...]


def read_sightings(
    run: Path, known: Mapping[str, Board], scale: float
) -> tuple[list[BoardSighting], list[Success], tuple[int, int]]:
    """Sightings and successes of the log in the folder ``run``, and the size of its frames.

    ``known`` are the boards by role; ``scale`` is what logged distances are multiplied by.

    Raises :class:`BadInput` where the log is damaged.
    """
    with expecting(run / FILE, "Watch again"):
        return _read_lines(run / FILE, known, scale)


def _read_lines(
    file: Path, known: Mapping[str, Board], scale: float
) -> tuple[list[BoardSighting], list[Success], tuple[int, int]]:
    _, lines = read_log(file)
    sights: list[BoardSighting] = []
    success: list[Success] = []
    size_px = (0, 0)
    for number, line in enumerate(lines):
        size_px = (int(line["size_px"][0]), int(line["size_px"][1]))
        seen = next((b for b in line["boards"] if b["pose"] is not None and b["role"] in known), None)
        if seen is None:
            continue
        distance_m = scale * float(seen["pose"]["distance_m"])
        sights.append(_sight(number, line, seen, known[seen["role"]], distance_m))
        if (hit := line["views"]["filmed"]["success"]) is not None:
            success.append(Success(seen["role"], bool(hit), float(line["time_s"]), distance_m))
    return sights, success, size_px


def _sight(number: int, line: dict[str, Any], seen: dict[str, Any], board: Board, distance_m: float) -> BoardSighting:
    width, height = board.size_mm
    plane = np.array([(sx * width / 2, sy * height / 2) for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))], np.float32)
    image_from_board = cv2.getPerspectiveTransform(plane, np.array(seen["corners_px"], np.float32))
    pose = seen["pose"]
    centre = image_from_board[:2, 2] / image_from_board[2, 2]
    corners = np.array(seen["corners_px"], np.float64)
    side_px = float(np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1).mean())
    angles_deg = pose["yaw_deg"], pose["pitch_deg"], pose["roll_deg"]
    centre_px = float(centre[0]), float(centre[1])
    return BoardSighting(
        number,
        board,
        image_from_board,
        BoardFrame(line["index"], distance_m, *angles_deg, pose["ambiguity"], centre_px),
        max(0.0, float(pose["reprojection_px"]) - 1) / max(side_px, 1e-6),
    )


def with_optics(film: Film, max_frames: int) -> list[BoardFrame]:
    """The frames' conditions, with blur, noise and light where the frame itself can still be read."""
    every = max(1, math.ceil(len(film.sights) / max(max_frames, 1)))
    if not film.source:
        return [sight.seen for sight in film.sights]
    wanted = {sight.line if film.recorded else sight.seen.index: sight for sight in film.sights[::every]}
    optics = {}
    try:
        for frame in open_source(film.source, options=FrameOptions(drop="none")):
            if (sight := wanted.get(frame.index)) and frame.bgr_u8.shape[1::-1] == film.size_px:
                optics[sight.seen.index] = read_optics(frame.bgr_u8, sight.image_from_board, sight.board)
            if frame.index >= max(wanted):
                break
    except PhysadvError as error:
        logger.warning("the frames of %s are not at hand, so only poses are measured: %s", film.folder, error)
    return [replace(sight.seen, optics=optics.get(sight.seen.index)) for sight in film.sights]
