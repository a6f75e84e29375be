"""The print as it hangs: what a judge must see to predict what a camera will."""

from __future__ import annotations

import math

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from physadv.core.types import PatchImage
from physadv.library.files.boards import Board, Tag

_MODULES = 6  # across a tag; one more of white round it
_PX_PER_MM = 2.0


def printed_board(patch: PatchImage, board: Board) -> PatchImage:
    """White paper with the patch in its middle and the tags round it. Rim and tags hide the object, too."""
    width_mm, height_mm = board.size_mm
    reach = [(abs(t.x_mm) + t.side_mm * (0.5 + 1 / _MODULES), abs(t.y_mm) + t.side_mm * (0.5 + 1 / _MODULES))
             for t in board.tags]  # fmt: skip
    half_x, half_y = (max(size / 2, *(r[axis] for r in reach)) for axis, size in enumerate((width_mm, height_mm)))
    columns, rows = (math.ceil(2 * half * _PX_PER_MM) for half in (half_x, half_y))
    paper = torch.ones(3, rows, columns)
    size = [round(height_mm * _PX_PER_MM), round(width_mm * _PX_PER_MM)]
    srgb = interpolate(patch.srgb[None].detach().cpu(), size, mode="bilinear", antialias=True)[0].clamp(0, 1)
    alpha = interpolate(patch.alpha[None].detach().cpu(), size, mode="bilinear", antialias=True)[0].clamp(0, 1)
    top, left = (rows - size[0]) // 2, (columns - size[1]) // 2
    place = paper[:, top : top + size[0], left : left + size[1]]
    place.copy_(srgb * alpha + place * (1 - alpha))
    for tag in board.tags:
        _draw(paper, tag, board.dictionary)
    return PatchImage(paper, torch.ones(1, rows, columns), columns / _PX_PER_MM)


def _draw(paper: Tensor, tag: Tag, dictionary: str) -> None:
    known = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, dictionary))
    side = round(tag.side_mm * _PX_PER_MM)
    picture = cv2.resize(
        cv2.aruco.generateImageMarker(known, tag.id, _MODULES), (side, side), interpolation=cv2.INTER_NEAREST
    )
    top = round(paper.shape[1] / 2 + tag.y_mm * _PX_PER_MM - side / 2)
    left = round(paper.shape[2] / 2 + tag.x_mm * _PX_PER_MM - side / 2)
    paper[:, top : top + side, left : left + side] = torch.from_numpy(np.asarray(picture / 255, np.float32))
