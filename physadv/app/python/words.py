"""Options given as values of Python become the words that a command line would have."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from numbers import Integral, Real
from typing import Any

from hydra.core.override_parser.types import Quote, QuotedString

from physadv.core.errors import BadOption

_WORD = re.compile(r"[A-Za-z_./][\w./-]*")
_MEANS_MORE = {"true", "false", "null", "nan", "inf"}


def words_of(options: Mapping[str, Any]) -> list[str]:
    """``{"budget": {"steps": 3}, "seed": None}`` → ``["budget.steps=3", "seed=null"]``.

    Texts are texts, whatever they look like: ``"3"`` is no number and ``"[a, b]"`` no list. Paths, and finished runs,
    are their place. Raises :class:`BadOption` for values that no option can have.
    """
    return [f"{name}={_value(name, value)}" for name, value in _flat(options)]


def _flat(options: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in options.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _value(name: str, value: Any) -> str:
    """As it is typed: the texts of lists and dicts are quoted where a sign in them would mean more."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, str | os.PathLike):
        return _text(os.fspath(value))
    if isinstance(value, Integral):
        return str(int(value))
    if isinstance(value, Real):
        return repr(float(value))
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{_value(name, item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_value(name, item) for item in value) + "]"
    raise BadOption(
        f"option {name!r} cannot be of type {type(value).__name__}. Options are numbers, texts, paths, True, False, "
        "None, and lists and dicts of them"
    )


def _text(text: str | bytes) -> str:
    plain = os.fsdecode(text)
    if _WORD.fullmatch(plain) and plain.lower() not in _MEANS_MORE:
        return plain
    return QuotedString(text=plain, quote=Quote.single).with_quotes()
