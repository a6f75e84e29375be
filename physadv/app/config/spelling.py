"""Values in the grammar of Hydra's command line, and read from what people type, which is not in that grammar.

Hydra's grammar is for nested values: an ``=``, a comma or a ``#`` in a path must be quoted twice, once for it and once
for the shell, and ``1_10`` is a number. Here the sign of a text is only a sign.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from hydra.core.override_parser.types import Quote, QuotedString

from physadv.core.errors import BadOption

_CLOSES = {"[": "]", "{": "}"}
_QUOTED = re.compile(r"""'((?:\\\\)*|.*?[^\\](?:\\\\)*)'|"((?:\\\\)*|.*?[^\\](?:\\\\)*)\"""", re.S)


@dataclass(frozen=True)
class Bare:
    """A word as typed, without quotes: text or number, as the option has it."""

    text: str


def literal(text: str) -> str:
    r"""Text that OmegaConf takes as it is: ``${oc.env:HOME}`` stays these fourteen letters and is not looked up."""
    return re.sub(r"(\\*)\$\{", r"\1\1\\${", text)


def literal_in(value: Any) -> Any:
    """Nested values with every text :func:`literal`; what came from a file is data and asks for nothing."""
    if isinstance(value, dict):
        return {literal(k) if isinstance(k, str) else k: literal_in(item) for k, item in value.items()}
    if isinstance(value, list):
        return [literal_in(item) for item in value]
    return literal(value) if isinstance(value, str) else value


def quoted(text: str) -> str:
    """Text as a quoted value."""
    return QuotedString(text=literal(text), quote=Quote.single).with_quotes()


def spelled(value: Any) -> str:
    """Any value of a configuration. Raises :class:`BadOption` for a key that cannot name an option."""
    if isinstance(value, dict):
        for key in value:
            if not re.fullmatch(r"\w[\w.-]*", str(key)):
                raise BadOption(f"{str(key)!r} cannot be the name of an option")
        return "{" + ",".join(f"{key}:{spelled(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(spelled, value)) + "]"
    if isinstance(value, str):
        return quoted(value)
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def unquoted(text: str) -> str | None:
    """The text within the one pair of quotes round ``text``; ``None`` where there is no such pair."""
    match = _QUOTED.fullmatch(text)
    if match is None:
        return None
    quote = text[0]
    inside = match[1] if match[1] is not None else match[2]
    if quote in re.sub(r"\\.", "", inside, flags=re.S):
        return None  # 'a','b': two of them
    return re.sub(rf"(\\*)\\{quote}", lambda m: "\\" * (len(m[1]) // 2) + quote, inside)


def read(text: str) -> Any:
    """Lists and dicts of :class:`Bare` words and quoted texts. Raises ``BadOption`` where a bracket is not closed."""
    text = text.strip()
    if (inside := unquoted(text)) is not None:
        return inside
    if text[:1] not in _CLOSES:
        return Bare(text)
    if text[-1:] != _CLOSES[text[0]]:
        raise BadOption(f"the {text[0]!r} is never closed")
    parts = split(text[1:-1], ",")
    parts = [] if parts == [""] else parts
    if text[0] == "[":
        return [read(part) for part in parts]
    pairs = [part.partition(":") for part in parts]
    if lacking := next((part for part, (_, colon, _) in zip(parts, pairs, strict=True) if not colon), None):
        raise BadOption(f"{lacking!r} should be name: value")
    return {unquoted(key.strip()) or key.strip(): read(value) for key, _, value in pairs}


def split(text: str, sign: str) -> list[str]:
    """Cut at a sign outside of brackets and quotes. A quote counts where a word begins: O'Brien has none.

    Raises :class:`BadOption` where a bracket or quote is not closed.
    """
    words: list[str] = []
    depth: list[str] = []
    begun, place, fresh = 0, 0, True
    while place < len(text):
        letter = text[place]
        if fresh and letter in "'\"" and (match := _QUOTED.match(text, place)):
            place, fresh = match.end(), False
            continue
        if letter in _CLOSES:
            depth.append(_CLOSES[letter])
        elif depth and letter == depth[-1]:
            depth.pop()
        elif letter == sign and not depth:
            words.append(text[begun:place])
            begun = place + 1
        fresh = letter in "[{,:" or (fresh and letter.isspace())
        place += 1
    if depth:
        raise BadOption(f"a {depth[-1]!r} is missing")
    return [*words, text[begun:]]
