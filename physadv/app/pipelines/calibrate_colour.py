"""Photos of the printed chart become a table for ``ink=calibrated``, with a report on how far it can be trusted."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from safetensors.numpy import save

from physadv.app.assembly.pictures import picture_files
from physadv.app.config.calibrate_options import CalibrateColourConfig
from physadv.app.registry import Registry
from physadv.core.errors import BadInput, BadOption
from physadv.library.calibration.colour import WHITE, ChartPhoto, level, merged
from physadv.library.calibration.colour_fit import bake, fit_colours
from physadv.library.calibration.colour_picture import colour_picture
from physadv.library.calibration.colour_priors import PRIORS
from physadv.library.calibration.colour_report import FORMAT, colour_report, sheet_row
from physadv.library.calibration.colour_sense import check_colours, check_error
from physadv.library.calibration.swatches import read_swatches
from physadv.library.colour.conversion import rgb_u8_from_srgb
from physadv.library.fiducials.camera import CalibratedCamera, load_camera
from physadv.library.fiducials.chart import chart_of, find_chart
from physadv.library.files.atomic import write_bytes, write_text
from physadv.library.files.boards import Board, Boards, as_measured, load_boards
from physadv.library.files.images import load_srgb

logger = logging.getLogger(__name__)

POOR_ERROR, POOR_COPIES = 3.0, 3.0  # ΔE00 from which the report says so


def calibrate_colour_command(config: DictConfig, _registry: Registry, _out: None) -> Path:
    """Write what the options ask for, and return where it is."""
    options: Any = OmegaConf.to_object(config)
    return calibrate_colour(options)


def calibrate_colour(config: CalibrateColourConfig) -> Path:
    """Write table, picture and numbers; returns the table's path."""
    out = _checked(config)
    boards = as_measured(load_boards(Path(config.board).expanduser()), config.measured_bar_mm)
    chart = chart_of(boards, config.board)
    camera = load_camera(Path(config.camera).expanduser()) if config.camera else None
    photos = _photos(picture_files(config.photos, "photos"), boards, chart, camera)
    measured = merged([photo.levelled for photo in photos], chart.swatches)
    check_colours(measured.asked, measured.seen)
    fit = fit_colours(
        measured.asked, measured.seen, PRIORS if config.prior == "auto" else {config.prior: PRIORS[config.prior]}
    )
    check_error(float(fit.errors.mean()))
    report = {
        "format": FORMAT,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "sheet": sheet_row(boards, config.measured_bar_mm),
        "camera": config.camera,
        **colour_report(photos, measured, fit, config.nodes),
    }
    metadata = {"calibration": json.dumps(report), "white": WHITE}
    write_bytes(out, save({"table": bake(fit.model, config.nodes)}, metadata))
    write_text(out.with_suffix(".json"), json.dumps(report, indent=1, allow_nan=False))
    write_bytes(out.with_suffix(".png"), colour_picture(chart.swatches, measured, fit, _heading(report)))
    _tell(out, report)
    return out


def _checked(config: CalibrateColourConfig) -> Path:
    if not config.photos:
        raise BadOption("which photos show the printed chart? Write photos=[a.jpg,b.jpg] or photos=FOLDER")
    if not config.board:
        raise BadOption("which sheet is in the photos? Write board=FOLDER: the folder of its board.json")
    if config.prior not in (known := ("auto", *PRIORS)):
        raise BadOption(f"prior must be one of {', '.join(known)}, got {config.prior!r}")
    if not 9 <= config.nodes <= 65:
        raise BadOption(f"nodes must be from 9 to 65, got {config.nodes}")
    out = Path(config.out).expanduser()
    if out.suffix != ".safetensors":
        raise BadOption(f"out={config.out!r} must be a .safetensors file. Write out={out.with_suffix('.safetensors')}")
    return out


def _photos(files: Sequence[Path], boards: Boards, chart: Board, camera: CalibratedCamera | None) -> list[ChartPhoto]:
    """Every photo that can be used; if there is none, the first one's fault is raised."""
    photos, faults = [], []
    for file in files:
        try:
            photos.append(_photo(file, boards, chart, camera))
        except BadInput as error:
            faults.append(error)
        else:
            if doubt := photos[-1].levelled.doubt:
                logger.warning("doubt: %s", doubt)
    if not photos:
        raise faults[0]
    for fault in faults:
        logger.warning("left out: %s", fault)
    return photos


def _photo(file: Path, boards: Boards, chart: Board, camera: CalibratedCamera | None) -> ChartPhoto:
    rgb_u8 = rgb_u8_from_srgb(load_srgb(file))
    if camera is not None:
        rgb_u8 = camera.straightened(rgb_u8)
    sighting = find_chart(rgb_u8, boards, chart, file.name)
    readings = read_swatches(rgb_u8, sighting.image_from_board, chart.swatches, file.name)
    return ChartPhoto(file.name, readings, level(readings, chart.swatches, file.name))


def _heading(report: dict[str, Any]) -> str:
    left_out = report["leave_one_out_delta_e00"]
    return (
        f"{report['colours']} colours from {len(report['photos'])} photo(s): left-out error {left_out['mean']:.2f} "
        f"ΔE00 on average, 95 % below {left_out['p95']:.2f}   (prior {report['prior']}, white: {WHITE})"
    )


def _tell(out: Path, report: dict[str, Any]) -> None:
    for row in report["photos"]:
        logger.info(
            "%s: %d fields read, %d saturated, %d uneven, %d out of view; light %.0f %% brighter at its brightest",
            *(row[key] for key in ("photo", "read", "saturated", "uneven", "outside")),
            100 * (row["light_brightest_to_darkest"] - 1),
        )
    left_out, before = report["leave_one_out_delta_e00"], report["uncalibrated_delta_e00"]["coated-offset"]
    logger.info(
        "left-out error: ΔE00 %.2f on average, 95 %% below %.2f, worst %.2f (ink=coated-offset: %.2f on average)",
        *(left_out[key] for key in ("mean", "p95", "worst")),
        before["mean"],
    )
    if report["copies_delta_e00"].get("p95", 0.0) > POOR_COPIES:
        logger.warning(
            "copies of the same colour differ: uneven light, glare, a bent sheet, or a wide lens "
            "(camera= corrects that)"
        )
    if left_out["mean"] > POOR_ERROR:
        logger.warning(
            "the table is poor. Take more photos: sharp, evenly lit, paper bright but not white in the picture"
        )
    logger.info("%s: the table. Use it with ink=calibrated ink.path=%s", out, out)
    logger.info("%s, %s: how good it is", out.with_suffix(".png"), out.with_suffix(".json").name)
