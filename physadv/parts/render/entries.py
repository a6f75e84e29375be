"""The renderer made from its options. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from physadv.parts.render.options import EotConfig, check

if TYPE_CHECKING:
    from physadv.core.types import PatchImage
    from physadv.parts.render.eot import EotRenderer


def build_renderer(config: EotConfig, ink: Callable[[PatchImage], PatchImage] | None = None) -> EotRenderer:
    """Make the renderer, or say which option cannot be. ``ink`` turns what is asked of the printer into the print."""
    check(config)
    from physadv.parts.render.eot import EotRenderer

    return EotRenderer(config, ink)
