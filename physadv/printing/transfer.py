"""A picture for film that is ironed onto cloth face down: mirrored, at true size, transparent round the patch."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from physadv.atomic import write_bytes
from physadv.images import srgb_profile
from physadv.printing.artwork import make_artwork
from physadv.types import PatchImage


def write_transfer(patch: PatchImage, path: Path, dpi: float) -> Path:
    """Write an RGBA PNG of ``patch`` without bleed; its size is in its resolution, its colours are sRGB by profile."""
    artwork = make_artwork(patch, 0.0, dpi)
    rgb_u8 = artwork.rgb_u8
    alpha_u8 = np.full(rgb_u8.shape[:2], 255, np.uint8) if artwork.alpha_u8 is None else artwork.alpha_u8
    picture = Image.fromarray(np.dstack((rgb_u8, alpha_u8))[:, ::-1].copy())
    exact = rgb_u8.shape[1] / artwork.box.width * 25.4
    stream = io.BytesIO()
    picture.save(stream, "PNG", dpi=(exact, exact), icc_profile=srgb_profile())
    return write_bytes(path, stream.getvalue())
