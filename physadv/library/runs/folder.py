"""The run folder: one place for everything a run writes, never silently overwritten, never left half made."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from physadv.core.errors import BadInput, BadOutput, PhysadvError
from physadv.library.files.atomic import DAY_S, sweep_drafts
from physadv.library.runs.file_errors import told_with_cause
from physadv.library.runs.locks import locked

logger = logging.getLogger(__name__)

_CONFIG = {"config.yaml", "choices.yaml", "overrides.yaml"}
_PREVIEW = "preview.png"


def untouched(folder: Path) -> bool:
    """Whether a run may take the folder over: it is empty, or holds no more than a dry run or a killed start leaves."""
    if not folder.is_dir():
        return False
    names = {path.name for path in folder.iterdir()}
    if not names:
        return True
    config = folder / "config"
    return names <= {"config", _PREVIEW} and config.is_dir() and {p.name for p in config.iterdir()} >= _CONFIG


def free_folder(wanted: Path) -> Path:
    """The folder, or the first one beside it with a number that no run has."""
    folder, number = wanted, 1
    while folder.exists() and not untouched(folder):
        number += 1
        folder = wanted.with_name(f"{wanted.name}-{number}")
    return folder


@dataclass(frozen=True)
class FolderClaim:
    """How a command wants its run folder."""

    resume: bool  # go on in a folder that is there
    shared: bool  # with other jobs of the same run
    dry_run: bool  # look only: a run that is there is left as it is
    resumable: bool  # whether a run that was stopped can go on
    named: bool  # whether the user named the folder: what was typed need not be typed again
    check: Callable[[Path], None]  # refuses to go on under other options than before
    note: Callable[[Path], None]  # notes the options in the folder


@contextmanager
def claimed(folder: Path, claim: FolderClaim) -> Iterator[Path]:
    """Take the run folder and note the options in it, so that no other command can have it meanwhile.

    A run that fails before it has made anything leaves nothing. One that fails later, or is stopped, says how to go on.
    """
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    with told_with_cause(folder), _taken(folder, claim) as fresh:
        if not fresh and (folder / "config" / "choices.yaml").is_file():
            claim.check(folder)
        known = {path for path in folder.rglob("*") if path.is_file()}
        try:
            sweep_drafts(folder, DAY_S if claim.shared else 0.0)
            if fresh:
                (folder / _PREVIEW).unlink(missing_ok=True)
            if fresh or not claim.dry_run:
                claim.note(folder)
            yield folder
        except BaseException as error:
            kept = claim.shared or not _forget(folder, made, known)
            _say_how_to_go_on(error, folder, claim, kept=kept)
            raise


@contextmanager
def _taken(folder: Path, claim: FolderClaim) -> Iterator[bool]:
    """Hold the folder; tells whether it is a fresh one.

    Making a folder succeeds for one process alone, and one that is there is locked as long as a command works in it.
    """
    if claim.resume and not (folder / "config" / "config.yaml").is_file():
        raise BadInput(f"{folder} is not a run folder that can be resumed: config/config.yaml is missing")
    made = True
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir()
    except FileExistsError as error:
        made = False
        if not folder.is_dir():
            raise BadOutput(f"{folder} is a file, and a run needs a folder. Choose another out=") from error
        _expect_free(folder, claim)
    with locked(folder, shared=claim.shared):
        if not made:
            _expect_free(folder, claim)  # another command may have worked in it until now
        yield untouched(folder)


def _expect_free(folder: Path, claim: FolderClaim) -> None:
    if not (claim.resume or claim.shared or untouched(folder)):
        raise BadOutput(f"{folder} exists. Choose another out=, or resume=true to go on with it")


_EARLY = {
    "preview.png", "patch.png", "patch.safetensors", "asked.png", "proof.json", "proof.png", "key.txt", *_CONFIG,
}  # fmt: skip
"""Files that a run writes before its first result: they can all be made again in seconds."""


def _forget(folder: Path, made: list[Path], known: set[Path]) -> bool:
    """Remove what a failed start wrote, and the folders made for it; ``False``, and nothing, if there is more.

    ``known`` files were there before.
    """
    new = {path for path in folder.rglob("*") if path.is_file()} - known
    theirs = {path for path in known if path != folder / _PREVIEW and path.parent != folder / "config"}
    if theirs or not all(map(_early, new)):
        return False
    if folder in made:
        shutil.rmtree(folder, ignore_errors=True)
        for parent in made[1:]:
            with suppress(OSError):
                parent.rmdir()
    return True


def _early(file: Path) -> bool:
    if file.name == "frames.jsonl":  # the heading of a film of which no frame was seen
        return file.read_bytes().count(b"\n") <= 1
    return file.name in _EARLY or file.parent.name == "config"


def _say_how_to_go_on(error: BaseException, folder: Path, claim: FolderClaim, *, kept: bool) -> None:
    """The last line of a run that was stopped; a line before the error of one that failed."""
    resumable = (folder / "config" / "config.yaml").is_file() and claim.resumable
    more = "resume=true" if claim.named else f"out={folder} resume=true"  # what was typed need not be typed again
    if isinstance(error, KeyboardInterrupt):
        if not kept:
            said = "stopped before anything was made; nothing is left behind"
        elif resumable:
            said = f"stopped. Go on with the same command plus {more}"
        else:
            said = f"stopped. What was made until then is in {folder}"
        error.args = (said,)
    elif kept and resumable and isinstance(error, PhysadvError | OSError):
        logger.info("what was made until then is in %s: go on with the mended command plus %s", folder, more)
