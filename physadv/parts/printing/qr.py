"""The sheet's identity for a machine: patch, seed and role in a QR code."""

from __future__ import annotations

import segno

from physadv.parts.printing.layout import Box

FORMAT = 1


def qr_text(digest: str, seed: int | None, role: str) -> str:
    """``physadv:1:<digest of the patch>:<seed, or nothing>:<role>``."""
    return f"physadv:{FORMAT}:{digest}:{'' if seed is None else seed}:{role}"


def qr_modules(text: str, place: Box) -> list[Box]:
    """The dark parts of the code; the white that it needs round it is left to the page."""
    matrix = segno.make(text, error="m", micro=False, boost_error=False).matrix
    cell = place.width / len(matrix)
    return [
        Box(place.x + column * cell, place.y + row * cell, cell, cell)
        for row, cells in enumerate(matrix)
        for column, dark in enumerate(cells)
        if dark
    ]
