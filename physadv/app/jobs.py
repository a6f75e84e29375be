"""From what was typed behind a command to jobs, and from a job's configuration to what it makes."""

from __future__ import annotations

import logging
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from physadv.app.commands import Command
from physadv.app.config import run_folder
from physadv.app.config.adaptive_shorthand import adaptive_attacks
from physadv.app.config.axes_shorthand import only_these_axes
from physadv.app.config.bounds import check_numbers
from physadv.app.config.compose import Composer
from physadv.app.config.early import check_late_options
from physadv.app.config.first_minute import first_minute
from physadv.app.config.flags import Flags, read_flags
from physadv.app.config.help import text
from physadv.app.config.inherit import typed_line
from physadv.app.config.launch import launch
from physadv.app.config.own_photos import own_photos
from physadv.app.config.own_presets import own_presets
from physadv.app.config.wearer import carried_over
from physadv.app.registry import Registry
from physadv.core.masking import MaskedFormatter, masked

_CHATTY = ("matplotlib", "PIL", "faster_coco_eval", "pikepdf", "hydra", "fontTools")


@dataclass(frozen=True)
class Prepared:
    """A command line as typed, checked and ready for Hydra."""

    flags: Flags
    composer: Composer
    ready: Sequence[str] = ()  # the options in Hydra's grammar; none where only help is asked for

    def help(self) -> str:
        """The text of ``--help`` for what was chosen."""
        return text(self.composer, self.flags.typed)


@dataclass(frozen=True)
class Done:
    """Outcome of a job."""

    answer: Any  # of its target
    folder: Path | None = None  # its run folder


def start(command: Command, words: Sequence[str]) -> None:
    """Run a command with options as typed: its help, its configuration, one job, or those of a sweep."""
    prepared = prepare(command, words, sys.stderr.write)
    if prepared.flags.help:
        sys.stdout.write(prepared.help() + "\n")
        return
    launch(command, prepared.flags, prepared.ready, lambda config: run(command, config))


def prepare(command: Command, words: Sequence[str], tell: Callable[[str], object]) -> Prepared:
    """Check what was typed; ``tell`` hears of plugins that are left out, and of what comes from the patch's run."""
    flags = read_flags(own_presets(command, adaptive_attacks(command, only_these_axes(command, words))))
    registry = Registry(strict="strict=true" in flags.typed)
    if complaints := registry.complaints():
        tell(complaints)
    composer = Composer(command, registry, presets=flags.presets, sweep=flags.multirun)
    if flags.help:
        return Prepared(flags, composer)
    words_meant = first_minute(command, own_photos(command, flags.typed))
    typed = [*carried_over(composer, words_meant), *words_meant]
    taken = composer.taken(typed, shlex.join(["physadv", *command.words.split(), *words]))
    ready = composer.prepared(typed, taken.overrides)
    if taken.reach and not flags.shown:
        lines = " ".join(typed_line(reach.key, reach.value) for reach in taken.reach)
        tell(masked(f"of the patch's run: {lines}\n"))
    return Prepared(flags, composer, ready)


def run(command: Command, config: DictConfig) -> float | None:
    """Run one job of the command line; returns a number that a sweeper can minimise, where there is one."""
    _log_to_stderr()
    answer = carry_out(command, config).answer
    return None if isinstance(answer, Path) else answer


def carry_out(command: Command, config: DictConfig) -> Done:
    """Run one job in this process; its configuration is checked and composed, and Hydra knows it."""
    check_numbers(OmegaConf.to_container(config, resolve=False))
    check_late_options(config)
    if not command.writes_run_folder:
        return Done(command.load()(config, Registry(), None))
    with run_folder.opened(run_folder.choose(config), config) as out:
        return Done(command.load()(config, Registry(), out), out)


def _log_to_stderr() -> None:
    """Messages alone, without passwords."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr, force=True)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(MaskedFormatter("%(message)s"))
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)
