"""``physadv COMMAND --help``: every option with its default and its meaning, read from the dataclasses themselves.

The comment behind a field is its documentation; there is no second text that could disagree with it.
"""

from __future__ import annotations

import dataclasses
import inspect
import io
import textwrap
import tokenize
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf

from physadv.app.config.compose import Composer, choices_of
from physadv.app.config.own_presets import shown_presets


def text(composer: Composer, typed: Sequence[str]) -> str:
    """The help page of a command, for the parts chosen among ``typed``."""
    whole = composer.chosen(typed)
    chosen = {group: str(name) for group, name in whole.hydra.runtime.choices.items() if group in composer.groups}
    chosen.pop("penalties", None)
    lines = [f"usage: physadv {composer.command.words} [key=value ...]", ""]
    command = composer.command
    groups = {group: shown_presets(command, group, choices_of(group)) for group in chosen}
    chosen = {group: next(iter(shown_presets(command, group, [name])), name) for group, name in chosen.items()}
    groups |= {group: ["null", *choices_of(group)] for group in sorted(composer.added - chosen.keys())}
    chosen = dict.fromkeys(composer.added, "null") | chosen
    if groups:
        lines.append("choices (the first is the current one; put another before --help to see its options):")
        for group, names in reversed(groups.items()):
            others = [name for name in names if name != chosen[group]]
            lines += _wrapped(f"  {group}=", " | ".join([chosen[group], *others]))
    for title, rows in _sections(whole, chosen):
        lines += ["", f"{title}:"]
        lines += [f"  {_fitted(f'{key}={value}', 44)} {meaning}".rstrip() for key, value, meaning in rows]
    lines += [
        "",
        "flags: -m (all combinations of key=a,b), --cfg job (show the configuration), --config-dir DIR (presets)",
    ]
    return "\n".join(lines)


def _sections(config: DictConfig, chosen: dict[str, str]) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    own = [row for row in _rows(config, "") if row[0] not in chosen]
    yield "options", own
    for key in map(str, config):
        node = config._get_node(key)
        if isinstance(node, DictConfig) and key != "hydra":
            title = f"{key}={chosen[key]}" if key in chosen else key
            yield title, list(_deep_rows(node, f"{key}."))


def _deep_rows(node: DictConfig, prefix: str) -> Iterator[tuple[str, str, str]]:
    yield from _rows(node, prefix)
    for key in map(str, node):
        inner = node._get_node(key)
        if isinstance(inner, DictConfig):
            yield from _deep_rows(inner, f"{prefix}{key}.")


def _rows(node: DictConfig, prefix: str) -> Iterator[tuple[str, str, str]]:
    kind = OmegaConf.get_type(node)
    meanings = comments(kind) if kind and dataclasses.is_dataclass(kind) else {}
    for key in map(str, node):
        if OmegaConf.is_missing(node, key):
            yield f"{prefix}{key}", "???", meanings.get(key, "")
        elif not isinstance(node._get_node(key), DictConfig):
            yield f"{prefix}{key}", _shown(node[key]), meanings.get(key, "")


def _shown(value: Any) -> str:
    if isinstance(value, ListConfig):
        return "[" + ",".join(map(_shown, value)) + "]"
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return "''" if value == "" else str(value)


@lru_cache
def comments(kind: type) -> dict[str, str]:
    """Field name → the comment behind it, base classes included."""
    found: dict[str, str] = {}
    for cls in reversed(kind.__mro__[:-1]):
        try:
            source = textwrap.dedent(inspect.getsource(cls))
        except (OSError, TypeError):
            continue
        lines = source.splitlines()
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                name = lines[token.start[0] - 1].strip().partition(":")[0]
                if name.isidentifier():
                    found[name] = token.string.lstrip("# ").strip()
    return found


def _fitted(text: str, width: int) -> str:
    return text if len(text) >= width else text.ljust(width)


def _wrapped(head: str, names: str) -> list[str]:
    return textwrap.wrap(
        head + names, 118, subsequent_indent=" " * len(head), break_long_words=False, break_on_hyphens=False
    )
