"""What a victim calls its classes: from the user's list, from the model file, or COCO's."""

from __future__ import annotations

import json
from pathlib import Path

from physadv.errors import BadInput
from physadv.victims.coco import COCO_80, COCO_91

_COCO = {80: COCO_80, 90: COCO_91[1:], 91: COCO_91}


def read_names(option: str) -> tuple[str, ...] | None:
    """The names that ``victim.labels`` asks for; ``None`` when it is empty and the model shall say."""
    if not option:
        return None
    if option == "coco":
        return COCO_80
    names = _read_file(Path(option))
    if not names:
        raise BadInput(f"{option} names no class; write one a line, or a JSON list of strings")
    return names


def names_for(classes: int, wanted: tuple[str, ...] | None, source: str) -> tuple[str, ...]:
    """Exactly ``classes`` names: the wanted ones, else COCO's where the number fits, else class0, class1, …"""
    if wanted is not None:
        if wanted == COCO_80 and classes in _COCO:
            return _COCO[classes]
        if len(wanted) != classes:
            raise BadInput(f"{source} scores {classes} classes, but {len(wanted)} labels are given; mend victim.labels")
        return wanted
    return _COCO.get(classes) or tuple(f"class{i}" for i in range(classes))


def _read_file(path: Path) -> tuple[str, ...]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput(f"victim.labels={path} cannot be read ({error.strerror}); give a .txt or .json file") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"victim.labels={path} is not text; give a .txt or .json file in UTF-8") from error
    if path.suffix.lower() != ".json":
        return tuple(line.strip() for line in text.splitlines() if line.strip())
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"victim.labels={path} is not valid JSON: {error}") from error
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise BadInput(f"victim.labels={path} must hold a list of strings")
    return tuple(value)
