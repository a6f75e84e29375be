"""Photos of the printed chart become a table for ``ink=calibrated``, with a report on how far it can be trusted."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from omegaconf import DictConfig, OmegaConf
from safetensors.numpy import save

from physadv.app.assembly.pictures import picture_files
from physadv.app.config.calibrate_options import CalibrateColourConfig
from physadv.app.registry import Registry
from physadv.core.errors import BadInput, BadOption
from physadv.library.calibration.colour import WHITE, Levelled, MeasuredColours, level, merged
from physadv.library.calibration.colour_fit import ColourFit, Prior, bake, difference, fit_colours
from physadv.library.calibration.colour_picture import colour_picture
from physadv.library.calibration.colour_sense import check_colours, check_error
from physadv.library.calibration.swatches import SwatchReadings, read_swatches
from physadv.library.colour.conversion import U8, rgb_u8_from_srgb
from physadv.library.colour.print_proof import ProofLut
from physadv.library.fiducials.camera import CalibratedCamera, load_camera
from physadv.library.fiducials.find import DetectedBoard, Finder
from physadv.library.fiducials.mirror import REMEDY, mirrored
from physadv.library.files.atomic import write_bytes, write_text
from physadv.library.files.boards import Board, Boards, as_measured, load_boards
from physadv.library.files.images import load_srgb

logger = logging.getLogger(__name__)
F64 = npt.NDArray[np.float64]

PRIORS = ("auto", "coated-offset", "none")
DOUBLED_BELOW_PX = 2600  # larger photos need not be searched at double size
POOR_ERROR, POOR_COPIES = 3.0, 3.0  # ΔE00 from which the report says so


def calibrate_colour_command(config: DictConfig, _registry: Registry, _out: None) -> None:
    """Write what the options ask for."""
    options: Any = OmegaConf.to_object(config)
    calibrate_colour(options)


def calibrate_colour(config: CalibrateColourConfig) -> Path:
    """Write table, picture and numbers; returns the table's path."""
    out = _checked(config)
    boards = as_measured(load_boards(Path(config.board).expanduser()), config.measured_bar_mm)
    chart = _chart_of(boards, config.board)
    camera = load_camera(Path(config.camera).expanduser()) if config.camera else None
    photos, readings = _photos(picture_files(config.photos, "photos"), boards, chart, camera)
    measured = merged(photos, chart.swatches)
    check_colours(measured.asked, measured.seen)
    priors = {name: _PRIORS[name] for name in (PRIORS[1:] if config.prior == "auto" else (config.prior,))}
    fit = fit_colours(measured.asked, measured.seen, priors)
    check_error(float(fit.errors.mean()))
    report = _report(config, boards, photos, readings, measured, fit)
    metadata = {"calibration": json.dumps(report), "white": WHITE}
    write_bytes(out, save({"table": bake(fit.model, config.nodes)}, metadata))
    write_text(out.with_suffix(".json"), json.dumps(report, indent=1, allow_nan=False))
    write_bytes(out.with_suffix(".png"), _picture(chart, measured, fit, report))
    _tell(out, report)
    return out


def _checked(config: CalibrateColourConfig) -> Path:
    if not config.photos:
        raise BadOption("which photos show the printed chart? Write photos=[a.jpg,b.jpg] or photos=FOLDER")
    if not config.board:
        raise BadOption("which sheet is in the photos? Write board=FOLDER: the folder of its board.json")
    if config.prior not in PRIORS:
        raise BadOption(f"prior must be one of {', '.join(PRIORS)}, got {config.prior!r}")
    if not 9 <= config.nodes <= 65:
        raise BadOption(f"nodes must be from 9 to 65, got {config.nodes}")
    out = Path(config.out).expanduser()
    if out.suffix != ".safetensors":
        raise BadOption(f"out={config.out!r} must be a .safetensors file. Write out={out.with_suffix('.safetensors')}")
    return out


def _chart_of(boards: Boards, named: str) -> Board:
    chart = next((board for board in boards.boards if board.role == "chart" and board.swatches), None)
    if chart is None:
        raise BadInput(f"the sheet of {named!r} has no colour chart. Make a sheet with one, and print that")
    return chart


def _photos(
    files: Sequence[Path], boards: Boards, chart: Board, camera: CalibratedCamera | None
) -> tuple[list[Levelled], dict[str, SwatchReadings]]:
    """Every photo that can be used; if there is none, the first one's fault is raised."""
    levelled, readings, faults = [], {}, []
    for file in files:
        try:
            read = _read(file, boards, chart, camera)
            levelled.append(level(read, chart.swatches, file.name))
            readings[file.name] = read
        except BadInput as error:
            faults.append(error)
        else:
            if levelled[-1].doubt:
                logger.warning("doubt: %s", levelled[-1].doubt)
    if not levelled:
        raise faults[0]
    for fault in faults:
        logger.warning("left out: %s", fault)
    return levelled, readings


def _read(file: Path, boards: Boards, chart: Board, camera: CalibratedCamera | None) -> SwatchReadings:
    rgb_u8 = rgb_u8_from_srgb(load_srgb(file))
    if camera is not None:
        lens = camera.scaled((rgb_u8.shape[1], rgb_u8.shape[0]))
        rgb_u8 = cv2.undistort(rgb_u8, lens.matrix, lens.distortion)
    sighting = _find(rgb_u8, boards, chart, file.name)
    return read_swatches(rgb_u8, sighting.image_from_board, chart.swatches, file.name)


def _find(rgb_u8: U8, boards: Boards, chart: Board, photo: str) -> DetectedBoard:
    """The chart; where nothing is found at full size, a photo of many megapixels is tried smaller."""
    grey_u8 = cv2.cvtColor(rgb_u8, cv2.COLOR_RGB2GRAY)
    others: set[str] = set()
    for shrink in (1, 2, 4):
        if shrink > 1 and max(grey_u8.shape) / shrink < 800:
            break
        size = grey_u8.shape[1] // shrink, grey_u8.shape[0] // shrink
        small = grey_u8 if shrink == 1 else cv2.resize(grey_u8, size, interpolation=cv2.INTER_AREA)
        found = Finder(boards.boards, upsample=max(small.shape) < DOUBLED_BELOW_PX).find(small)
        others |= {seen.board.role for seen in found}
        for seen in found:
            if seen.board is chart:
                return seen if shrink == 1 else _enlarged(seen, grey_u8.shape[1] / small.shape[1])
    if mirrored(_small(grey_u8), [chart]):
        raise BadInput(f"no colour chart found in {photo}: {REMEDY}")
    hint = f" (there is the {' and '.join(sorted(others))} of that sheet, but not its chart)" if others else ""
    raise BadInput(
        f"no colour chart found in {photo}{hint}. Show the whole chart with its {len(chart.tags)} tags, sharp, "
        "tilted by less than 60°, filling at least a quarter of the picture"
    )


def _small(grey_u8: U8) -> U8:
    """For a search that need not be at full size."""
    shrink = max(1, math.ceil(max(grey_u8.shape) / DOUBLED_BELOW_PX))
    size = grey_u8.shape[1] // shrink, grey_u8.shape[0] // shrink
    made: U8 = cv2.resize(grey_u8, size, interpolation=cv2.INTER_AREA)
    return made


def _enlarged(seen: DetectedBoard, factor: float) -> DetectedBoard:
    shift = (factor - 1) / 2  # a picture's edges scale, not its pixel centres
    grow = np.array([[factor, 0, shift], [0, factor, shift], [0, 0, 1.0]])
    return DetectedBoard(
        seen.board,
        seen.ids,
        seen.corners_px * factor + shift,
        grow @ seen.image_from_board,
        seen.reprojection_px * factor,
    )


def _offset(asked: F64) -> F64:
    """Offset on coated paper."""
    codes = torch.from_numpy(np.ascontiguousarray(asked.T)).float()[..., None]
    printed: F64 = ProofLut.load()(codes)[..., 0].numpy().T.astype(np.float64)
    return printed


def _as_asked(asked: F64) -> F64:
    return asked


_PRIORS: dict[str, Prior] = {"coated-offset": _offset, "none": _as_asked}


def _report(
    config: CalibrateColourConfig, boards: Boards, photos: Sequence[Levelled], readings: dict[str, SwatchReadings],
    measured: MeasuredColours, fit: ColourFit,
) -> dict[str, Any]:  # fmt: skip
    def summary(errors: F64) -> dict[str, float]:
        found = errors[~np.isnan(errors)]
        if not len(found):
            return {}
        numbers = {"mean": found.mean(), "p95": np.percentile(found, 95), "worst": found.max()}
        return {name: round(float(value), 3) for name, value in numbers.items()}

    counts, edges = np.histogram(fit.errors, bins=20)
    rows = [
        {
            "photo": name, "read": int(read.good.sum()), "saturated": int(read.saturated.sum()),
            "uneven": int(read.uneven.sum()), "outside": int(read.outside.sum()),
            "light_brightest_to_darkest": round(photo.light_range, 3), "paper_linear": photo.paper.round(4).tolist(),
        }
        for (name, read), photo in zip(readings.items(), photos, strict=True)
    ]  # fmt: skip
    return {
        "format": 1, "made": datetime.now(UTC).isoformat(timespec="seconds"), "white": WHITE,
        "sheet": {"name": boards.name, "digest": boards.digest, "seed": boards.seed,
                  **({"measured_bar_mm": config.measured_bar_mm} if config.measured_bar_mm else {})},
        "photos": rows, "camera": config.camera, "colours": len(measured.asked), "nodes": config.nodes,
        "prior": fit.prior, "smoothing": fit.smoothing,
        "leave_one_out_delta_e00": summary(fit.errors),
        "histogram": {"edges": edges.round(3).tolist(), "counts": counts.tolist()},
        "copies_delta_e00": summary(measured.copies),
        "uncalibrated_delta_e00": {
            name: summary(difference(prior(measured.asked), measured.seen)) for name, prior in _PRIORS.items()
        },
        "residual_srgb_rms": round(float(np.sqrt(np.square(fit.predicted - measured.seen).mean())), 4),
    }  # fmt: skip


def _picture(chart: Board, measured: MeasuredColours, fit: ColourFit, report: dict[str, Any]) -> bytes:
    row_of = {tuple(colour): row for row, colour in enumerate(measured.asked.round(4))}
    rows = np.array([row_of.get(tuple(np.round(s.srgb, 4)), -1) for s in chart.swatches])
    missing = rows < 0
    seen, predicted = (np.where(missing[:, None], np.nan, values[rows]) for values in (measured.seen, fit.predicted))
    errors = np.where(missing, np.nan, fit.errors[rows])
    left_out = report["leave_one_out_delta_e00"]
    heading = (
        f"{report['colours']} colours from {len(report['photos'])} photo(s): left-out error {left_out['mean']:.2f} "
        f"ΔE00 on average, 95 % below {left_out['p95']:.2f}   (prior {fit.prior}, white: {WHITE})"
    )
    return colour_picture(chart.swatches, seen, predicted, errors, heading)


def _tell(out: Path, report: dict[str, Any]) -> None:
    for row in report["photos"]:
        logger.info(
            "%s: %d fields read, %d saturated, %d uneven, %d out of view; light %.0f %% brighter at its brightest",
            row["photo"], row["read"], row["saturated"], row["uneven"], row["outside"],
            100 * (row["light_brightest_to_darkest"] - 1),
        )  # fmt: skip
    left_out, before = report["leave_one_out_delta_e00"], report["uncalibrated_delta_e00"]["coated-offset"]
    logger.info(
        "left-out error: ΔE00 %.2f on average, 95 %% below %.2f, worst %.2f (ink=coated-offset: %.2f on average)",
        left_out["mean"], left_out["p95"], left_out["worst"], before["mean"],
    )  # fmt: skip
    if report["copies_delta_e00"].get("p95", 0.0) > POOR_COPIES:
        logger.warning(
            "copies of the same colour differ: uneven light, glare, a bent sheet, or a wide lens (camera= mends that)"
        )
    if left_out["mean"] > POOR_ERROR:
        logger.warning(
            "the table is poor. Take more photos: sharp, evenly lit, paper bright but not white in the picture"
        )
    logger.info("%s: the table. Use it with ink=calibrated ink.path=%s", out, out)
    logger.info("%s, %s: how good it is", out.with_suffix(".png"), out.with_suffix(".json").name)
