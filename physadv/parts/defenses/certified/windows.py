"""Windows of which one covers any patch, wherever it is: the covering set of PatchCleanser (Xiang et al. 2022, 3.2).

Along a side of ``n`` px, ``k`` windows for patches of ``p`` px begin ``s`` px after one another, and are ``m`` px long:

    s = ⌈(n - p + 1) / k⌉,  m = p + s - 1        n = 10, p = 3, k = 4:  s = 2, m = 4

    ####......  a patch that begins at 0 or 1
    ..####....                         2 or 3
    ....####..                         4 or 5
    ......####                         6 or 7
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

FILL = 0.5
"""The grey of a window, in sRGB."""


@dataclass(frozen=True, slots=True)
class Windows:
    """The same number of them down and across, for patches within a square; in pixels of one size of pictures."""

    height: int
    width: int
    patch_px: int  # side of the square, at most the picture's shorter one
    tops: tuple[int, ...]  # (k,)
    lefts: tuple[int, ...]  # (k,)
    size_px: tuple[int, int]  # height and width of a window

    @staticmethod
    def over(height: int, width: int, area: float, count: int) -> Windows:
        """``count`` down and across, for square patches of this share of the picture."""
        side = min(math.ceil(math.sqrt(area * height * width)), height, width)
        (tops, high), (lefts, wide) = (_along(length, side, count) for length in (height, width))
        return Windows(height, width, side, tops, lefts, (high, wide))

    def __len__(self) -> int:
        return len(self.tops) * len(self.lefts)

    @property
    def corners(self) -> tuple[tuple[int, int], ...]:
        """Top and left of each, row by row."""
        return tuple((top, left) for top in self.tops for left in self.lefts)

    def masked(self, images: Tensor, index: int) -> Tensor:
        """``(…, H, W)`` with the window of this index filled. Gradient flows to the rest."""
        top, left = self.corners[index]
        window = torch.zeros(self.height, self.width, dtype=torch.bool, device=images.device)
        window[top : top + self.size_px[0], left : left + self.size_px[1]] = True
        return images.masked_fill(window, FILL)

    def covered(self, good: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """``(H - p + 1, W - p + 1)``: a good window ``(len(self),)`` hides a patch whose corner is there."""
        side = self.patch_px
        places = np.zeros((self.height - side + 1, self.width - side + 1), dtype=np.bool_)
        for (top, left), fine in zip(self.corners, good, strict=True):
            if fine:
                places[top : top + self.size_px[0] - side + 1, left : left + self.size_px[1] - side + 1] = True
        return places


def _along(length: int, side: int, count: int) -> tuple[tuple[int, ...], int]:
    """The beginnings of the windows along one side, and how long they are."""
    step = math.ceil((length - side + 1) / count)
    window = side + step - 1
    return tuple(min(place * step, length - window) for place in range(count)), window
