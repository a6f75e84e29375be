"""Parts by name, for a loop of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from physadv.app.assembly import parts
from physadv.app.commands import COMMANDS
from physadv.app.config.compose import Composer
from physadv.app.python.surroundings import visiting
from physadv.app.python.words import words_of
from physadv.app.registry import Registry
from physadv.core.errors import BadOption
from physadv.core.hookspecs import KINDS
from physadv.core.nearest import did_you_mean
from physadv.core.scene_protocols import Renderer


def build(kind: str, name: str, **options: Any) -> Any:
    """One part of a kind ("scenes", "patches", "defenses", "victims", "goals", "penalties", "attacks") by its name.

    It may be ours or a plugin's. The options are those of the command line, here as values of Python:
    ``build("victims", "onnx", path="mine.onnx")``. A classifier comes as it is; ``WholePicture`` of it is what a patch
    attacks. A part that draws random numbers for itself takes ``seed=0`` where none is given. Raises
    :class:`BadOption` for kinds, names and options that do not exist, with the nearest.
    """
    kinds = [row.plural for row in KINDS]
    if kind not in kinds:
        raise BadOption(
            f"there is no kind of part {kind!r}{did_you_mean(kind, kinds) or '.'} Known: {', '.join(kinds)}"
        )
    return parts.named(Registry(), kind, name, options, seed=0)


def renderer(eot: str, ink: str = "none", options: Mapping[str, Any] | None = None) -> Renderer:
    """The world of an ``eot`` preset, printed with an ``ink`` preset.

    ``options`` change the presets: ``{"eot.light.exposure_ev": [-1, 1]}``. Raises :class:`BadOption` for presets and
    options that do not exist, with the nearest.
    """
    with visiting(messages=False):
        composer = Composer(COMMANDS["generate"], Registry())
        config = composer.composed(composer.prepared(words_of({"eot": eot, "ink": ink, **(options or {})})))
        return parts.renderer(config.eot, parts.ink(config.ink))
