"""Rows of defences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from physadv.core.hookspecs import Entry, hookimpl
from physadv.parts.defenses.options import NoDefenseConfig

if TYPE_CHECKING:
    from physadv.core.protocols import Defense


def _none(config: NoDefenseConfig) -> Defense:
    from physadv.parts.defenses.none import Undefended

    return Undefended()


@hookimpl
def physadv_defenses() -> list[Entry[Any, Defense]]:
    return [Entry("none", NoDefenseConfig, _none, "the bare victim")]
