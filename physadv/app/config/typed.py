"""Values as people type them become values as Hydra reads them: the option's type says how its value is meant.

The value of a text (a path, an address, a name) is everything behind the first ``=``. One pair of quotes round the
whole value is taken off, because other programs of this kind ask for it.
"""

from __future__ import annotations

import re
import shlex
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf

from physadv.app.config.spelling import Bare, quoted, read, spelled, split, unquoted
from physadv.core.errors import BadOption

_KEY = re.compile(r"[A-Za-z_][\w-]*(?:[./][\w-]+)*")
_FUNCTION = re.compile(r"(?:choice|range|interval|glob|shuffle|sort|tag)\(.*\)", re.S)
_OF_HYDRA = re.compile(r"hydra[./](?:launcher|sweeper)(?:\.[\w.]+)?|hydra\.sweep\.dir")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")

OptionsOf = Callable[[str, str], type | None]
"""The options' class of a part, by its group and name."""

_LISTS = {"victims": "victim", "defenses": "defense"}
"""Option that lists parts → the group of each."""


@dataclass(frozen=True)
class Reader:
    """Reads the options of one command."""

    shape: DictConfig  # the configuration that the chosen parts make
    groups: frozenset[str]
    parts: OptionsOf  # for lists of parts
    sweep: bool  # -m

    def ready(self, text: str) -> str:
        """One ``key=value`` in Hydra's grammar. Raises :class:`BadOption` for a value that the option cannot hold."""
        key, value = key_and_value(text)
        if value == "null" or (self.sweep and _FUNCTION.fullmatch(value)):
            return f"{key}={value}"
        if key in self.groups or "/" in key:
            return f"{key}={self._choice(value)}"
        kind = self._kind(key)
        try:
            return f"{key}={self._value(key, kind, value)}"
        except _NotAList as error:
            raise BadOption(_list_advice(key, value, sweep=self.sweep)) from error
        except BadOption as error:
            raise BadOption(f"{key}={value}: {error}. A text with brackets or commas stands in quotes of its own: "
                            f"{_example(key, kind)}") from error  # fmt: skip

    def _value(self, key: str, kind: Any, value: str) -> str:
        if kind is str:
            return self._each(value, lambda word: quoted(text_of(word)))
        if typing.get_origin(kind) is list:
            inner = (typing.get_args(kind) or (Any,))[0]
            if inner in (str, Any):
                return self._each(value, lambda word: self._list(key, word))
            return value if _plain(value) else quoted(value)
        if kind is Any:
            return self._each(value, lambda word: spelled(_guessed(read(word))))
        if isinstance(kind, DictConfig) and value.strip().startswith("{"):
            return spelled(_of(OmegaConf.get_type(kind), read(value)))
        return value if _plain(value) else quoted(value)

    def _each(self, value: str, one: Callable[[str], str]) -> str:
        """With ``-m`` commas part the values that are tried one after another."""
        return ",".join(map(one, split(value, ","))) if self.sweep else one(value)

    def _list(self, key: str, value: str) -> str:
        items = read(value)
        if not isinstance(items, list):
            raise _NotAList
        return spelled([self._item(key, item) for item in items])

    def _item(self, key: str, item: Any) -> Any:
        if isinstance(item, dict) and key in _LISTS:
            named = item.get("part")
            name = named.text if isinstance(named, Bare) else str(named)
            return _of(self.parts(_LISTS[key], name), item)
        if isinstance(item, list) and key in _LISTS:  # a chain
            return [self._item(key, link) for link in item]
        return item.text if isinstance(item, Bare) else _guessed(item)

    def _choice(self, value: str) -> str:
        return self._each(value, lambda word: word if re.fullmatch(r"[\w./-]*", word) else quoted(text_of(word)))

    def _kind(self, key: str) -> Any:
        """The type of an option; a node where it is a group of options; ``None`` where there is no such option."""
        parent, _, name = key.rpartition(".")
        node = OmegaConf.select(self.shape, parent) if parent else self.shape
        if not isinstance(node, DictConfig) or name not in node:
            return None
        if isinstance(inner := node._get_node(name), DictConfig) and OmegaConf.get_type(inner) is not None:
            return inner
        return kind_of(OmegaConf.get_type(node), name)


class _NotAList(Exception):
    pass


def key_and_value(text: str) -> tuple[str, str]:
    """Cut at the first ``=``, and refuse what is no option of ours."""
    key, equals, value = text.partition("=")
    if key.startswith("+"):
        raise BadOption(f"{text!r}: options cannot be added, only set. Leave out the '+'")
    if key.startswith("~"):
        raise BadOption(f"{text!r}: options cannot be taken away. Set another value, or choose another part")
    if not equals:
        raise BadOption(f"{text!r} is not an option. Options are written key=value, e.g. seed=1 or victim=sign-nano")
    if not _KEY.fullmatch(key):
        why = "there is no name before the '='" if not key else f"{key!r} cannot be the name of an option"
        raise BadOption(f"{text!r}: {why}. Options are written key=value, e.g. seed=1 or victim=sign-nano")
    if re.match(r"hydra\b", key) and not _OF_HYDRA.fullmatch(key):
        raise BadOption(f"{key} is not an option. Of Hydra's own there are hydra/launcher=, hydra.launcher.*, "
                        "hydra/sweeper=, hydra.sweeper.* and hydra.sweep.dir=")  # fmt: skip
    return key, value


def kind_of(owner: type | None, name: str) -> Any:
    """The type of a field, without ``None``; ``None`` where it is not known."""
    if owner is None or owner is dict:
        return Any
    kind = typing.get_type_hints(owner).get(name)
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        others = [k for k in typing.get_args(kind) if k is not type(None)]
        kind = others[0] if len(others) == 1 else Any
    return kind


def text_of(word: str) -> str:
    """The text that a typed value means: as it stands, without a pair of quotes round it."""
    inside = unquoted(word.strip())
    return word if inside is None else inside


def _plain(value: str) -> bool:
    """Whether Hydra reads it; else it is handed on as text, and the option's type refuses it by name."""
    try:
        OverridesParser.create().parse_override(f"key={value}")
    except HydraException:
        return False
    return True


def _guessed(value: Any, *, loosely: bool = False) -> Any:
    """Numbers where an untyped option can mean one: 3 and 0.5, but not 1_10 or 1.10, which are names of folders."""
    if isinstance(value, dict):
        return {key: _guessed(item, loosely=True) for key, item in value.items()}
    if isinstance(value, list):
        return [_guessed(item, loosely=loosely) for item in value]
    if not isinstance(value, Bare):
        return value
    if value.text.lower() in ("true", "false", "null"):
        return {"true": True, "false": False, "null": None}[value.text.lower()]
    if _NUMBER.fullmatch(value.text):
        number = int(value.text) if re.fullmatch(r"[+-]?\d+", value.text) else float(value.text)
        if loosely or str(number) == value.text:
            return number
    return value.text


def _of(owner: type | None, items: Any) -> Any:
    """A dict of options of a known class."""
    if not isinstance(items, dict):
        return _guessed(items)
    made = {}
    for key, item in items.items():
        kind = kind_of(owner, key)
        textual = kind in (str, Any) and owner not in (None, dict)
        made[key] = item.text if textual and isinstance(item, Bare) else _guessed(item, loosely=not textual)
    return made


def _list_advice(key: str, value: str, *, sweep: bool) -> str:
    line = f"{key}=[{value}]"
    many = "" if sweep or len(value.split(",")) < 2 else " (or add -m to run them one after another)"
    return f"{key} takes a list, got {value!r}. Write {shlex.quote(line)}{many}"


def _example(key: str, kind: Any) -> str:
    word = "'a [b], c'"
    return shlex.quote(f"{key}=[{word}]" if typing.get_origin(kind) is list else f"{key}={word}")
