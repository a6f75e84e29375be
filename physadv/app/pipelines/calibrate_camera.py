"""Pictures of the printed ChArUco board become ``camera.yaml``; or the board becomes a page to print."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
from omegaconf import DictConfig, OmegaConf

from physadv.app.assembly.pictures import SUFFIXES, picture_files
from physadv.app.config.calibrate_options import CalibrateCameraConfig
from physadv.app.registry import Registry
from physadv.core.errors import BadInput, BadOption
from physadv.library.calibration.camera_picture import camera_picture
from physadv.library.calibration.camera_report import camera_report
from physadv.library.calibration.charuco import BoardView, Charuco, Squares
from physadv.library.calibration.intrinsics import MIN_VIEWS, Intrinsics, calibrate_twice, doubts
from physadv.library.colour.conversion import U8, rgb_u8_from_srgb
from physadv.library.fiducials.camera import CalibratedCamera, save_camera
from physadv.library.fiducials.mirror import REMEDY, flipped
from physadv.library.files.atomic import write_bytes, write_text
from physadv.library.files.images import load_srgb
from physadv.parts.frames.open import open_source
from physadv.parts.frames.options import FrameOptions
from physadv.parts.frames.packets import open_film
from physadv.parts.printing.charuco_page import charuco_page

logger = logging.getLogger(__name__)

FILM_FRAMES = 150  # of a film that are looked at, evenly over its length
SAY_EVERY_S = 5.0
PATIENCE_S, EMPTY_PATIENCE_S = 600.0, 60.0  # then the search ends: with what was found, or with nothing


def calibrate_camera_command(config: DictConfig, _registry: Registry, _out: None) -> Path:
    """Write what the options ask for, and return where it is."""
    options: Any = OmegaConf.to_object(config)
    return calibrate_camera(options)


def calibrate_camera(config: CalibrateCameraConfig) -> Path:
    """Write the camera with its report, or the board's page; returns what was written."""
    if len(config.squares) != 2:
        raise BadOption(f"squares must be [columns,rows], got {list(config.squares)}")
    squares = Squares(*config.squares)
    if config.print:
        return _print_board(config, squares)
    if not config.source:
        raise BadOption(
            "which pictures show the board? Write source=FOLDER, source=film.mp4 or source=[a.jpg,b.jpg]; "
            "print=true makes the board"
        )
    if not MIN_VIEWS <= config.views <= 500:
        raise BadOption(f"views must be from {MIN_VIEWS} to 500, got {config.views}")
    out = Path(config.out or "camera.yaml").expanduser()
    if out.suffix not in (".yaml", ".yml"):
        raise BadOption(f"out={config.out!r} must be a .yaml file. Write out={out.with_suffix('.yaml')}")
    found, views = calibrate_twice(_views(config, squares), config.views)
    camera = CalibratedCamera(found.matrix, found.distortion, found.size_px, f"ChArUco, {len(views)} views")
    save_camera(out, camera)
    warnings = doubts(found, views)
    write_text(out.with_suffix(".json"), json.dumps(camera_report(found, views, warnings), indent=1, allow_nan=False))
    heading = f"{camera.source}, {found.size_px[0]}x{found.size_px[1]} px, field of view {found.field_of_view_deg:.1f}°"
    write_bytes(out.with_suffix(".png"), camera_picture(found, views, heading))
    _tell(out, found, views, warnings)
    return out


def _views(config: CalibrateCameraConfig, squares: Squares) -> list[BoardView]:
    charuco, views, looked_at, without = Charuco(squares), [], 0, None
    started = reported = time.monotonic()
    for name, grey_u8 in _pictures(config.source):
        looked_at += 1
        view = charuco.read(grey_u8, name)
        if view is None:
            logger.debug("%s: no board", name)
            without = grey_u8
        else:
            views.append(view)
        now = time.monotonic()
        if now - reported > SAY_EVERY_S:
            reported = now
            logger.info("%d pictures looked at, the board is in %d of them", looked_at, len(views))
        if now - started > (PATIENCE_S if views else EMPTY_PATIENCE_S):
            logger.warning("no more pictures are looked at: it has taken %.0f s", now - started)
            break
    logger.info("the board is in %d of %d pictures", len(views), looked_at)
    if not views and without is not None and charuco.read(flipped(without), "flipped"):
        raise BadInput(f"no ChArUco board found in {looked_at} picture(s): {REMEDY}")
    if not views:
        raise BadInput(
            f"no ChArUco board of {squares.columns} x {squares.rows} squares found in {looked_at} picture(s). Print "
            "the one that print=true makes, give its squares=[columns,rows], and show at least half of it, sharp"
        )
    return views


def _pictures(source: str | Sequence[str]) -> Iterator[tuple[str, U8]]:
    path = Path(source).expanduser() if isinstance(source, str) else None
    if path is not None and path.is_file() and path.suffix.lower() not in SUFFIXES:
        yield from _film(path)
        return
    for file in picture_files(source, "source"):
        yield file.name, cv2.cvtColor(rgb_u8_from_srgb(load_srgb(file)), cv2.COLOR_RGB2GRAY)


def _film(path: Path) -> Iterator[tuple[str, U8]]:
    """Frames evenly over the film's length."""
    film = open_film(str(path), path.name)
    frames = (film.duration_s or 0.0) * (film.fps or 0.0)
    film.release()
    stride = max(round(frames / FILM_FRAMES), 1)
    for frame in open_source(str(path), options=FrameOptions(drop="none")):
        if frame.index % stride == 0:
            yield f"frame {frame.index}", cv2.cvtColor(frame.bgr_u8, cv2.COLOR_BGR2GRAY)


def _tell(out: Path, found: Intrinsics, views: Sequence[BoardView], warnings: Sequence[str]) -> None:
    matrix, deviations = found.matrix, found.deviations
    logger.info(
        "focal length %.1f ± %.1f px (field of view %.1f°), axis at %.1f, %.1f; rms %.2f px over %d views",
        *(matrix[0, 0], deviations["focal_x_px"], found.field_of_view_deg),
        *(matrix[0, 2], matrix[1, 2], found.rms_px, len(views)),
    )
    for doubt in warnings:
        logger.warning("doubt: %s", doubt)
    logger.info(
        "%s: the camera. %s, %s: how good it is", out, out.with_suffix(".png").name, out.with_suffix(".json").name
    )


def _print_board(config: CalibrateCameraConfig, squares: Squares) -> Path:
    """One page with the board at true size."""
    out = Path(config.out or "charuco.pdf").expanduser()
    if out.suffix.lower() != ".pdf":
        raise BadOption(f"out={config.out!r} must be a PDF file. Write out={out.with_suffix('.pdf')}")
    page, words = charuco_page(squares, config.square_mm, config.paper)
    write_bytes(out, page)
    logger.info("%s: %s. Print at 100 %%.", out, words)
    return out
