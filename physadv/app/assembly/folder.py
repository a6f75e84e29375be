"""The run folder: one place for everything a run writes, never silently overwritten, never left half made."""

from __future__ import annotations

import errno
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import yaml
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from physadv.app.config.choices import choices
from physadv.app.config.seal import seal
from physadv.core.errors import BadInput, BadOption, BadOutput, PhysadvError
from physadv.core.masking import masked_in
from physadv.library.files.atomic import DAY_S, sweep_drafts, write_text
from physadv.library.runs.locks import locked
from physadv.library.runs.options import read_options

logger = logging.getLogger(__name__)


def choose(config: DictConfig) -> Path:
    """Where this run goes: ``out``, or runs/<date>-<name>; jobs of a sweep get a numbered folder each."""
    hydra = HydraConfig.get()
    sweep = hydra.mode == RunMode.MULTIRUN
    if _shared(config):
        if not config.out:
            raise BadOption("parts share one run folder: name it with out=FOLDER")
        return Path(config.out).expanduser()
    if config.out:
        folder = Path(config.out).expanduser()
        return folder / str(hydra.job.num) if sweep else folder
    if sweep:
        return Path(hydra.sweep.dir) / str(hydra.job.num)
    if config.resume:
        raise BadOption("resume=true needs out=FOLDER: the run folder to go on with")
    return _free(Path("runs") / f"{datetime.now():%Y-%m-%d}-{config.name}")


def _shared(config: DictConfig) -> bool:
    """Whether several jobs work in one folder."""
    return bool(config.get("parts", 1) > 1)


def _free(wanted: Path) -> Path:
    folder, number = wanted, 1
    while folder.exists() and not untouched(folder):
        number += 1
        folder = wanted.with_name(f"{wanted.name}-{number}")
    return folder


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


@contextmanager
def opened(folder: Path, config: DictConfig) -> Iterator[Path]:
    """Take the run folder and note the configuration in it, so that no other command can have it meanwhile.

    A run that fails before it has made anything leaves nothing. One that fails later, or is stopped, says how to go on.
    """
    shared = _shared(config)
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    with _reporting(folder), _taken(folder, config, shared=shared) as fresh:
        if not fresh and (folder / "config" / "choices.yaml").is_file():
            _same_run(folder, config)
        known = {path for path in folder.rglob("*") if path.is_file()}
        try:
            sweep_drafts(folder, DAY_S if shared else 0.0)
            if fresh:
                (folder / _PREVIEW).unlink(missing_ok=True)
            if fresh or not config.dry_run:
                _note(folder, config)
            yield folder
        except BaseException as error:
            kept = shared or not _forget(folder, made, known)
            _say_how_to_go_on(error, folder, config, kept=kept)
            raise


@contextmanager
def _reporting(folder: Path) -> Iterator[None]:
    """Failures of the file system as one line with the true cause: not every file that fails is one that is written."""
    try:
        yield
    except OSError as error:
        raise _explained(error, folder) from error


def _explained(error: OSError, folder: Path) -> PhysadvError:
    reason = error.strerror or str(error) or type(error).__name__
    if error.filename is None and error.errno not in _FULL:
        return BadInput(f"the system says: {reason}")
    file = Path(os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else folder).absolute()
    place = folder.absolute()
    if error.errno in _FULL or place in (file, *file.parents) or file in place.parents:
        return BadOutput(f"cannot write to {folder}: {reason}. Choose another out=, or free the disk")
    name = str(file)
    return BadInput(f"cannot open {name if len(name) < _LONG else name[:_LONG] + '…'}: {reason}")


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_LONG = 200  # characters of a path that are shown


@contextmanager
def _taken(folder: Path, config: DictConfig, *, shared: bool) -> Iterator[bool]:
    """Hold the folder; tells whether it is a fresh one.

    Making a folder succeeds for one process alone, and one that is there is locked as long as a command works in it.
    """
    if config.resume and not (folder / "config" / "config.yaml").is_file():
        raise BadInput(f"{folder} is not a run folder that can be resumed: config/config.yaml is missing")
    made = True
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir()
    except FileExistsError as error:
        made = False
        if not folder.is_dir():
            raise BadOutput(f"{folder} is a file, and a run needs a folder. Choose another out=") from error
        _expect_free(folder, config, shared=shared)
    with locked(folder, shared=shared):
        if not made:
            _expect_free(folder, config, shared=shared)  # another command may have worked in it until now
        yield untouched(folder)


def _expect_free(folder: Path, config: DictConfig, *, shared: bool) -> None:
    if not (config.resume or shared or untouched(folder)):
        raise BadOutput(f"{folder} exists. Choose another out=, or resume=true to go on with it")


_AFRESH = "It cannot be resumed: start afresh with another out="
_FREE_TO_CHANGE = {
    "resume", "out", "device", "progress", "dry_run", "strict", "judge", "paper", "protocol", "axes", "only",
    "map", "usable_from", "part", "parts",
}  # fmt: skip


def _same_run(folder: Path, config: DictConfig) -> None:
    """Refuse to resume under other options: the patch would be neither the old run's nor the new one's."""
    before = read_options(folder / "config" / "config.yaml", remedy=_AFRESH)
    now = masked_in(OmegaConf.to_container(config, resolve=True))
    assert isinstance(now, dict)
    for options in (before, now):
        if isinstance(budget := options.get("budget"), dict):
            budget.pop("steps", None)  # a finished run may be given more
    parts = read_options(folder / "config" / "choices.yaml", remedy=_AFRESH)
    changed = {str(k) for k in now if k not in _FREE_TO_CHANGE and now[k] != before.get(k)}
    changed |= {k for k, part in choices().items() if k in now and parts.get(k) != part and k not in _FREE_TO_CHANGE}
    if changed:
        raise BadOption(
            f"{folder} was started with other options for {', '.join(sorted(changed))}. "
            "Resume with the same command, or start afresh with another out="
        )


def _note(folder: Path, config: DictConfig) -> None:
    hydra = HydraConfig.get()
    content = masked_in(OmegaConf.to_container(config, resolve=True, enum_to_str=True))
    write_text(folder / "config" / "config.yaml", yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
    write_text(folder / "config" / "choices.yaml", yaml.safe_dump(choices()))
    write_text(folder / "config" / "overrides.yaml", yaml.safe_dump(masked_in([str(o) for o in hydra.overrides.task])))
    seal(folder / "config")


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


def _say_how_to_go_on(error: BaseException, folder: Path, config: DictConfig, *, kept: bool) -> None:
    """The last line of a run that was stopped; a line before the error of one that failed."""
    resumable = (folder / "config" / "config.yaml").is_file() and _can_resume(config)
    more = "resume=true" if config.out else f"out={folder} resume=true"  # what was typed need not be typed again
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


def _can_resume(config: DictConfig) -> bool:
    return "source" not in config  # a film is over
