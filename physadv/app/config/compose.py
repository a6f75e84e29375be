"""Turn what was typed into a checked configuration, or into one line that says what to type instead.

Hydra composes; this module only hands it what was meant, and reads its complaints and adds the nearest name.
"""

from __future__ import annotations

import difflib
import re
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from physadv.app.commands import Command
from physadv.app.config import guard, store
from physadv.app.config.added_groups import added_groups, appended, expect_delta
from physadv.app.config.groups import GROUPS, PRESETS, kind_of
from physadv.app.config.inherit import Taken, inherited, run_of
from physadv.app.config.locate import conf_dir
from physadv.app.config.own_presets import shown_presets
from physadv.app.config.spelling import split
from physadv.app.config.typed import Reader, key_and_value, text_of
from physadv.app.registry import Registry
from physadv.core.errors import BadOption

_STAND_IN = r"\s*'.*' is validated against ConfigStore schema"


class Composer:
    """Composes one command's configuration."""

    def __init__(self, command: Command, registry: Registry, *, presets: str = "", sweep: bool = False) -> None:
        store.register(registry, command)
        store.search(())
        self.command, self.sweep = command, sweep
        self._registry = registry
        self._made: dict[tuple[str, ...], DictConfig] = {}
        self._plain = self.composed([])  # before any preset but the shipped ones is in reach
        folders = [*registry.config_dirs(), *([presets] if presets else [])]
        store.search(folders)
        shipped = {place.name for place in conf_dir().iterdir() if place.is_dir()}
        self.added = added_groups(folders, {*shipped, *GROUPS, *PRESETS, *map(str, self._plain)})

    @property
    def groups(self) -> frozenset[str]:
        """Names that choose a file or a part; those that plugins brought among them."""
        ours = frozenset(k for k in self._plain.hydra.runtime.choices if not k.startswith("hydra/")) - {"run"}
        return ours | self.added

    def composed(self, overrides: Sequence[str]) -> DictConfig:
        """The whole configuration, Hydra's own part included. Raises what Hydra raises."""
        GlobalHydra.instance().clear()
        try:
            with initialize_config_dir(str(conf_dir()), version_base="1.3"), warnings.catch_warnings():
                warnings.filterwarnings("error", message=_STAND_IN)
                return compose(self.command.config_name, overrides=list(overrides), return_hydra_config=True)
        finally:
            GlobalHydra.instance().clear()

    def chosen(self, typed: Sequence[str]) -> DictConfig:
        """The configuration that only the choices among ``typed`` make."""
        choices = [text for text in typed if key_and_value(text)[0] in self.groups]
        if not choices:
            return self._plain
        reader = self._reader(self._plain)
        first = self._first(self._appended([reader.ready(text) for text in choices]))
        made = self._checked(first)
        self._known_experiment(made)
        return made

    def prepared(self, typed: Sequence[str], taken: Sequence[str] = ()) -> list[str]:
        """``typed`` in Hydra's grammar, checked by composing once; raises :class:`BadOption` with one helpful line.

        ``taken`` comes from a run, is in that grammar already, and goes first: what was typed wins.
        """
        choices = [text for text in taken if text.partition("=")[0] in self.groups]
        reader = self._reader(self.chosen([*choices, *typed]))
        ready = self._appended([*taken, *(reader.ready(text) for text in typed)])
        for parsed in OverridesParser.create().parse_overrides(ready):
            if parsed.is_sweep_override() and not self.sweep:
                key, _, value = (parsed.input_line or "").partition("=")
                raise BadOption(
                    f"{key} has several values: add -m to run them all, or write {key}=[{value}] for a list"
                )
        mine = {key_and_value(text)[0] for text in typed}
        for overrides in self._each_value(ready):
            made = self._checked(overrides)
            self._known_experiment(made)
            guard.check(self._plain, made, mine, self.command)
            self._check_pointers(made, overrides)
            if self.command.inherits and made.patch and "patch" not in mine:
                raise BadOption(f"a preset sets patch={made.patch}. Type it, so that its run's conditions come with it")
        return ready

    def taken(self, typed: Sequence[str], line: str) -> Taken:
        """Choices and options that the run behind ``patch=`` hands over; ``line`` is the command, for the message.

        Raises :class:`BadOption` where runs of a sweep had different conditions.
        """
        mine = {key_and_value(text)[0] for text in typed}
        values = [value for key, value in map(key_and_value, typed) if key == "patch"][-1:]
        if not self.command.inherits or not values:
            return Taken()
        patches = [text_of(word) for word in (split(values[0], ",") if self.sweep else values)]
        runs = [run_of(patch) for patch in patches]
        groups = [name for name in self.command.inherits if name in self.groups]
        handed = [
            Taken()
            if run is None
            else inherited(
                run, mine, groups, self._options_of, line, [n for n in self.command.inherits if n not in groups]
            )
            for run in runs
        ]
        if any(one.overrides != handed[0].overrides for one in handed):
            raise BadOption(
                f"the patches of -m patch={values[0]} were made under different conditions, so their numbers would not "
                "compare. Judge each by itself, or patch=ONE against=[OTHERS] under the conditions of one"
            )
        return handed[0]

    def _options_of(self, group: str, name: str) -> type | None:
        if group in PRESETS:
            return PRESETS[group]
        offered = self._registry.offered(kind_of(group, self.command))
        return next((o.entry.config for o in offered if o.entry.name == name), None)

    def _reader(self, shape: DictConfig) -> Reader:
        return Reader(shape, self.groups, self._options_of, self.sweep)

    def _appended(self, ready: Sequence[str]) -> list[str]:
        ours = [text for text in ready if text.partition("=")[0] in self.groups - self.added]
        if not any(text.partition("=")[0] in self.added for text in ready):
            return list(ready)
        return appended(ready, self.added, self._checked(self._first(ours)).hydra.runtime.choices)

    def _first(self, ready: Sequence[str]) -> list[str]:
        parsed = OverridesParser.create().parse_overrides(list(ready))
        return [_values(o)[0] if o.is_sweep_override() else o.input_line or "" for o in parsed]

    def _each_value(self, ready: Sequence[str]) -> Iterable[list[str]]:
        """The first value of everything, and every other one of a sweep in its place: each could be a mistake.

        Of long lists of numbers, as ``part=range(0,1000)``, the first and the last are looked at.
        """
        first = self._first(ready)
        yield first
        for place, override in enumerate(OverridesParser.create().parse_overrides(list(ready))):
            if override.is_sweep_override():
                others = _values(override)[1:]
                for value in others[-1:] if override.is_range_sweep() else others:
                    yield [*first[:place], value, *first[place + 1 :]]

    def _checked(self, overrides: Sequence[str]) -> DictConfig:
        """The configuration; where only choices are typed it is asked for twice, and composed once."""
        key = tuple(overrides)
        if key not in self._made:
            self._made[key] = self._made_or_explained(overrides)
        return self._made[key]

    def _made_or_explained(self, overrides: Sequence[str]) -> DictConfig:
        try:
            return self.composed(overrides)
        except UserWarning as error:
            file = re.search(r"'(.*?)'", str(error))
            name = file[1] if file else "a part"
            raise BadOption(f"a preset stands in the way of {name.replace('/', '=', 1)}: rename its file") from error
        except (HydraException, OmegaConfBaseException) as error:
            complaint = f"{error}\n{error.__cause__ or ''}"
            raise BadOption(self._explained(complaint, overrides)) from error
        except (YAMLError, ValueError) as error:  # the text of a file; a list of defaults that is none
            raise BadOption(f"a preset cannot be read: {' '.join(str(error).split())}. Correct it") from error

    def _check_pointers(self, made: DictConfig, overrides: Sequence[str]) -> None:
        """Look up what was typed as ``${...}``, before anything is built with it."""
        try:
            OmegaConf.to_container(
                OmegaConf.masked_copy(made, [k for k in map(str, made) if k != "hydra"]), resolve=True
            )
        except OmegaConfBaseException as error:
            raise BadOption(self._explained(str(error), overrides)) from error

    def _known_experiment(self, made: DictConfig) -> None:
        """Hydra passes over an experiment that is not there, because most commands run without one."""
        wanted = made.hydra.runtime.choices.get("experiment")
        if wanted not in (None, "null") and wanted not in (known := choices_of("experiment")):
            raise BadOption(_no_such(self.command, "experiment", str(wanted), known))

    def _explained(self, complaint: str, typed: Sequence[str]) -> str:
        group = re.search(r"Could not (?:find|load) '([^']+)'", complaint)
        if group:
            return _unknown_choice(self.command, group.group(1), complaint)
        key = re.search(r"Key '([^']+)' (?:is )?not in '([^']+)'", complaint) or re.search(
            r"Could not override '([^']+)'", complaint
        )
        if key:
            return self._unknown_key(key.group(1), complaint, typed)
        value = re.search(r"^(Value .*|Invalid value .*|Cannot .*|Missing mandatory .*)$", complaint, re.M)
        where = re.search(r"full_key: (\S+)", complaint)
        if value and where:
            schema = re.search(r"object_type=(\w+)", complaint)
            return f"option {where.group(1)!r}{f' of {schema.group(1)}' if schema else ''}: {value.group(1)}"
        return " ".join(complaint.split())

    def _unknown_key(self, key: str, complaint: str, typed: Sequence[str]) -> str:
        full = re.search(r"full_key: (\S+)", complaint)
        path = full.group(1) if full else key
        whole = self._without_options(typed)
        if path in self.added:
            expect_delta(path, typed)
        known = [name for name in _dotted(whole) if name.partition(".")[0] != "hydra"]
        if path in known:
            chosen = next((text for text in typed if text.startswith("experiment=")), "a preset")
            return f"{chosen} sets {path!r}, which a part that you chose does not have. Leave one of the two out"
        added = [text.lstrip("+") for text in typed if text.lstrip("+").partition("=")[0] in self.added]
        if added and not any(text.startswith(path) for text in typed):
            raise BadOption(f"{added[-1]} sets {path!r}, which physadv {self.command.words} does not have")
        near = difflib.get_close_matches(
            path, [*known, *sorted(self.groups)], n=1, cutoff=0.5
        ) or difflib.get_close_matches(path.rpartition(".")[2], [k.rpartition(".")[2] for k in known], n=1, cutoff=0.6)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        schema = OmegaConf.get_type(OmegaConf.select(whole, path.rpartition(".")[0]) if "." in path else whole)
        where = f" in {schema.__name__}" if schema not in (None, dict, type(None)) else ""
        siblings = [k for k in known if k.rpartition(".")[0] == path.rpartition(".")[0]]
        return f"there is no option {path!r}{where}.{hint} Known there: {', '.join(siblings) or 'nothing'}"

    def _without_options(self, typed: Sequence[str]) -> DictConfig:
        """The configuration of the choices alone or, where they cannot be composed, the plain one."""
        try:
            return self.composed([text for text in typed if text.partition("=")[0].lstrip("+") in self.groups])
        except (HydraException, OmegaConfBaseException):
            return self._plain


def _values(override: Override) -> list[str]:
    """Every value that a sweep tries, as an override of its own; of a range of numbers the first suffices."""
    if override.is_interval_sweep():
        sweep: Any = override.value()
        return [f"{override.get_key_element()}={sweep.start}"]
    return [f"{override.get_key_element()}={value}" for value in override.sweep_string_iterator()]


def _unknown_choice(command: Command, wanted: str, complaint: str) -> str:
    folder, _, name = wanted.rpartition("/") if wanted.startswith("hydra/") else wanted.partition("/")
    listed = re.search(r"Available options in '[^']*':\s*(.*?)(?:\n\n|Config search|$)", complaint, re.S)
    return _no_such(command, folder, name, choices_of(folder) or (listed.group(1).split() if listed else []))


def _no_such(command: Command, group: str, wanted: str, offered: Sequence[str]) -> str:
    name, choices = next(iter(shown_presets(command, group, [wanted])), wanted), shown_presets(command, group, offered)
    near = difflib.get_close_matches(name, choices, n=1, cutoff=0.4)
    hint = f" Did you mean {group}={near[0]}?" if near else ""
    if group == "defense" and "+" in name:
        hint = f" Chains stand in the list: 'defenses=[{name}]'."
    return f"there is no {group or 'config'} named {name!r}.{hint} Known: {', '.join(choices)}"


def choices_of(group: str) -> list[str]:
    """The options that can be chosen in a config group."""
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        found = loader.get_group_options(group, ObjectType.CONFIG)
        nested = [f"{sub}/{n}" for sub in loader.get_group_options(group, ObjectType.GROUP)
                  for n in loader.get_group_options(f"{group}/{sub}", ObjectType.CONFIG)]  # fmt: skip
    return [name for name in [*found, *nested] if name != "schema"]


def _dotted(node: Any, prefix: str = "") -> Iterable[str]:
    if isinstance(node, DictConfig):
        for key in map(str, node):
            yield f"{prefix}{key}"
            if not prefix and key == "hydra":
                continue
            if not OmegaConf.is_missing(node, key):
                yield from _dotted(node[key], f"{prefix}{key}.")
