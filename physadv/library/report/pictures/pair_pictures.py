"""The same view without and with each patch: pictures in ``pairs/``, and ``pairs.json`` that says what they are."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from physadv.library.files.atomic import write_bytes, write_text
from physadv.library.report.pictures.contact_sheet import ObjectRow, drawn, outcome, view_of
from physadv.library.report.pictures.pairs import FILE, FOLDER

QUALITY = 85  # of the JPEGs: 20 to 40 kB each


def save_pairs(rows: Sequence[ObjectRow], roles: Mapping[str, str], victim: str, out: Path) -> Path:
    """Write every tile of every row as a picture, and the list of them; ``roles`` tells controls from patches.

    The outcome of the object is in the list, not in the picture: two pictures are shown one beside the other half.
    """
    pairs = []
    for number, row in enumerate(rows, start=1):
        pictures = []
        for place, tile in enumerate(row.tiles):
            name = f"{number}-{place}.jpg"  # names of patches may be anything
            stream = io.BytesIO()
            drawn(tile, row, in_words=False).save(stream, "JPEG", quality=QUALITY, optimize=True)
            write_bytes(out / FOLDER / name, stream.getvalue())
            pictures.append(
                {
                    "condition": tile.arm,
                    "role": roles[tile.arm],
                    "file": name,
                    "outcome": f"{row.label} {outcome(tile, row)}",
                }
            )
        pairs.append(
            {"title": row.title, "note": row.note, "label": row.label, "middle": middle(row), "pictures": pictures}
        )
    content = {"victim": victim, "pairs": pairs}
    return write_text(out / FOLDER / FILE, json.dumps(content, indent=1, ensure_ascii=False))


def middle(row: ObjectRow) -> int:
    """Where the object is across the picture, in percent from its left edge."""
    height, width = row.tiles[0].srgb.shape[1:]
    left, _, right, _ = view_of(row.box_xyxy_px, (width, height))
    share = ((row.box_xyxy_px[0] + row.box_xyxy_px[2]) / 2 - left) / (right - left)
    return round(100 * min(max(share, 0.0), 1.0))
