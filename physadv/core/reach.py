"""Which options reach outside of a configuration: they open a file or an address, fetch something, or trust a file.

A run folder may come from anyone. Numbers and words of its configuration are taken over when its patch is judged again;
options that reach out are shown, and must be typed (see SECURITY.md). A part marks a field with its metadata,

    weights: str = field(default="", metadata=OPENS)

and what is not marked is told by its name, its type and its value.
"""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_MARK = "physadv.core.reach"
OPENS = types.MappingProxyType({_MARK: "opens"})  # names a file, a folder, an address or a model on a hub
FETCHES = types.MappingProxyType({_MARK: "fetches"})  # even the default makes the part download something
TRUSTS = types.MappingProxyType({_MARK: "trusts"})  # a file may run code: never taken over, from no run at all
STAYS = types.MappingProxyType({_MARK: "stays"})  # is neither, though its name looks like it

_NAMES = {
    "path", "file", "files", "folder", "dir", "root", "weights", "model", "checkpoint", "url", "uri", "source", "hub",
    "repo", "revision", "init", "module", "script", "command", "profile", "mesh", "table", "annotations", "images",
    "masks", "quads", "photos", "address", "host", "engine", "plugin", "library", "cache",
}  # fmt: skip
_TRUST_NAMES = {"trust", "trusted", "unsafe", "remote", "code", "execute", "pickle", "download", "allow"}
_LIKE_A_PATH = re.compile(r"[/\\]|://|\.[A-Za-z]\w{0,11}$|^~|^random:")


@dataclass(frozen=True)
class Reach:
    """An option that reaches out, as a configuration has it."""

    key: str  # "victim.path"
    value: Any
    trusts: bool


def reaching(owner: type | None, options: Mapping[str, Any], prefix: str) -> Iterator[Reach]:
    """Every option of a part that reaches out. ``owner`` is the dataclass of the options, where it is known."""
    fields = {f.name: f for f in dataclasses.fields(owner)} if owner and dataclasses.is_dataclass(owner) else {}
    kinds = typing.get_type_hints(owner) if fields and owner else {}
    absent = {name: _default(spec) for name, spec in fields.items() if name not in options}
    for name, value in {**absent, **options}.items():  # a default that opens something does so when it is not named
        key = f"{prefix}.{name}"
        spec, kind = fields.get(name), kinds.get(name)
        if isinstance(kind, type) and dataclasses.is_dataclass(kind) and isinstance(value, Mapping):
            yield from reaching(kind, value, key)
            continue
        mark = spec.metadata.get(_MARK) if spec else None
        same = spec is not None and value == _default(spec)
        like_a_path = any(_LIKE_A_PATH.search(text) for text in _texts(value))
        if mark == "stays" or (same and mark != "fetches" and not like_a_path):
            continue
        trusts = mark == "trusts" or (isinstance(value, bool) and _words(name) & _TRUST_NAMES != set())
        named = not isinstance(value, bool | int | float) and value and _words(name) & _NAMES
        if trusts or mark or named or like_a_path:
            yield Reach(key, value, trusts)


def _default(spec: dataclasses.Field[Any]) -> Any:
    if spec.default is not dataclasses.MISSING:
        return spec.default
    return spec.default_factory() if spec.default_factory is not dataclasses.MISSING else dataclasses.MISSING


def _words(name: str) -> set[str]:
    return set(re.split(r"[_\W]+", str(name).lower()))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(key)
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
