"""Reads what ``watch`` wrote about films of a printed board, and the frames themselves where they are at hand."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from omegaconf import DictConfig, OmegaConf

from physadv.boards import Board
from physadv.calibration.conditions import Seen
from physadv.calibration.sharpness import read_optics
from physadv.errors import BadInput, PhysadvError
from physadv.fiducials.camera import load_camera
from physadv.frames.entries import FrameOptions
from physadv.frames.open import open_source
from physadv.pipelines.watch_log import FILE, read_log
from physadv.pipelines.watch_object import patch_and_boards

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False, slots=True)
class Sight:
    """A board with a pose, in one frame."""

    line: int  # of the log, from 0
    board: Board
    image_from_board: npt.NDArray[np.float64]  # (3, 3) mm → px
    seen: Seen


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
    source: str  # what was watched, or where its frames are now
    recorded: bool  # the frames lie there one a line of the log; else by their index
    size_px: tuple[int, int]
    field_of_view_deg: float  # from left to right
    seed: int | None  # of the sheet's random control
    sights: tuple[Sight, ...]
    success: tuple[Success, ...]


def read_films(runs: Sequence[Path], elsewhere: Sequence[str]) -> list[Film]:
    """Every run folder's film; ``elsewhere``: where its frames are now, one a run, or nothing."""
    made = [_film(run, elsewhere[place] if elsewhere else "") for place, run in enumerate(runs)]
    if len(sizes := {film.size_px for film in made}) > 1:
        raise BadInput(f"the films have frames of {sorted(sizes)} px: calibrate each size of frames alone")
    return made


def _film(run: Path, elsewhere: str) -> Film:
    settings = run / "config" / "config.yaml"
    if not (run / FILE).is_file() or not settings.is_file():
        raise BadInput(f"{run} is no run folder of watch: {FILE} or config/config.yaml is missing")
    config = OmegaConf.load(settings)
    assert isinstance(config, DictConfig)
    _, boards = patch_and_boards(config)
    if boards is None:
        raise BadInput(
            f"{run} was watched without a board. Watch the printed sheet with board=FOLDER of its board.json"
        )
    known = {board.role: board for board in boards.boards}
    _, lines = read_log(run / FILE)
    sights, success = [], []
    size_px = (0, 0)
    for number, line in enumerate(lines):
        size_px = (int(line["size_px"][0]), int(line["size_px"][1]))
        seen = next((b for b in line["boards"] if b["pose"] is not None and b["role"] in known), None)
        if seen is None:
            continue
        sights.append(_sight(number, line, seen, known[seen["role"]]))
        if (hit := line["views"]["filmed"]["success"]) is not None:
            success.append(Success(seen["role"], bool(hit), float(line["time_s"]), float(seen["pose"]["distance_m"])))
    if not sights:
        raise BadInput(f"no frame of {run} shows a board with a pose. Film nearer, or with larger tags")
    filmed = str(config.record) if config.record and config.record_view == "filmed" else ""
    source = elsewhere or filmed or str(config.source)
    return Film(
        run,
        source,
        bool(elsewhere or filmed),
        size_px,
        _field_of_view_deg(config, size_px),
        boards.seed,
        tuple(sights),
        tuple(success),
    )


def _sight(number: int, line: dict[str, Any], seen: dict[str, Any], board: Board) -> Sight:
    width, height = board.size_mm
    plane = np.array([(sx * width / 2, sy * height / 2) for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))], np.float32)
    image_from_board = cv2.getPerspectiveTransform(plane, np.array(seen["corners_px"], np.float32))
    pose = seen["pose"]
    centre = image_from_board[:2, 2] / image_from_board[2, 2]
    return Sight(
        number, board, image_from_board, Seen(
            line["index"], pose["distance_m"], pose["yaw_deg"], pose["pitch_deg"], pose["roll_deg"],
            pose["ambiguity"], (float(centre[0]), float(centre[1])),
        ),
    )  # fmt: skip


def _field_of_view_deg(config: DictConfig, size_px: tuple[int, int]) -> float:
    if not config.camera:
        return float(config.field_of_view_deg)
    camera = load_camera(Path(config.camera).expanduser()).scaled(size_px)
    return math.degrees(2 * math.atan(size_px[0] / 2 / camera.matrix[0, 0]))


def with_optics(film: Film, most_frames: int) -> list[Seen]:
    """The frames' conditions, with blur, noise and light where the frame itself can still be read."""
    every = max(1, math.ceil(len(film.sights) / max(most_frames, 1)))
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
