"""Limits of presets. A preset holds choices and numbers; Hydra would let it name code, and read the environment.

Hydra instantiates ``hydra.callbacks``, loggers and launchers from the configuration, and OmegaConf's resolvers read
environment variables. Presets are passed on, so neither is for them: it is looked at after composing, before anything
is made, whatever file it came from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig, OmegaConf

from physadv.app.commands import Command
from physadv.app.config.groups import PRESETS
from physadv.core.errors import BadOption

_OWN = {"launcher", "sweeper", "runtime", "overrides", "job", "searchpath", "sweep"}
"""Below ``hydra``: looked at one by one, or different in every run."""

_RUNS = {"_target_", "params", "setup", "teardown", "python", "srun_args", "additional_parameters", "executable"}
"""Options of launchers and sweepers that name code or commands: only who types may."""


def check(plain: DictConfig, made: DictConfig, typed: Set[str], command: Command) -> None:
    """Compare with the configuration that is shipped. Raises :class:`BadOption` naming the key."""
    before, after = (OmegaConf.to_container(c.hydra, resolve=False) for c in (plain, made))
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    for key in sorted(before.keys() | after.keys()):
        if key not in _OWN and before.get(key) != after.get(key):
            _refuse(f"hydra.{key}")
    _check_job(before, after, typed)
    for kind in ("launcher", "sweeper"):
        _check_runner(kind, before.get(kind), after.get(kind) or {}, made, typed)
    _check_schemas(made, command)
    _check_lookups(made, typed)
    _check_bases(made)


def _refuse(key: str) -> None:
    raise BadOption(
        f"a preset sets {key}, and presets hold options of physadv only. It could run code: leave that file out, "
        "or ask who wrote it"
    )


def _check_job(before: dict[Any, Any], after: dict[Any, Any], typed: Set[str]) -> None:
    changing = {"name", "override_dirname", "config_name", "num", "id"}
    for group, free in (("job", changing), ("sweep", {"dir"} if "hydra.sweep.dir" in typed else set())):
        old, new = before.get(group) or {}, after.get(group) or {}
        for key in sorted(old.keys() | new.keys()):
            if key not in free and old.get(key) != new.get(key):
                _refuse(f"hydra.{group}.{key}")


def _check_runner(kind: str, before: Any, after: dict[Any, Any], made: DictConfig, typed: Set[str]) -> None:
    """The class must be one that an installed package offers under the chosen name."""
    choice = str(made.hydra.runtime.choices.get(f"hydra/{kind}"))
    offered = _registered(f"hydra/{kind}", choice)
    if offered is None or after.get("_target_") != offered.get("_target_"):
        _refuse(f"hydra.{kind}._target_")
    for key, value in after.items():
        known = key in offered if offered else False
        risky = key in _RUNS and offered is not None and value != offered.get(key)
        if f"hydra.{kind}.{key}" not in typed and (not known or risky or _looks_up(value)):
            if offered is not None and known and value == offered.get(key):
                continue
            _refuse(f"hydra.{kind}.{key}")


def _registered(group: str, choice: str) -> dict[Any, Any] | None:
    store = ConfigStore.instance()
    if f"{choice}.yaml" not in store.list(group):
        return None
    found = OmegaConf.to_container(OmegaConf.structured(store.load(f"{group}/{choice}.yaml").node), resolve=False)
    return found if isinstance(found, dict) else None


def _check_schemas(made: DictConfig, command: Command) -> None:
    """A preset file of a part's name would stand in for its options, with other keys and without types."""
    if OmegaConf.get_type(made) is not command.options:
        raise BadOption(
            f"a preset stands in the way of the options of {command.words}: rename {command.config_name}_schema.yaml"
        )
    for group in command.groups:
        if OmegaConf.get_type(made[group]) in (None, dict):
            name = made.hydra.runtime.choices.get(group)
            raise BadOption(f"a preset stands in the way of {group}={name}: rename its file {group}/{name}.yaml")


def _check_bases(made: DictConfig) -> None:
    """A preset that leaves out the schema has no types, and none of the values that it does not name."""
    for group in PRESETS.keys() & {str(key) for key in made}:
        if OmegaConf.get_type(made[group]) in (None, dict, str):
            name = made.hydra.runtime.choices.get(group)
            raise BadOption(
                f"the preset {group}={name} builds on no other, so that its options have neither types nor values. "
                f"Begin {group}/{name}.yaml with 'defaults: [schema, _self_]'"
            )


def _check_lookups(made: DictConfig, typed: Set[str]) -> None:
    for key, value in _texts(made):
        mine = any(key == name or key.startswith((f"{name}.", f"{name}[")) for name in typed)
        if not mine and not key.startswith("hydra.") and _looks_up(value):
            raise BadOption(
                f"a preset sets {key} to {value!r}, which is looked up when it is read (an environment variable, for "
                "instance). Presets hold choices and numbers: write the value"
            )


def _texts(node: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    container: Any = OmegaConf.to_container(node, resolve=False) if OmegaConf.is_config(node) else node
    if isinstance(container, dict):
        for key, value in container.items():
            if prefix or key != "hydra":
                yield from _texts(value, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(container, list):
        for place, value in enumerate(container):
            yield from _texts(value, f"{prefix}[{place}]")
    elif isinstance(container, str):
        yield prefix, container


def _looks_up(value: Any) -> bool:
    r"""``${name:...}``, at any depth. ``${seed}`` only points at another option, and ``\${`` is text."""
    if isinstance(value, dict | list):
        return any(_looks_up(item) for item in (value.values() if isinstance(value, dict) else value))
    return isinstance(value, str) and re.search(r"(?<!\\)(?:\\\\)*\$\{(?![\w.\[\]]+\})", value) is not None
