"""Whether a film of a board can be what it is taken for, before conditions are read off it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from physadv.core.errors import BadInput
from physadv.library.calibration.conditions import BoardFrame

MAX_MISS = 0.02  # of the print's side by which tags may miss the board's model, in the middle of all frames
NEAREST_M, FARTHEST_M = 0.05, 200.0
DARK_PAPER, CLIPPED_PAPER = 0.03, 0.97  # linear light of the paper; a camera's own white is 1
MAX_BLACK = 0.6  # light of the tags' ink, the paper being 1


def check_film(frames: Sequence[BoardFrame], misses: Sequence[float], name: str) -> str:
    """Words for a doubt about a film, or nothing.

    ``misses`` are how far tags lie from where the pose has them, as shares of the print's side, a frame each. Raises
    :class:`BadInput`, which names the film, for one that cannot be right.
    """
    miss = float(np.median(misses))
    if not miss <= MAX_MISS:
        raise BadInput(
            f"{name}: tags miss the board's model by {miss:.0%} of the print's side. Is board.json that of this very "
            "print, is the print flat, and camera.yaml that of this camera and zoom?"
        )
    distance_m = float(np.median([frame.distance_m for frame in frames]))
    if not NEAREST_M <= distance_m <= FARTHEST_M:
        raise BadInput(
            f"{name}: the print would be {distance_m:.3g} m away. Check camera=, field_of_view_deg= and board="
        )
    return _light(frames, name)


def _light(frames: Sequence[BoardFrame], name: str) -> str:
    optics = [frame.optics for frame in frames if frame.optics is not None]
    whites = [max(seen.white) for seen in optics if seen.white is not None]
    contrasts = [
        seen.black / max(seen.white[1], 1e-6) for seen in optics if seen.white is not None and seen.black is not None
    ]
    if not whites:
        return ""
    white = float(np.median(whites))
    if white < DARK_PAPER:
        raise BadInput(
            f"{name}: the print's white paper is nearly black ({white:.1%} of the camera's white), so blur, noise and "
            "light cannot be read off it. Film in more light, or with a longer exposure"
        )
    if contrasts and float(np.median(contrasts)) > MAX_BLACK:
        raise BadInput(
            f"{name}: the tags' ink is {float(np.median(contrasts)):.0%} as bright as the paper: fog, glare, or a film "
            "whose contrast was changed. Film it again without"
        )
    if white > CLIPPED_PAPER:
        return f"{name}: the paper is overexposed in most frames, so brightness and noise come out too small"
    return ""
