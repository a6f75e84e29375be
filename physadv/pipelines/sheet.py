"""A patch from disk becomes a print-ready PDF at true size."""

from __future__ import annotations

import logging
from pathlib import Path

from physadv.config.sheet_options import SheetConfig
from physadv.errors import BadOption
from physadv.patch_files import load_patch
from physadv.printing.sheet import SheetOptions, write_sheet
from physadv.printing.transfer import write_transfer

logger = logging.getLogger(__name__)


def make_sheet(config: SheetConfig) -> Path:
    """Write the sheet that the options ask for, and return where it is."""
    if not config.patch:
        raise BadOption("which patch shall be printed? Write patch=RUN_FOLDER, or patch=PICTURE width_mm=300.")
    source = Path(config.patch)
    patch = load_patch(source, config.width_mm or None)
    options = SheetOptions(
        paper=config.paper,
        bleed_mm=config.bleed_mm,
        mirror=config.mirror,
        cut_line=config.cut_line,
        dpi=config.dpi,
        title=config.title or _name_of(source),
        note=config.note,
    )
    report = write_sheet(patch, _target(source, config.out), options)
    logger.info(
        "%s: %.5g x %.5g mm on %d page(s) of %g x %g mm, %.0f dpi. Print at 100 %%.",
        report.path, *report.patch_mm, report.pages, *report.paper_mm, report.dpi,
    )  # fmt: skip
    if config.transfer:
        film = write_transfer(patch, report.path.with_name(f"{report.path.stem}-transfer.png"), config.dpi)
        logger.info("%s: the same, mirrored, for a transfer. Print it at its own resolution.", film)
    return report.path


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
