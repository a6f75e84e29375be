"""The thing that a run puts its patch on, and how large such a thing is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from physadv.core.errors import BadOption
from physadv.core.labels import canonical
from physadv.engines.watch.expected_object import wearer


def worn_by(scenes: Mapping[str, Any]) -> tuple[str, tuple[float, float]] | None:
    """Label, and width and height in mm, from the options of scenes; ``None`` where they do not tell."""
    label = str(scenes.get("label") or scenes.get("sign") or "")
    stated_mm = scenes.get("object_height_mm") or 0.0
    try:
        usual = wearer(label, [], None)
    except BadOption:  # no usual size is known: nothing can be said
        return None
    width, height = usual.size_mm
    scale = float(stated_mm) / height if isinstance(stated_mm, int | float) and stated_mm > 0 else 1.0
    return canonical(usual.label), (width * scale, height * scale)
