"""Reads the pictures of ``pairs/`` for a page: the same view without and with each patch."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from physadv.core.errors import BadInput
from physadv.library.runs.options import read_object_if_there

FOLDER = "pairs"
FILE = "pairs.json"


def read_pairs(out: Path) -> dict[str, Any]:
    """Read what :func:`~physadv.library.report.pictures.pair_pictures.save_pairs` wrote, with the pictures in it as
    ``data:`` links; empty where there is none.

    Raises :class:`BadInput` for a list without what it must hold.
    """
    path = out / FOLDER / FILE
    content = read_object_if_there(path)
    if not content:
        return {}
    try:
        pairs = [_with_pictures(pair, path.parent) for pair in content["pairs"]]
        rule = str(content.get("rule", ""))
        return {"victim": str(content["victim"]), "rule": rule, "pairs": [pair for pair in pairs if pair["pictures"]]}
    except (KeyError, TypeError) as error:
        raise BadInput(f"{path} is not a list of pictures: {error} is missing. Judge again.") from error


def _with_pictures(pair: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    words = ", ".join(word for word in (pair["title"], pair["note"]) if word) or str(pair["label"])
    found = [
        {**picture, "data": jpeg_uri(folder / Path(picture["file"]).name)}
        for picture in pair["pictures"]
        if (folder / Path(picture["file"]).name).is_file()
    ]
    return {"words": words, "title": str(pair["title"]), "middle": int(pair.get("middle", 50)), "pictures": found}


def jpeg_uri(path: Path) -> str:
    """A picture as a ``data:`` link."""
    return f"data:image/jpeg;base64,{base64.b64encode(path.read_bytes()).decode()}"
