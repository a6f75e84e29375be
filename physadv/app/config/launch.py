"""Hands a checked command to Hydra, which runs it once, or once for every combination of a sweep."""

from __future__ import annotations

import io
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from datetime import datetime
from pathlib import Path

import hydra
from omegaconf import DictConfig

from physadv.app.commands import Command
from physadv.app.config.flags import Flags
from physadv.app.config.locate import conf_dir
from physadv.app.config.spelling import quoted
from physadv.core.errors import PhysadvError
from physadv.core.masking import masked

Job = Callable[[DictConfig], float | None]


def launch(command: Command, flags: Flags, ready: Sequence[str], job: Job) -> None:
    """Run; the first complaint of a job is raised when all of them are through."""
    place = Path(tempfile.mkdtemp(prefix="physadv-"))
    complaints = place / "complaints"  # a folder, because a sweep's jobs may be other processes

    def task(config: DictConfig) -> float | None:
        try:
            return job(config)
        except PhysadvError as error:  # hydra would print a traceback; the siblings of a sweep go on
            complaints.mkdir(parents=True, exist_ok=True)
            said = f"{error.exit_code} {error}".encode(errors="backslashreplace")
            (complaints / secrets.token_hex(8)).write_bytes(said)
            return None

    mode = ["--multirun"] if flags.multirun and not flags.shown else []
    try:
        with _sweep_folder(flags, ready, place) as own:
            # argparse refuses options after a flag
            sys.argv = [f"physadv {command.words}", *mode, *flags.shown, *ready, *own]
            run = hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name=command.config_name)(task)
            if flags.shown:
                _show(run)
            else:
                run()
        _complain(complaints)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _show(run: Callable[[], None]) -> None:
    """Print Hydra's view of the configuration, without passwords."""
    said = io.StringIO()
    with redirect_stdout(said):
        run()
    sys.stdout.write(masked(said.getvalue()))


def _complain(complaints: Path) -> None:
    heard = sorted(complaints.iterdir(), key=lambda file: file.stat().st_mtime) if complaints.is_dir() else []
    if heard:
        code, _, said = heard[0].read_text(encoding="utf-8").partition(" ")
        first = PhysadvError(said)
        first.exit_code = int(code)
        raise first


@contextmanager
def _sweep_folder(flags: Flags, ready: Sequence[str], place: Path) -> Iterator[list[str]]:
    """Where Hydra puts what it notes about a sweep; the jobs' run folders lie there only where no ``out=`` is given.

    Its note holds what was typed, passwords included, and says nothing that the run folders do not.
    """
    keys = {text.partition("=")[0]: text.partition("=")[2] for text in ready}
    if not flags.multirun or flags.shown or "hydra.sweep.dir" in keys:
        yield []
        return
    here = keys.get("hydra/launcher", "basic") in ("basic", "joblib")  # others keep the states of their jobs there
    folder = place / "sweep" if "out" in keys and here else Path("runs/sweeps") / f"{datetime.now():%Y-%m-%d_%H-%M-%S}"
    try:
        yield [f"hydra.sweep.dir={quoted(str(folder))}"]
    finally:
        (folder / "multirun.yaml").unlink(missing_ok=True)
        for empty in (folder, *folder.parents[:2]):
            with suppress(OSError):
                empty.rmdir()
