"""A patch becomes a print-ready PDF at true size, and a file that says where its tags are."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from physadv.app.assembly.sheets import write_sheet_and_boards
from physadv.app.assembly.worn_by import worn_by
from physadv.app.config.choices import job_of_sweep
from physadv.app.config.sheet_options import SheetConfig
from physadv.app.registry import Registry
from physadv.core.errors import BadOption
from physadv.library.files.patches import load_patch
from physadv.library.runs.options import read_object_if_there
from physadv.parts.printing.sheet import SheetOptions, SheetReport
from physadv.parts.printing.transfer import write_transfer

logger = logging.getLogger(__name__)


def sheet_command(config: DictConfig, _registry: Registry, _out: None) -> Path:
    """Write what the options ask for, and return where it is."""
    options: Any = OmegaConf.to_object(config)
    return make_sheet(options, job_of_sweep())


def make_sheet(config: SheetConfig, job: int | None = None) -> Path:
    """Write the sheet that the options ask for, and return where it is.

    In a sweep the number of the ``job`` ends its name: otherwise the last sheet would take the place of all others.
    """
    if not config.patch:
        raise BadOption("which patch shall be printed? Write patch=RUN_FOLDER, or patch=PICTURE width_mm=300.")
    source = Path(config.patch)
    patch = load_patch(source, config.width_mm or None)
    options = _options(config, source)
    with_controls = options.tags != "none" if config.controls is None else config.controls
    target = _target(source, config.out)
    if job is not None:
        target = target.with_stem(f"{target.stem}-{job}")
    report = write_sheet_and_boards(patch, target, options, with_controls=with_controls)
    _tell(report)
    if config.transfer:
        film = report.path.with_name(f"{report.path.stem}-transfer.png")
        board = report.boards.boards[0] if report.boards and report.tags else None
        write_transfer(patch, film, config.dpi, board)
        logger.info("%s: the same, mirrored, for a transfer. Print it at its own resolution.", film)
    return report.path


def _tell(report: SheetReport) -> None:
    logger.info(
        "%s: %.5g x %.5g mm on %d page(s) of %g x %g mm, %.0f dpi. Print at 100 %%.",
        report.path,
        *report.patch_mm,
        report.pages,
        *report.paper_mm,
        report.dpi,
    )
    if report.tags:
        logger.info("%s at 1280 x 720 pixels and 70°. Farther: range_m=10. Without: tags=none.", report.tags.words())
    if report.caution:
        logger.warning("caution %s", report.caution)


def _options(config: SheetConfig, source: Path) -> SheetOptions:
    film = (config.mirror or config.transfer) and config.tags == "auto" and not config.range_m
    return SheetOptions(
        paper=config.paper,
        bleed_mm=config.bleed_mm,
        mirror=config.mirror,
        cut_line=config.cut_line,
        dpi=config.dpi,
        tags="none" if film else config.tags.strip().lower(),
        range_m=config.range_m,
        chart=config.chart,
        seed=_seed(source) if config.seed is None else config.seed,
        title=config.title or _name_of(source),
        note=config.note,
        worn_by=_worn_by(source),
    )


def _worn_by(source: Path) -> tuple[str, tuple[float, float]] | None:
    """The object that the run behind the patch puts it on; ``None`` where no run folder tells."""
    scenes = _run_of(source).get("config", {}).get("scenes", {})
    return worn_by(scenes) if isinstance(scenes, dict) else None


def _seed(source: Path) -> int:
    """The seed of the run that the patch lies in; 0, as everywhere, where there is none."""
    seed = _run_of(source).get("seed")
    return seed if isinstance(seed, int) else 0


def _run_of(source: Path) -> dict[str, Any]:
    return read_object_if_there((source if source.is_dir() else source.parent) / "run.json")


def _name_of(source: Path) -> str:
    path = source.resolve()
    return path.parent.name if path.stem == "patch" and path.is_file() else path.stem


def _target(source: Path, out: str) -> Path:
    if not out:
        folder = source if source.is_dir() else source.parent
        return folder / ("sheet.pdf" if source.is_dir() or source.stem == "patch" else f"{source.stem}-sheet.pdf")
    target = Path(out)
    if target.suffix.lower() != ".pdf":
        raise BadOption(f"out={out!r} must be a PDF file. Write out={target.with_suffix('.pdf')}.")
    return target
