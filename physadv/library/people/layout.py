"""Parts of a body, and where in the atlas each is painted: left, top, right, bottom in texels."""

from __future__ import annotations

TRUNK, HEAD, ARM, LEG, OTHER = range(5)  # parts

ATLAS_PX = 512
TRUNK_RECT, HEAD_RECT = (0, 0, 320, 256), (320, 0, 512, 160)
ARM_RECT, LEG_RECT = (0, 256, 128, 512), (128, 256, 256, 512)
HAND_RECT, SHOE_RECT, SKIRT_RECT = (256, 256, 288, 320), (288, 256, 320, 320), (256, 320, 512, 512)
BAG_RECT, HAIR_RECT = (320, 160, 448, 320), (448, 160, 512, 320)
