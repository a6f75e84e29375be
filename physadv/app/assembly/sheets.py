"""The print sheet of a patch, and the file beside it that says where its tags are."""

from __future__ import annotations

from pathlib import Path

from physadv.core.types import PatchImage
from physadv.library.files.atomic import sweep_drafts
from physadv.library.files.boards import save_boards
from physadv.parts.patches.controls import GREY, RANDOM, arms
from physadv.parts.printing.sheet import SheetOptions, SheetReport, write_sheet


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
