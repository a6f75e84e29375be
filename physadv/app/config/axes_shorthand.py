"""``axes=distance_m`` and ``axes=[distance_m,yaw_deg]``: only these axes of a grid, instead of eight empty lists."""

from __future__ import annotations

from collections.abc import Sequence

from physadv.app.commands import Command


def only_these_axes(command: Command, typed: Sequence[str]) -> list[str]:
    """The options with a list of axes written as ``only=[…]``; a mapping of axes to values stays as it is."""
    if command.words != "grid":
        return list(typed)
    return [_only(text) for text in typed]


def _only(text: str) -> str:
    key, equals, value = text.partition("=")
    names = value.strip()
    listed = names.removeprefix("[").removesuffix("]").strip()
    if key != "axes" or not equals or names.startswith("{") or not listed:
        return text  # what is no list of names, the configuration refuses
    return f"only=[{listed}]"
