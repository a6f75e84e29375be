"""Reads what ``watch`` wrote about films of a printed board, and the frames themselves where they are at hand."""

from __future__ import annotations

import logging
import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from physadv.app.assembly.watch_target import patch_and_boards
from physadv.app.config.seal import own
from physadv.app.config.spelling import literal_in, spelled
from physadv.app.config.watch_options import WatchConfig
from physadv.core.errors import BadInput, BadOption, PhysadvError
from physadv.core.masking import masked
from physadv.engines.watch.frame_log import FILE, read_log
from physadv.engines.watch.summary import FILE as SUMMARY
from physadv.library.calibration.conditions import BoardFrame
from physadv.library.calibration.sharpness import read_optics
from physadv.library.fiducials.camera import CalibratedCamera, load_camera
from physadv.library.fiducials.mirror import REMEDY
from physadv.library.files.boards import Board, Boards, as_measured
from physadv.library.runs.options import expecting, read_options
from physadv.library.runs.record import read_json
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


def read_films(
    runs: Sequence[Path], elsewhere: Sequence[str], accept: Sequence[str] = (), measured_bar_mm: float = 0.0
) -> list[Film]:
    """Every run folder's film; ``elsewhere``: where its frames are now, one a run, or nothing.

    ``measured_bar_mm`` is the sheet's bar on the print, where that was not known when it was watched.

    A run that was recorded on another account opens what lies in its own folder, and beyond it only what ``accept``
    names.
    """
    made = [
        _film(run, elsewhere[place] if elsewhere else "", accept, measured_bar_mm) for place, run in enumerate(runs)
    ]
    if len(sizes := {film.size_px for film in made}) > 1:
        raise BadInput(f"the films have frames of {sorted(sizes)} px: calibrate each size of frames alone")
    return made


def _film(run: Path, elsewhere: str, accept: Sequence[str], measured_bar_mm: float) -> Film:
    config = _settings(run)
    _check_reach(run, config, elsewhere, accept)
    _, boards = patch_and_boards(config)
    if boards is None:
        raise BadInput(
            f"{run} was watched without a board. Watch the printed sheet with board=FOLDER of its board.json"
        )
    boards, scale = _late_scale(run, config, boards, measured_bar_mm)
    with expecting(run / FILE, "Watch again"):
        sights, success, size_px = _read_lines(run, {board.role: board for board in boards.boards}, scale)
    if not sights:
        if read_json(run / SUMMARY).get("mirrored"):
            raise BadInput(f"no frame of {run} shows a board: {REMEDY}. Then watch it again")
        raise BadInput(f"no frame of {run} shows a board with a pose. Film nearer, or with larger tags")
    filmed = str(config.record) if config.record and config.record_view == "filmed" else ""
    source = elsewhere or filmed or str(config.source)
    if source != elsewhere and "://" in source and source not in accept:
        logger.warning(
            "the frames of %s came from %s, which is not opened again, so only poses are measured. films=[...] says "
            "where they are now", run, masked(source),
        )  # fmt: skip
        source = ""
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


def _late_scale(run: Path, config: DictConfig, boards: Boards, measured_bar_mm: float) -> tuple[Boards, float]:
    """The boards as printed, and the factor that logged distances lack because the bar was measured afterwards."""
    watched_mm = float(config.measured_bar_mm)
    if not measured_bar_mm or watched_mm == measured_bar_mm:
        return boards, 1.0
    if watched_mm:
        raise BadOption(
            f"measured_bar_mm={measured_bar_mm:g}, but {run} was watched with {watched_mm:g}. Leave the option out"
        )
    return as_measured(boards, measured_bar_mm), measured_bar_mm / boards.check_bar_mm


def _settings(run: Path) -> DictConfig:
    """What the film was watched with; ``${...}`` in it is text."""
    settings = run / "config" / "config.yaml"
    if not (run / FILE).is_file() or not settings.is_file():
        raise BadInput(f"{run} is no run folder of watch: {FILE} or config/config.yaml is missing")
    noted = read_options(settings, remedy="Watch again")
    known = OmegaConf.structured(WatchConfig)
    try:
        made = OmegaConf.merge(known, {key: literal_in(value) for key, value in noted.items() if key in known})
    except OmegaConfBaseException as error:
        raise BadInput(f"{settings} does not hold the options of watch: {str(error).splitlines()[0]}") from error
    assert isinstance(made, DictConfig)
    return made


def _check_reach(run: Path, config: DictConfig, elsewhere: str, accept: Sequence[str]) -> None:
    if own(run):
        return
    named = {
        key: str(config[key]) for key in ("patch", "board", "camera", *(() if elsewhere else ("record", "source")))
    }
    foreign = {
        key: value for key, value in named.items()
        if value and (key, value) not in (("board", "auto"), ("board", "none")) and value not in accept
        and "://" not in value and not _inside(run, value)
    }  # fmt: skip
    if foreign:
        told = ", ".join(f"{key}={value}" for key, value in foreign.items())
        raise BadOption(
            f"{run} was not recorded on this account, and its settings open {told}. Nothing of that is opened unasked. "
            f"If you want it, add {shlex.quote(f'accept={spelled(list(foreign.values()))}')}"
            + ("; or say films=[WHERE THE FRAMES ARE]" if {"record", "source"} & foreign.keys() else "")
        )


def _inside(run: Path, place: str) -> bool:
    return Path(place).expanduser().resolve().is_relative_to(run.resolve())


def _read_lines(
    run: Path, known: Mapping[str, Board], scale: float
) -> tuple[list[BoardSighting], list[Success], tuple[int, int]]:
    _, lines = read_log(run / FILE)
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
    return BoardSighting(
        number, board, image_from_board, BoardFrame(
            line["index"], distance_m, pose["yaw_deg"], pose["pitch_deg"], pose["roll_deg"],
            pose["ambiguity"], (float(centre[0]), float(centre[1])),
        ), max(0.0, float(pose["reprojection_px"]) - 1) / max(side_px, 1e-6),
    )  # fmt: skip


def _field_of_view_deg(config: DictConfig, size_px: tuple[int, int]) -> float:
    if not config.camera:
        return CalibratedCamera.guess(size_px, float(config.field_of_view_deg)).field_of_view_deg
    return load_camera(Path(config.camera).expanduser()).scaled(size_px).field_of_view_deg


def with_optics(film: Film, most_frames: int) -> list[BoardFrame]:
    """The frames' conditions, with blur, noise and light where the frame itself can still be read."""
    every = max(1, math.ceil(len(film.sights) / max(most_frames, 1)))
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
