"""Mirrored pictures: tags cannot be read in them, whatever else is right. One look into the flipped picture tells."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from physadv.library.fiducials.find import Finder
from physadv.library.files.boards import Board

logger = logging.getLogger(__name__)

U8 = npt.NDArray[np.uint8]
LOOKS = (1, 3, 10, 30, 100, 300)  # frames without a board, at which the flipped frame is looked at as well
REMEDY = (
    "the picture is mirrored, as selfie cameras, video calls and virtual cameras show it, so its tags cannot be read. "
    "Turn mirroring off, or unmirror what was taken: ffmpeg -i FILE -vf hflip UNMIRRORED"
)


def flipped(picture_u8: U8) -> U8:
    """Left and right of ``(h,w)`` or ``(h,w,3)`` codes exchanged."""
    return np.ascontiguousarray(picture_u8[:, ::-1])


def mirrored(picture_u8: U8, boards: Sequence[Board]) -> bool:
    """Whether two tags of a board agree in the flipped codes ``(h,w)`` or ``(h,w,3)``.

    Ask where nothing was found in the picture itself.
    """
    return bool(Finder(boards).find(flipped(picture_u8)))


class MirrorCheck:
    """Follows a film in which no board is found, and says once why, if that is the reason."""

    def __init__(self, boards: Sequence[Board]) -> None:
        self._boards = tuple(boards)
        self._without = 0
        self._done = False
        self.mirrored = False

    def look(self, picture_u8: U8, *, found: bool) -> None:
        """Take note of every frame, ``(h,w,3)`` codes, and whether a board was found in it."""
        if self._done or found:
            self._done = True
            return
        self._without += 1
        if self._without in LOOKS and mirrored(picture_u8, self._boards):
            self.mirrored = self._done = True
            logger.warning("%s", REMEDY)
