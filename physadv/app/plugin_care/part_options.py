"""Options for single parts in the words of ``plugins check``: ``victims/acme/net.path=net.onnx``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from physadv.app.config.spelling import Bare, read
from physadv.core.errors import BadOption
from physadv.core.nearest import did_you_mean

PartOptions = Mapping[str, Mapping[str, Any]]
"""Part with its kind, "victims/acme/net" → its options; texts where a word was typed, as their types read them."""


def part_options(words: Sequence[str]) -> PartOptions:
    """Sort the words by their part. Raises :class:`BadOption` for one that names none."""
    given: dict[str, dict[str, Any]] = {}
    for word in words:
        key, _, value = word.partition("=")
        part, _, option = key.rpartition(".")
        if "/" not in part or not option:
            raise BadOption(f"{word!r} names no option of a part. Write KIND/PART.OPTION=VALUE, as in "
                            "victims/acme/net.path=net.onnx")  # fmt: skip
        given.setdefault(part, {})[option] = _plain(read(value))
    return given


def expect_parts(given: PartOptions, offered: Sequence[str]) -> None:
    """Raise :class:`BadOption` for options of a part that is not offered."""
    for part in given:
        if part not in offered:
            known = ", ".join(offered) or "none"
            raise BadOption(f"the plugin offers no part {part!r}{did_you_mean(part, offered) or '.'} It offers {known}")


def _plain(value: Any) -> Any:
    if isinstance(value, Bare):
        return None if value.text == "null" else value.text
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return {key: _plain(item) for key, item in value.items()} if isinstance(value, dict) else value
