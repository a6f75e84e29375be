"""Turn what was typed into a checked configuration, or into one line that says what to type instead.

Hydra composes; this module only reads its complaints and adds the nearest name.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from physadv.config.locate import conf_dir
from physadv.errors import BadOption


def check(command: str, typed: Sequence[str], *, sweep: bool = False, presets: str = "") -> None:
    """Compose once without running; raises :class:`BadOption` with one helpful line. Sweeps by their first value.

    ``presets`` is the folder of ``--config-dir``.
    """
    parsed = _parse(typed)
    for override in parsed:
        if override.is_sweep_override() and not sweep:
            key, _, value = (override.input_line or "").partition("=")
            raise BadOption(f"{key} has several values: add -m to run them all, or write {key}=[{value}] for a list")
        if override.is_add():
            raise BadOption(f"{override.input_line!r}: options cannot be added, only set. Leave out the '+'")
    first = [o.input_line or "" for o in parsed if not o.is_sweep_override()]
    first += [_first_of(o) for o in parsed if o.is_sweep_override()]
    if presets:
        first.append(f"hydra.searchpath=[file://{Path(presets).expanduser().resolve()}]")
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(conf_dir()), version_base="1.3"):
            compose(command, overrides=first, return_hydra_config=True)
    except (HydraException, OmegaConfBaseException) as error:
        complaint = f"{error}\n{error.__cause__ or ''}"
        raise BadOption(_explained(command, complaint, first)) from error
    finally:
        GlobalHydra.instance().clear()


def _parse(typed: Sequence[str]) -> list[Override]:
    overrides = []
    for text in typed:
        try:
            overrides += OverridesParser.create().parse_overrides([text])
        except HydraException as error:
            raise BadOption(
                f"{text!r} is not an option. Options are written key=value, e.g. seed=1 or victim=sign-nano; "
                "quote values with commas or brackets"
            ) from error
    return overrides


def _first_of(override: Override) -> str:
    value = next(iter(override.sweep_string_iterator()))
    return f"{override.get_key_element()}={value}"


def _explained(command: str, complaint: str, typed: Sequence[str]) -> str:
    group = re.search(r"Could not (?:find|load) '([^']+)'", complaint)
    if group:
        return _unknown_choice(group.group(1), complaint)
    key = re.search(r"Key '([^']+)' (?:is )?not in '([^']+)'", complaint) or re.search(
        r"Could not override '([^']+)'", complaint
    )
    if key:
        return _unknown_key(command, key.group(1), complaint, typed)
    value = re.search(r"^(Value .*|Invalid value .*|Cannot .*|Missing mandatory .*)$", complaint, re.M)
    where = re.search(r"full_key: (\S+)", complaint)
    if value and where:
        schema = re.search(r"object_type=(\w+)", complaint)
        return f"option {where.group(1)!r}{f' of {schema.group(1)}' if schema else ''}: {value.group(1)}"
    return " ".join(complaint.split())


def _unknown_choice(wanted: str, complaint: str) -> str:
    folder, _, name = wanted.partition("/")
    listed = re.search(r"Available options in '[^']*':\s*(.*?)(?:\n\n|Config search|$)", complaint, re.S)
    choices = choices_of(folder) or (listed.group(1).split() if listed else [])
    near = difflib.get_close_matches(name, choices, n=1, cutoff=0.4)
    hint = f" Did you mean {folder}={near[0]}?" if near else ""
    return f"there is no {folder or 'config'} named {name!r}.{hint} Known: {', '.join(choices)}"


def choices_of(group: str) -> list[str]:
    """What can be chosen in a config group."""
    from hydra.core.object_type import ObjectType

    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        found = loader.get_group_options(group, ObjectType.CONFIG)
        nested = [f"{sub}/{n}" for sub in loader.get_group_options(group, ObjectType.GROUP)
                  for n in loader.get_group_options(f"{group}/{sub}", ObjectType.CONFIG)]  # fmt: skip
    return [name for name in [*found, *nested] if name != "schema"]


def _unknown_key(command: str, key: str, complaint: str, typed: Sequence[str]) -> str:
    full = re.search(r"full_key: (\S+)", complaint)
    path = full.group(1) if full else key
    whole, _ = composed(command, typed)
    known = list(_dotted(whole))
    if path in known:
        chosen = next((text for text in typed if text.startswith("experiment=")), "a preset")
        return f"{chosen} sets {path!r}, which a part that you chose does not have. Leave one of the two out"
    near = difflib.get_close_matches(path, known, n=1, cutoff=0.5) or difflib.get_close_matches(
        path.rpartition(".")[2], [k.rpartition(".")[2] for k in known], n=1, cutoff=0.6
    )
    hint = f" Did you mean {near[0]!r}?" if near else ""
    schema = OmegaConf.get_type(OmegaConf.select(whole, path.rpartition(".")[0]) if "." in path else whole)
    where = f" in {schema.__name__}" if schema not in (None, dict, type(None)) else ""
    siblings = [k for k in known if k.rpartition(".")[0] == path.rpartition(".")[0]]
    return f"there is no option {path!r}{where}.{hint} Known there: {', '.join(siblings) or 'nothing'}"


def composed(command: str, typed: Sequence[str]) -> tuple[DictConfig, dict[str, str]]:
    """The configuration that only the group choices among ``typed`` make, and the choice in every group."""
    chosen = [text for text in typed if text.partition("=")[0] in _GROUPS]
    for overrides in (chosen, []):
        try:
            with initialize_config_dir(str(conf_dir()), version_base="1.3"):
                config = compose(command, overrides=overrides, return_hydra_config=True)
                made = {k: str(v) for k, v in config.hydra.runtime.choices.items() if k in _GROUPS}
                return compose(command, overrides=overrides), made
        except (HydraException, OmegaConfBaseException):
            continue
        finally:
            GlobalHydra.instance().clear()
    return OmegaConf.create(), {}


def _dotted(node: Any, prefix: str = "") -> Iterable[str]:
    if isinstance(node, DictConfig):
        for key in map(str, node):
            yield f"{prefix}{key}"
            if not OmegaConf.is_missing(node, key):
                yield from _dotted(node[key], f"{prefix}{key}.")


_GROUPS = ("scenes", "patch", "eot", "ink", "victim", "goal", "attack", "protocol", "experiment", "size")
_JUDGED = ("scenes", "eot", "ink", "victim", "goal")
INHERITED = {"evaluate": _JUDGED, "grid": _JUDGED, "calibrate_eot": _JUDGED, "watch": ("ink", "victim", "goal")}
"""Command → the groups that it takes from the run that made its patch."""


def inherited(run: Path, typed: Sequence[str], groups: Sequence[str] = _JUDGED) -> list[str]:
    """The choices and options a run was made with, so that ``evaluate patch=RUN`` judges under the same conditions.

    Whatever was typed wins; choosing another part drops the old one's options.
    """
    files = run / "config" / "choices.yaml", run / "config" / "config.yaml"
    if not all(file.is_file() for file in files):
        return []
    choices, config = (yaml.safe_load(file.read_text()) for file in files)
    mine = {text.lstrip("+~").partition("=")[0] for text in typed}
    kept = []
    for group in groups:
        if group not in mine and group in choices:
            kept.append(f"{group}={choices[group]}")
            kept += [f"{group}.{key}={_spelled(value)}" for key, value in config[group].items()]
    if config.get("victims") and not {"victim", "victims"} & mine:
        kept.append(f"victims={_spelled([_unweighted(item) for item in config['victims']])}")
    return kept


def _unweighted(item: Any) -> Any:
    """A victim without its weight in the loss, which means nothing to a judge."""
    return {k: v for k, v in item.items() if k != "weight"} if isinstance(item, dict) else item


def _spelled(value: Any) -> str:
    """A value in the grammar of Hydra's command line."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{_spelled(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_spelled, value)) + "]"
    if isinstance(value, str):
        return "'" + value.replace("'", "\\'") + "'"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
