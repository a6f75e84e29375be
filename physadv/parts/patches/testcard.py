"""A patch that shows what happens to a patch: colours, greys, fine lines, and which way is up."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from physadv.core.types import PatchImage
from physadv.library.colour.conversion import srgb_from_rgb_u8

SIZE_PX = (500, 300)  # width, height
COLOURS = (
    (206, 38, 38), (236, 140, 30), (240, 214, 40), (66, 160, 70), (38, 130, 190), (70, 60, 160), (170, 60, 130),
    (115, 82, 68), (194, 150, 130), (250, 250, 250), (200, 200, 200), (122, 122, 122), (60, 60, 60), (12, 12, 12),
)  # fmt: skip


def card(width_mm: float) -> PatchImage:
    """A card of ``SIZE_PX`` texels: two rows of colours, lines of 1 to 16 mm on a 500 mm card, and an arrow up."""
    picture = Image.new("RGB", SIZE_PX, (236, 236, 232))
    pen = ImageDraw.Draw(picture)
    for index, colour in enumerate(COLOURS):
        left, top = 10 + index % 7 * 69, 10 + index // 7 * 70
        pen.rectangle((left, top, left + 61, top + 62), fill=colour)
    left = 10
    for width in (1, 2, 4, 8, 16):
        for bar in range(3):
            pen.rectangle((left + 2 * bar * width, 158, left + (2 * bar + 1) * width - 1, 288), fill=(12, 12, 12))
        left += 6 * width + 10
    pen.polygon(((330, 216), (362, 160), (394, 216)), fill=(206, 38, 38))
    pen.rectangle((350, 216, 374, 288), fill=(206, 38, 38))
    pen.text((448, 222), "R", (12, 12, 12), ImageFont.load_default(120), anchor="mm")
    return PatchImage(srgb_from_rgb_u8(np.array(picture)), torch.ones(1, SIZE_PX[1], SIZE_PX[0]), width_mm)
