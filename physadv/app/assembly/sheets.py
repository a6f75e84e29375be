"""The print sheet of a patch, and the file beside it that says where its tags are."""

from __future__ import annotations

import logging
from pathlib import Path
from tempfile import TemporaryDirectory

from physadv.core.types import PatchImage
from physadv.library.files.atomic import sweep_drafts
from physadv.library.files.boards import save_boards
from physadv.parts.patches.controls import GREY, RANDOM, arms
from physadv.parts.printing.sheet import SheetOptions, SheetReport, write_sheet

logger = logging.getLogger(__name__)


def write_sheet_and_boards(patch: PatchImage, path: Path, options: SheetOptions, *, with_controls: bool) -> SheetReport:
    """Write the PDF and, where something on it has tags, ``board.json`` beside it (or ``NAME-board.json``).

    The controls are those that a judgement with the same seed compares the patch with.
    """
    shown = arms(patch, options.seed or 0) if with_controls else {}
    sweep_drafts(path.parent, below=False)
    report = write_sheet(patch, path, options, {role: shown[role] for role in (GREY, RANDOM) if role in shown})
    if report.boards:
        stem = path.stem.removesuffix("sheet").rstrip("-")
        save_boards(path.with_name(f"{stem}-board.json" if stem else "board.json"), report.boards)
    return report


def make_sheet_of_run(patch: PatchImage, options: SheetOptions, out: Path) -> None:
    """Write ``sheet.pdf`` at true size, with tags but without the controls, and ``board.json``."""
    report = write_sheet_and_boards(patch, out / "sheet.pdf", options, with_controls=False)
    logger.info("sheet   %s, %d page%s", report.path, report.pages, "" if report.pages == 1 else "s")
    if report.caution:
        logger.warning("caution %s", report.caution)


def try_sheet(patch: PatchImage, options: SheetOptions) -> None:
    """Write a sheet and throw it away."""
    with TemporaryDirectory(prefix="physadv-") as folder:
        write_sheet_and_boards(patch, Path(folder) / "sheet.pdf", options, with_controls=False)
