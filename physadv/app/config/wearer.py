"""Who wears the patch, carried over when only the scenes are exchanged: a patch for stop signs looks for stop signs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf

from physadv.app.config.compose import Composer, choices_of
from physadv.app.config.inherit import run_of
from physadv.app.config.typed import key_and_value, text_of
from physadv.core.errors import BadInput
from physadv.library.runs.options import read_options

_WORD = re.compile(r"[\w][\w -]{0,60}")


def carried_over(composer: Composer, typed: Sequence[str]) -> list[str]:
    """``scenes.label=…`` where photos are chosen in place of the scenes of an experiment or of the patch's run.

    The label is what wears the patch there; nothing where it was typed, or where the chosen scenes have none.
    """
    given = {key: text_of(value) for key, value in map(key_and_value, typed)}
    if "scenes" not in given or "scenes.label" in given:
        return []
    source = _of_run(given.get("patch", "")) or _of_experiment(composer, given.get("experiment", ""))
    known = bool(source) and _has_label(given["scenes"])
    return [f"scenes.label={source}"] if known and _WORD.fullmatch(source) else []


def _has_label(scenes: str) -> bool:
    try:
        return "label" in ConfigStore.instance().load(f"scenes/{scenes}.yaml").node
    except OSError:  # no such scenes, or several: whoever composes says so
        return False


def _of_experiment(composer: Composer, name: str) -> str:
    if not name or name not in choices_of("experiment"):
        return ""
    config = composer.chosen([f"experiment={name}"])
    return _wearer(OmegaConf.to_container(config, resolve=False))


def _of_run(patch: str) -> str:
    run = run_of(patch) if patch else None
    if run is None:
        return ""
    try:
        return _wearer(read_options(run / "config" / "config.yaml"))
    except BadInput:  # whoever takes the run's conditions over says what is wrong with it
        return ""


def _wearer(config: Any) -> str:
    """The drawn road calls it its sign."""
    scenes = config.get("scenes") if isinstance(config, dict) else None
    if not isinstance(scenes, dict):
        return ""
    return str(scenes.get("sign") or scenes.get("label") or "")
