"""Rows of defences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from physadv.core.hookspecs import Entry, hookimpl
from physadv.parts.defenses.options import JpegConfig, NoDefenseConfig

if TYPE_CHECKING:
    from physadv.core.protocols import Defense


def _none(config: NoDefenseConfig) -> Defense:
    from physadv.parts.defenses.none import Undefended

    return Undefended()


def _jpeg(config: JpegConfig) -> Defense:
    from physadv.parts.defenses.purification.jpeg import Jpeg

    return Jpeg(config)


@hookimpl
def physadv_defenses() -> list[Entry[Any, Defense]]:
    return [
        Entry("none", NoDefenseConfig, _none, "the bare victim"),
        Entry(
            "jpeg", JpegConfig, _jpeg, "pictures as they come back from a JPEG file",
            "Dziugaite et al. 2016, arXiv:1608.00853",
        ),
    ]  # fmt: skip
