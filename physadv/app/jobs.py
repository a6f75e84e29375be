"""From what was typed behind a command to jobs, and from a job's configuration to what it makes."""

from __future__ import annotations

import logging
import shlex
import sys
from collections.abc import Sequence

from omegaconf import DictConfig, OmegaConf

from physadv.app.commands import Command
from physadv.app.config.axes_shorthand import only_these_axes
from physadv.app.config.bounds import check_numbers
from physadv.app.config.compose import Composer
from physadv.app.config.early import check_late_options
from physadv.app.config.flags import read_flags
from physadv.app.config.help import text
from physadv.app.config.inherit import typed_line
from physadv.app.config.launch import launch
from physadv.app.config.wearer import carried_over
from physadv.app.registry import Registry
from physadv.core.masking import MaskedFormatter, masked

_CHATTY = ("matplotlib", "PIL", "faster_coco_eval", "pikepdf", "hydra", "fontTools")


def start(command: Command, words: Sequence[str]) -> None:
    """Run a command with options as typed: its help, its configuration, one job, or those of a sweep."""
    flags = read_flags(only_these_axes(command, words))
    registry = Registry(strict="strict=true" in flags.typed)
    sys.stderr.write(registry.complaints())
    composer = Composer(command, registry, presets=flags.presets, sweep=flags.multirun)
    if flags.help:
        sys.stdout.write(text(composer, flags.typed) + "\n")
        return
    typed = [*carried_over(composer, flags.typed), *flags.typed]
    taken = composer.taken(typed, shlex.join(["physadv", *command.words.split(), *words]))
    ready = composer.prepared(typed, taken.overrides)
    if taken.reach and not flags.shown:
        lines = " ".join(typed_line(reach.key, reach.value) for reach in taken.reach)
        sys.stderr.write(masked(f"of the patch's run: {lines}\n"))
    launch(command, flags, ready, lambda config: run(command, config))


def run(command: Command, config: DictConfig) -> float | None:
    """Run one job; returns a number that a sweeper can minimise, where there is one."""
    _log_to_stderr()
    check_numbers(OmegaConf.to_container(config, resolve=False))
    check_late_options(config)
    if not command.writes_run_folder:
        command.load()(config, Registry(), None)
        return None
    from physadv.app.assembly import folder  # imports torch, which help and refusals do without

    with folder.opened(folder.choose(config), config) as out:
        result: float | None = command.load()(config, Registry(), out)
    return result


def _log_to_stderr() -> None:
    """Messages alone, without passwords."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr, force=True)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(MaskedFormatter("%(message)s"))
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)
