"""Commands as functions: :func:`run` does what the command line does, and returns the outcome."""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, overload

from hydra.core.hydra_config import HydraConfig
from omegaconf import open_dict

from physadv.app import jobs
from physadv.app.commands import COMMANDS, Command
from physadv.app.python.loading import RUNS
from physadv.app.python.other_runs import DriveRun, GridRun, PerturbRun, WatchRun
from physadv.app.python.results import Run
from physadv.app.python.study_run import StudyRun
from physadv.app.python.surroundings import random_kept, visiting
from physadv.app.python.words import words_of
from physadv.app.python.written import Answer, Files, written_beside, written_in
from physadv.core.errors import BadOption, PhysadvError
from physadv.core.nearest import did_you_mean

logger = logging.getLogger(__name__)

Override = str | Mapping[str, Any]
"""``key=value`` as typed, or options as values of Python."""


@overload
def run(
    command: Literal["generate", "evaluate"], *overrides: Override, progress: bool = True, **options: Any
) -> Run: ...
@overload
def run(command: Literal["grid"], *overrides: Override, progress: bool = True, **options: Any) -> GridRun: ...
@overload
def run(command: Literal["watch"], *overrides: Override, progress: bool = True, **options: Any) -> WatchRun: ...
@overload
def run(command: Literal["perturb"], *overrides: Override, progress: bool = True, **options: Any) -> PerturbRun: ...
@overload
def run(command: Literal["drive"], *overrides: Override, progress: bool = True, **options: Any) -> DriveRun: ...
@overload
def run(
    command: Literal[
        "study origin", "study distances", "study fgsm", "study pgd", "study one-pixel", "study boxes", "study masked",
        "study adversarial-training", "study physical", "study overfitting", "study linearity", "study dimension",
        "study slices", "study bugs", "study features",
        "study gradients", "study really-learn", "study bald-head", "study all",
    ],
    *overrides: Override, progress: bool = True, **options: Any,
) -> StudyRun: ...  # fmt: skip
@overload
def run(
    command: Literal[
        "sheet", "calibrate colour", "calibrate camera", "calibrate eot", "eot preview", "study masking",
        "train detector", "train adversarial", "train defense", "train policy",
    ],
    *overrides: Override, progress: bool = True, **options: Any,
) -> Files: ...  # fmt: skip
@overload
def run(
    command: Literal[
        "report", "plugins list", "plugins info", "plugins new", "plugins check", "plugins bisect", "completion",
        "doctor",
    ],
    *overrides: Override, progress: bool = True,
) -> Answer: ...  # fmt: skip
@overload
def run(command: str, *overrides: Override, progress: bool = True, **options: Any) -> Run | Files | Answer: ...
def run(command: str, *overrides: Override, progress: bool = True, **options: Any) -> Run | Files | Answer:
    """Run a command of the command line in this process, and return the outcome.

    ``run("generate", "experiment=stop_sign_hide", {"budget.steps": 50}, size="smoke", budget={"batch": 2})``: texts are
    read as a command line reads them, mappings and keywords hold values of Python. ``progress=False`` keeps bars and
    messages (but no warnings) away from standard error.

    Nothing of the process is changed when it returns or fails, and the process never ends. Commands in several threads
    wait for one another. Raises :class:`PhysadvError`; Ctrl-C stays ``KeyboardInterrupt``, and says how to go on.
    """
    row = _named(command)
    words = [word for one in overrides for word in ([one] if isinstance(one, str) else words_of(one))]
    words += words_of(options)
    with visiting(messages=progress):
        if not row.schema:
            return _answered(row, words)
        return _carried_out(row, words, progress=progress)


def _named(command: str) -> Command:
    if command not in COMMANDS:
        raise BadOption(f"there is no command {command!r}{did_you_mean(command, COMMANDS)}. Known: "
                        f"{', '.join(COMMANDS)}")  # fmt: skip
    return COMMANDS[command]


def _answered(command: Command, words: list[str]) -> Answer:
    """The lines that a command without options prints."""
    said = io.StringIO()
    with redirect_stdout(said):
        code = command.load()(words)
    if code:
        raise PhysadvError(f"{command.words}: {said.getvalue().strip()}")
    return Answer(said.getvalue().rstrip("\n"))


def _carried_out(command: Command, words: list[str], *, progress: bool) -> Run | Files | Answer:
    begun_s = time.time()
    silent = not progress and any(one.name == "progress" for one in fields(command.options))
    prepared = jobs.prepare(command, [*words, *["progress=false"] * silent], _tell)
    if prepared.flags.help:
        return Answer(prepared.help())
    if prepared.flags.multirun or prepared.flags.shown:
        raise BadOption(
            "physadv.run takes options, but neither -m nor --cfg. A sweep is a loop, [physadv.run('generate', seed=s) "
            "for s in range(3)], or is run in a shell, and physadv.load opens each of its folders"
        )
    config = prepared.composer.composed(prepared.ready)
    HydraConfig.instance().set_config(config)
    with open_dict(config):
        del config["hydra"]
    with random_kept():
        done = jobs.carry_out(command, config)
    if done.folder is None:
        return written_beside(Path(done.answer).absolute(), begun_s)
    folder = done.folder.absolute()
    return RUNS[command.words](folder) if command.words in RUNS else written_in(folder)


def _tell(text: str) -> None:
    logger.warning("%s", text.rstrip())
