"""Finished runs, from their folders."""

from __future__ import annotations

import os
from pathlib import Path

from physadv.app.python.other_runs import DriveRun, GridRun, PerturbRun, WatchRun
from physadv.app.python.results import Run
from physadv.app.python.study_run import StudyRun
from physadv.core.errors import BadInput
from physadv.engines.studies.theories.table import STUDIES

RUNS: dict[str, type[Run]] = {
    "generate": Run,
    "evaluate": Run,
    "grid": GridRun,
    "watch": WatchRun,
    "perturb": PerturbRun,
    "drive": DriveRun,
    **{f"study {name}": StudyRun for name in (*STUDIES, "all")},
}
"""Commands whose folders hold a ``run.json``."""


def load(run: str | os.PathLike[str]) -> Run:
    """A finished run, from its folder: what :func:`run` returned when it was made. Reads JSON only.

    Raises :class:`BadInput` for folders that are none, did not finish, or are damaged.
    """
    folder = Path(run).expanduser().absolute()
    if not folder.is_dir():
        raise BadInput(f"there is no run folder {os.fspath(run)!r}. Name a folder that generate, evaluate, grid or "
                       "watch wrote")  # fmt: skip
    command = Run(folder).record.command
    if command not in RUNS:
        known = ", ".join(name for name in RUNS if not name.startswith("study"))
        raise BadInput(f"{folder} was written by {command!r}, of which nothing can be loaded. Name a folder that "
                       f"{known} or a study wrote")  # fmt: skip
    found = RUNS[command](folder)
    if not found.record.config.get("dry_run"):
        found.headlines  # noqa: B018 - what is damaged is told now
        found.scores  # noqa: B018
    return found
