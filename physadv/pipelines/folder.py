"""The run folder: one place for everything a run writes, never silently overwritten, never left half made."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import torch
import yaml
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from physadv.atomic import write_bytes, write_text
from physadv.errors import BadInput, BadOption, BadOutput, PhysadvError


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
    while folder.exists():
        number += 1
        folder = wanted.with_name(f"{wanted.name}-{number}")
    return folder


@contextmanager
def opened(folder: Path, config: DictConfig) -> Iterator[Path]:
    """Make the run folder and note the configuration in it. A run that fails before its first result leaves nothing."""
    shared = _shared(config)
    if folder.exists() and not config.resume and not shared:
        raise BadOutput(f"{folder} exists. Choose another out=, or resume=true to go on with it")
    if config.resume and not (folder / "config" / "config.yaml").is_file():
        raise BadInput(f"{folder} is not a run folder that can be resumed: config/config.yaml is missing")
    fresh = not folder.exists()
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        (folder / "config").mkdir(parents=True, exist_ok=True)
        if not fresh and (folder / "config" / "choices.yaml").is_file():
            _same_run(folder, config)
        _note(folder, config)
        yield folder
    except OSError as error:
        if not shared:
            _forget(folder, made)
        raise BadOutput(
            f"cannot write to {folder}: {error.strerror or error}. Choose another out=, or free the disk"
        ) from error
    except PhysadvError:
        if not shared:
            _forget(folder, made)
        raise


_FREE_TO_CHANGE = {
    "resume", "out", "device", "progress", "dry_run", "strict", "judge", "paper", "axes", "map", "usable_from", "part",
    "parts",
}  # fmt: skip


def _same_run(folder: Path, config: DictConfig) -> None:
    """Refuse to resume under other options: the patch would be neither the old run's nor the new one's."""
    before = yaml.safe_load((folder / "config" / "config.yaml").read_text())
    now = OmegaConf.to_container(config, resolve=True)
    assert isinstance(now, dict)
    for options in (before, now):
        options.get("budget", {}).pop("steps", None)  # a finished run may be given more
    parts = yaml.safe_load((folder / "config" / "choices.yaml").read_text())
    changed = {str(k) for k in now if k not in _FREE_TO_CHANGE and now[k] != before.get(k)}
    changed |= {k for k, part in choices().items() if k in now and parts.get(k) != part}
    if changed:
        raise BadOption(
            f"{folder} was started with other options for {', '.join(sorted(changed))}. "
            "Resume with the same command, or start afresh with another out="
        )


def _note(folder: Path, config: DictConfig) -> None:
    hydra = HydraConfig.get()
    write_text(folder / "config" / "config.yaml", OmegaConf.to_yaml(config, resolve=True))
    write_text(folder / "config" / "choices.yaml", yaml.safe_dump(choices()))
    write_text(folder / "config" / "overrides.yaml", yaml.safe_dump([str(o) for o in hydra.overrides.task]))


def choices() -> dict[str, str]:
    """Which option was chosen in every group; the plain configuration does not say."""
    return {k: str(v) for k, v in HydraConfig.get().runtime.choices.items() if v and not k.startswith("hydra/")}


def _forget(folder: Path, made: list[Path]) -> None:
    """Remove a folder in which nothing but the configuration has been written, and its parents that we made."""
    if folder in made and folder.is_dir() and {path.name for path in folder.iterdir()} <= {"config"}:
        shutil.rmtree(folder, ignore_errors=True)
        for parent in made[1:]:
            with suppress(OSError):
                parent.rmdir()


class FolderCheckpoints:
    """Checkpoints as one file that is replaced whole; loaded without unpickling code."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def load(self) -> dict[str, Any] | None:
        """The last saved state, or ``None`` at the start of a run."""
        if not self._file.is_file():
            return None
        try:
            state = torch.load(self._file, map_location="cpu", weights_only=True)
        except (RuntimeError, EOFError, ValueError, OSError, ImportError) as error:
            raise BadInput(f"the checkpoint {self._file} cannot be read ({error}): delete it to start over") from error
        if not isinstance(state, dict):
            raise BadInput(f"the checkpoint {self._file} holds no state: delete it to start over")
        return state

    def save(self, state: dict[str, Any]) -> None:
        """Replace the last state by this one."""
        import io

        buffer = io.BytesIO()
        torch.save(state, buffer)
        write_bytes(self._file, buffer.getvalue())
