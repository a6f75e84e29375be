"""Where a face wears a print: the frame of spectacles, a sticker on the forehead, a shirt below.

The distance between the eyes gives the scale: 63 mm on average over adults (Dodgson 2004, Variation and extrema of
human interpupillary distance; 52 to 78 mm), so sizes on one person are right to some 10 %. The line between the eyes
gives the turn; a head that looks aside shortens the distance, and the print with it.

    on        the print's middle, below the middle between the eyes
    glasses     0 mm    Sharif et al. 2016, Accessorize to a crime
    forehead  -50 mm    half way between brows and hairline (assumption; Farkas 1994: hairline 60 to 75 mm above)
    shirt     +420 mm   of the chest print: eyes to chin 110 mm, chin to the middle of the print 310 mm (assumption)
"""

from __future__ import annotations

import torch
from torch import Tensor

from physadv.core.errors import BadOption
from physadv.library.faces.face import Face

EYE_DISTANCE_MM = 63.0
WORN_ON = {"glasses": 0.0, "forehead": -50.0, "shirt": 420.0}
"""Place → how far below the middle between the eyes, in mm."""


def check_worn_on(place: str) -> None:
    """Raise :class:`BadOption` for a place that is none."""
    if place not in WORN_ON:
        raise BadOption(f"scenes.wear_on must be one of {', '.join(WORN_ON)}; got {place!r}.")


def surface(face: Face, place: str, eye_distance_mm: float = EYE_DISTANCE_MM) -> Tensor:
    """``(3, 3)``: millimetres about the print's middle (x right, y down) → pixels, flat and facing the camera.

    A shirt hangs straight down whatever the head does; the rest turns with the line between the eyes.
    """
    left, right = face.eyes_px.double()
    along = (right - left) / eye_distance_mm  # pixels per millimetre
    if place == "shirt":
        along = torch.stack([torch.linalg.vector_norm(along), along.new_zeros(())])
    down = torch.stack([-along[1], along[0]])
    middle = (left + right) / 2 + down * WORN_ON[place]
    found = torch.eye(3, dtype=torch.float64)
    found[:2] = torch.stack([along, down, middle], 1)
    return found
