"""A picture for film that is ironed onto cloth face down: mirrored, at true size, transparent round the patch."""

from __future__ import annotations

import io
import math
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from physadv.core.types import PatchImage
from physadv.library.colour.conversion import U8
from physadv.library.files.atomic import write_bytes
from physadv.library.files.boards import Board
from physadv.library.files.images import srgb_profile
from physadv.parts.printing.artwork import FINE_DPI, MAX_PIXELS, make_artwork
from physadv.parts.printing.tags import MODULES


def write_transfer(patch: PatchImage, path: Path, dpi: float, board: Board | None = None) -> Path:
    """Write an RGBA PNG of ``patch`` without bleed; its size is in its resolution, its colours are sRGB by profile.

    With a ``board`` its tags stand round the patch, on white. ``dpi`` 0 is 300: programs print a picture by its pixels,
    most of them without smoothing.
    """
    dpi = dpi or FINE_DPI
    if board:
        dpi = min(dpi, math.sqrt(MAX_PIXELS / math.prod(_reach_mm(board))) * 25.4)
    artwork = make_artwork(patch, 0.0, dpi)
    rgb_u8 = artwork.rgb_u8
    alpha_u8 = np.full(rgb_u8.shape[:2], 255, np.uint8) if artwork.alpha_u8 is None else artwork.alpha_u8
    codes: U8 = np.dstack((rgb_u8, alpha_u8))
    dots_per_mm = rgb_u8.shape[1] / artwork.box.width
    if board:
        codes = _on_board(codes, board, dots_per_mm)
    picture = Image.fromarray(codes[:, ::-1].copy())
    stream = io.BytesIO()
    picture.save(stream, "PNG", dpi=(dots_per_mm * 25.4, dots_per_mm * 25.4), icc_profile=srgb_profile())
    return write_bytes(path, stream.getvalue())


def _on_board(codes: U8, board: Board, dots_per_mm: float) -> U8:
    """The picture in the middle of white with tags; places are rounded to dots."""
    width, height = (math.ceil(side * dots_per_mm) for side in _reach_mm(board))
    white = Image.new("RGBA", (width, height), "white")
    patch = Image.fromarray(codes)
    white.alpha_composite(patch, ((width - patch.width) // 2, (height - patch.height) // 2))
    known = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, board.dictionary))
    for tag in board.tags:
        side = round(tag.side_mm * dots_per_mm)
        marker = Image.fromarray(cv2.aruco.generateImageMarker(known, tag.id, MODULES))
        x, y = (round(at * dots_per_mm + total / 2 - side / 2) for at, total in ((tag.x_mm, width), (tag.y_mm, height)))
        white.paste(marker.resize((side, side), Image.Resampling.NEAREST).convert("RGBA"), (x, y))
    return np.asarray(white)


def _reach_mm(board: Board) -> tuple[float, float]:
    """Width and height of picture, tags and a module of white round them."""
    rim = max(tag.side_mm for tag in board.tags) * (0.5 + 1 / MODULES)
    halves = (
        max([size / 2, *(abs(at) + rim for at in places)])
        for size, places in zip(
            board.size_mm, ([t.x_mm for t in board.tags], [t.y_mm for t in board.tags]), strict=True
        )
    )
    width, height = (2 * half for half in halves)
    return width, height
