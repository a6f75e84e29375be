"""Which folder a run takes, and the options that are noted in it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from physadv.app.config.choices import choices
from physadv.app.config.more_attacks import expect_only_more
from physadv.app.config.seal import seal
from physadv.core.errors import BadOption
from physadv.core.masking import masked_in
from physadv.library.files.atomic import write_text
from physadv.library.runs.folder import FolderClaim, claimed, free_folder
from physadv.library.runs.options import read_options

logger = logging.getLogger(__name__)


def choose(config: DictConfig) -> Path:
    """Where this run goes: ``out``, or runs/<date>-<name>; jobs of a sweep get a numbered folder each.

    Raises :class:`BadOption` where ``resume`` or parts of a job need an ``out``.
    """
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
    return free_folder(Path("runs") / f"{datetime.now():%Y-%m-%d}-{config.name}")


def _shared(config: DictConfig) -> bool:
    """Whether several jobs work in one folder."""
    return bool(config.get("parts", 1) > 1)


@contextmanager
def opened(folder: Path, config: DictConfig) -> Iterator[Path]:
    """Take the run folder and note the configuration in it; see :func:`~physadv.library.runs.folder.claimed`."""
    claim = FolderClaim(
        resume=config.resume, shared=_shared(config), dry_run=config.dry_run, named=bool(config.out),
        resumable="source" not in config,  # a film is over
        check=lambda place: _expect_same(place, config), note=lambda place: _note(place, config),
    )  # fmt: skip
    with claimed(folder, claim) as taken:
        yield taken


_AFRESH = "It cannot be resumed: start afresh with another out="
_FREE_TO_CHANGE = {
    "resume", "out", "device", "progress", "dry_run", "strict", "judge", "paper", "protocol", "axes", "only",
    "map", "usable_from", "part", "parts",
}  # fmt: skip


def _expect_same(folder: Path, config: DictConfig) -> None:
    """Refuse to resume under other options: the patch would be neither the old run's nor the new one's."""
    before = read_options(folder / "config" / "config.yaml", remedy=_AFRESH)
    now = masked_in(OmegaConf.to_container(config, resolve=True))
    assert isinstance(now, dict)
    for options in (before, now):
        if isinstance(budget := options.get("budget"), dict):
            budget.pop("steps", None)  # a finished run may be given more
    expect_only_more(folder, before.pop("adaptive", None), now.pop("adaptive", None))
    parts = read_options(folder / "config" / "choices.yaml", remedy=_AFRESH)
    changed = {str(k) for k in now if k not in _FREE_TO_CHANGE and now[k] != before.get(k)}
    changed |= {k for k, part in choices().items() if k in now and parts.get(k) != part and k not in _FREE_TO_CHANGE}
    if changed:
        raise BadOption(
            f"{folder} was started with other options for {', '.join(sorted(changed))}. "
            "Resume with the same command, or start afresh with another out="
        )


def _note(folder: Path, config: DictConfig) -> None:
    content = OmegaConf.to_container(config, resolve=True, enum_to_str=True)
    write_options(folder, content, choices(), [str(o) for o in HydraConfig.get().overrides.task])


def write_options(folder: Path, content: Any, chosen: Mapping[str, str], typed: Sequence[str] = ()) -> None:
    """Note plain options and choices in a run folder, without passwords, sealed as this account's."""
    texts = {
        "config": yaml.safe_dump(masked_in(content), allow_unicode=True, sort_keys=False),
        "choices": yaml.safe_dump(dict(chosen)),
        "overrides": yaml.safe_dump(masked_in(list(typed))),
    }
    for name, text in texts.items():
        write_text(folder / "config" / f"{name}.yaml", text)
    seal(folder / "config")
