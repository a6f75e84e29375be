"""Judges a patch cell by cell and keeps every cell, so that a stopped or shared grid goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from physadv.engines.judging.collect import observe
from physadv.engines.judging.evaluate import judge_group
from physadv.engines.judging.grid.axes import Cell, condition_words
from physadv.engines.judging.grid.pictures import save_picture
from physadv.engines.judging.kept_cell import kept_cell
from physadv.engines.judging.protocol_text import protocol
from physadv.engines.judging.scoring import ground_truth
from physadv.engines.judging.trial import Trial, groups, keeping
from physadv.library.files.atomic import write_text
from physadv.library.files.plain_json import plain
from physadv.parts.patches.controls import PATCH, arms, role

KEPT = ("success", "AP50", "recall")
CELL_KEYS = {"at", "rows", "protocol"}


def read_cells(files: Mapping[Cell, Path]) -> dict[Cell, dict[str, Any]]:
    """The cells that are done; one whose file is damaged is not."""
    return {cell: content for cell, file in files.items() if (content := kept_cell(file, CELL_KEYS)) is not None}


def fill_cells(
    files: Mapping[Cell, Path], trial_of: Callable[[Cell], Trial], first: str, out: Path
) -> Iterator[tuple[int, int]]:
    """Judge the cells that are not there yet; those along the ``first`` axis get a picture.

    Yields how many cells are done, and of how many, before the first and after each one that is judged.
    """
    done = read_cells(files).keys()
    count = len(done)
    yield count, len(files)
    for cell, file in files.items():
        if cell in done:
            continue
        write_text(file, json.dumps(_judged(trial_of(cell), cell, picture_of(cell, first, file), out), allow_nan=False))
        count += 1
        yield count, len(files)


def picture_of(cell: Cell, first: str, file: Path) -> Path | None:
    """Where the picture of a cell of the first axis is kept; ``None`` for the others."""
    return file.parents[1] / "shown" / file.stem if [name for name, _ in cell] == [first] else None


def _judged(trial: Trial, cell: Cell, pictured: Path | None, out: Path) -> dict[str, Any]:
    """One cell: the scores of every victim under every arm, and how they were made; its picture on the way."""
    shown = arms(trial.patch, trial.seed, trial.others)
    rows = []
    for number, group in enumerate(groups(trial)):
        seen = observe(
            group.showing, shown, group.watched, lambda done, total: None,
            keeping(trial, group, out, measure=False, resumable=False),
        )  # fmt: skip
        if pictured and not number:
            save_picture(pictured, "; ".join(condition_words(*pair) for pair in cell), trial, group, shown, seen)
        for one in judge_group(trial, group, seen, ground_truth(seen), list(shown)).values():
            rows += [
                {
                    "victim": one.watched.victim.name,
                    "condition": arm,
                    "role": role(arm),
                    "scores": [score for score in measured.summary.scores if score.name in KEPT],
                }
                for arm, measured in one.measured.items()
            ]
    return {"at": dict(cell), "rows": plain(rows), "protocol": plain(protocol(trial, seen, group.showing))}


def mean_ap50(cells: Mapping[Cell, Mapping[str, Any]]) -> float:
    """AP50 with the patch, over all cells and victims; ``nan`` where no cell has one."""
    values = [
        score["value"] for cell in cells.values() for row in cell["rows"] for score in row["scores"]
        if row["condition"] == PATCH and score["name"] == "AP50" and score["value"] is not None
    ]  # fmt: skip
    return float(sum(values) / len(values)) if values else float("nan")
