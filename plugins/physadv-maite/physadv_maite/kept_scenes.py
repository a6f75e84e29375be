"""Scenes of ours, held for a MAITE data set of either task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from physadv.api import BadOption, SceneBatch, SceneSource, build
from physadv_maite.options import check_range


def kept_scenes(
    scenes: str | SceneSource, options: Mapping[str, Any] | None, input_range: str, images: int
) -> tuple[list[SceneBatch], dict[str, Any]]:
    """One batch a picture, ``images`` at most and all for 0, and MAITE's account of the set.

    ``scenes`` is a source, or the name of one that ``options`` make. Raises :class:`BadOption` for a number of images
    or a range that cannot be.
    """
    check_range("input_range", input_range)
    if images < 0:
        raise BadOption(f"images must not be negative, got {images}")
    source: SceneSource = build("scenes", scenes, **(options or {})) if isinstance(scenes, str) else scenes
    kept = [one for one, _ in zip(source.sweep(1), range(images or len(source)), strict=False)]
    names = kept[0].label_names if kept else ()
    name = scenes if isinstance(scenes, str) else type(scenes).__name__
    return kept, {"id": f"physadv/{name}", "index2label": dict(enumerate(names))}
