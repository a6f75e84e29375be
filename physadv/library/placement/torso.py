"""Where a garment print sits on a person of whom only a box is known.

Body segments are shares of the stature after Drillis and Contini (1966, Body segment parameters; the figure of Winter's
Biomechanics): vertex to chin 0.130, shoulder joints at 0.818, biacromial breadth 0.259. A full-front print begins 2 to
3 inches below the collar seam (print shops' placement charts), and the seam lies by the notch of the breastbone, at
0.82: so a print of 406 mm is centred some 0.34 of the stature below the top of the head.

A box's height says how large a person is, unless the photo or a table cuts the person off, or the person sits. A box
too squat for a standing person is measured by its width as well: that of the upper body with its arms a little apart,
0.40 of the stature (assumption: 0.68 m of 1.7 m; the joints of the shoulders are 0.26 apart). At the photo's lower edge
the person is surely cut off there, so the width counts fully; elsewhere half, because arms reach out too.
"""

from __future__ import annotations

import torch
from torch import Tensor

CHEST = 0.34  # of the stature: from the top of the head down to the middle of the print
CHIN = 0.130  # of the stature: from the top of the head
BREADTH = 0.40  # of the stature: upper body with arms
STANDING, CUT = 2.5, 1.2  # height : width of boxes that show the whole person, and of those that surely do not
RIM = 0.02  # of the photo's height: a box that ends nearer to its lower edge is cut off there
INSIDE = 0.5  # weight of the width where the box ends within the photo
FACE = 0.112  # of the stature: from the chin to the hairline, which is what face detectors box; 190 mm of 1.7 m


def on_the_chest(
    box_xyxy_px: tuple[float, float, float, float], size_px: tuple[int, int], object_height_mm: float, *, of_face: bool
) -> Tensor | None:
    """``(3, 3)`` millimetres about the middle of the chest print → pixels, facing the camera.

    ``object_height_mm`` is the person's stature, or with ``of_face`` the height of the face from chin to hairline.
    ``None`` where the middle of the print is not in the picture, or hidden below the lower edge of a person's box.
    """
    left, top, right, bottom = box_xyxy_px
    if of_face:
        scale = (bottom - top) / object_height_mm
        chest = bottom + scale * (CHEST - CHIN) / FACE * object_height_mm
        lowest = float(size_px[0])
    else:
        at_rim = bottom >= (1 - RIM) * size_px[0]
        scale = px_per_mm(right - left, bottom - top, object_height_mm, at_rim=at_rim)
        chest = top + scale * CHEST * object_height_mm
        lowest = bottom
    if chest >= lowest:
        return None
    x, y = (left + right) / 2 - 0.5, chest - 0.5
    return torch.tensor([[scale, 0, x], [0, scale, y], [0, 0, 1]], dtype=torch.float64)


def px_per_mm(width_px: float, height_px: float, stature_mm: float, *, at_rim: bool) -> float:
    """Scale of a person in a box, by its height, by its width, or between the two in the logarithm."""
    by_height = height_px / stature_mm
    by_width = max(width_px / (BREADTH * stature_mm), by_height)  # seen from the side: narrower, but not smaller
    cut = min(max((STANDING - height_px / width_px) / (STANDING - CUT), 0.0), 1.0) * (1.0 if at_rim else INSIDE)
    return float(by_height ** (1 - cut) * by_width**cut)
