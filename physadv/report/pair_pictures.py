"""The same view without and with each patch: pictures in ``pairs/``, and ``pairs.json`` that says what they are."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from physadv.atomic import write_bytes, write_text
from physadv.report.contact import Row, drawn, outcome
from physadv.report.pairs import FILE, FOLDER

QUALITY = 85  # of the JPEGs: 20 to 40 kB each


def save_pairs(rows: Sequence[Row], roles: Mapping[str, str], victim: str, out: Path) -> Path:
    """Write every tile of every row as a picture, and the list of them; ``roles`` tells controls from patches."""
    pairs = []
    for number, row in enumerate(rows, start=1):
        pictures = []
        for place, tile in enumerate(row.tiles):
            name = f"{number}-{place}.jpg"  # names of patches may be anything
            stream = io.BytesIO()
            drawn(tile, row).save(stream, "JPEG", quality=QUALITY, optimize=True)
            write_bytes(out / FOLDER / name, stream.getvalue())
            pictures.append({
                "condition": tile.condition, "role": roles[tile.condition], "file": name,
                "outcome": f"{row.label} {outcome(tile, row)}",
            })  # fmt: skip
        pairs.append({"title": row.title, "note": row.note, "label": row.label, "pictures": pictures})
    content = {"victim": victim, "pairs": pairs}
    return write_text(out / FOLDER / FILE, json.dumps(content, indent=1, ensure_ascii=False))
