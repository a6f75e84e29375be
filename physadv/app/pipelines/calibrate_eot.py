"""Films of a printed board become a preset of conditions; what it predicts is held against what was measured."""

from __future__ import annotations

import base64
import json
import logging
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from physadv.app.assembly import parts
from physadv.app.assembly.filmed_conditions import FilmedConditions, filmed_conditions, picture_width_px
from physadv.app.assembly.films import read_films
from physadv.app.assembly.predictions import predictions, predictions_cost, prints_of
from physadv.app.config import run_folder
from physadv.app.config.choices import choices
from physadv.app.config.judging_options import JudgingOptions
from physadv.app.registry import Registry
from physadv.core.errors import BadOption
from physadv.core.masking import masked
from physadv.core.types import PatchImage
from physadv.engines.watch.measured_success import success_by_role
from physadv.library.calibration.conditions_picture import conditions_picture
from physadv.library.calibration.eot_report import FORMAT, range_rows, success_rows
from physadv.library.files.atomic import write_bytes, write_text
from physadv.library.files.patches import load_patch
from physadv.library.report.pages.html import filled

logger = logging.getLogger(__name__)
Json = dict[str, Any]


def calibrate_eot(config: DictConfig, registry: Registry, _out: None) -> Path:
    """Write the preset, and report, numbers and judgements into the folder of its name; returns the preset's path."""
    target, patch = _checked(config)
    films = read_films(
        [Path(run).expanduser() for run in config.runs], list(config.films), list(config.accept), config.measured_bar_mm
    )
    options, role = JudgingOptions.of(config), str(config.role)
    width_px = picture_width_px(config.picture_px, options.settings)
    with run_folder.opened(target.with_suffix(""), config) as out:
        filmed = filmed_conditions(films, options, config.most_frames, width_px)
        cases, device = filmed.cases(options), parts.device_of(config.device)
        prints = prints_of(patch, films, role, options.seed, out) if patch else ()
        if config.dry_run:
            if prints:
                logger.info("cost    %s", predictions_cost(registry, cases, prints, device, out).words())
            logger.info("dry run: all parts fit")
            return target
        measured = success_by_role(films, role, options.seed)
        predicted = predictions(registry, cases, prints, device, out) if prints else {}
        content = {
            **_heading(target, config, filmed),
            **range_rows(filmed.frames, filmed.found, filmed.placed, options.settings),
            **success_rows(measured, predicted, role),
        }
        _write_report(filmed, content, out)
        # last: where the preset is, all of it went well, and a failed command can be repeated
        write_text(target, filmed.preset(target.stem, options.choices["eot"]))
        _tell(target, out, content)
    return target


def _checked(config: DictConfig) -> tuple[Path, PatchImage | None]:
    """The preset's path and the patch: what would be refused after minutes is refused now."""
    if not config.runs:
        raise BadOption("which recordings? Say runs=[FOLDER,...]: run folders that `physadv watch` wrote")
    if len(config.films) not in (0, len(config.runs)):
        raise BadOption(
            f"films names one video or folder a run: {len(config.runs)} run(s), {len(config.films)} film(s)"
        )
    if config.role not in ("patch", "grey", "random"):
        raise BadOption(f"role must be patch, grey or random, got {config.role!r}")
    if config.most_frames < 1 or config.picture_px < 0:
        raise BadOption("most_frames must be at least 1, and picture_px at least 0")
    if not config.out:
        raise BadOption("where to? Say out=my_place.yaml: the preset file to write")
    target = Path(config.out).expanduser()
    if target.suffix != ".yaml":
        raise BadOption(f"out={config.out!r} must be a .yaml file. Write out={target.with_suffix('.yaml')}")
    if target.exists():
        raise BadOption(f"{target} exists. Choose another out=")
    return target, load_patch(Path(config.patch).expanduser(), config.width_mm or None) if config.patch else None


def _heading(target: Path, config: DictConfig, filmed: FilmedConditions) -> Json:
    return {
        "format": FORMAT,
        "preset": str(target),
        "parent": choices()["eot"],
        "role": config.role,
        "measured_bar_mm": config.measured_bar_mm or None,
        "runs": [{"folder": str(f.folder), "source": masked(f.source), "frames": len(f.sights)} for f in filmed.films],
        "overrides": filmed.overrides,
    }


def _write_report(filmed: FilmedConditions, content: Json, out: Path) -> None:
    write_text(out / "calibration.json", json.dumps(content, indent=1, allow_nan=False))
    picture = conditions_picture(filmed.frames, content)
    write_bytes(out / "calibration.png", picture)
    embedded = "data:image/png;base64," + base64.b64encode(picture).decode()
    write_text(out / "report.html", filled("calibrated.html.j2", {**content, "picture": embedded}))


def _tell(target: Path, out: Path, content: Json) -> None:
    logger.info(
        "%d frames with a pose, %d of them with blur, noise and light", content["frames"], content["frames_with_optics"]
    )
    for option in content["options"]:
        before = "–" if option["before"] is None else "{:g} to {:g}".format(*option["before"])
        logger.info("%-28s %s  →  %g to %g", option["key"], before, *option["after"])
    for role, row in content["measured"].items():
        interval = f"{row['value']:.2f} [{row['low']:.2f}, {row['high']:.2f}]"
        logger.info("measured success, %s: %s on %d frames", role, interval, row["frames"])
    for case, gap in content["gaps"].items():
        predicted = content["predicted"][case][content["role"]]["value"]
        logger.info("predicted %s: %.2f, %+.2f against measured", case, predicted, gap)
    logger.info("preset  %s (with it: %s)", target, " ".join(content["overrides"]) or "nothing else")
    logger.info("report  %s", out / "report.html")
