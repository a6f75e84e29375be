"""Labelled pictures as arrays, with a fixed part to train on and a fixed part to judge on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor


class DataSplit(StrEnum):
    """The share of a data set that is used. It is fixed: what was trained on is never judged on."""

    train = "train"
    val = "val"
    all = "all"


@dataclass(frozen=True)
class LabelledArrays:
    """Grey pictures of one size, with a class each."""

    name: str  # "digits"
    grey_u8: npt.NDArray[np.uint8]  # (N, h, w)
    classes: npt.NDArray[np.int64]  # (N,) into names
    names: tuple[str, ...]
    judged: npt.NDArray[np.bool_]  # (N,) of the split val

    def rows(self, split: DataSplit, only: tuple[str, ...] = ()) -> npt.NDArray[np.int64]:
        """Places ``(n,)`` of the pictures of a split, of the classes of these names; without names of all classes."""
        wanted = np.ones_like(self.judged) if split is DataSplit.all else self.judged == (split is DataSplit.val)
        if only:
            wanted = wanted & np.isin(self.classes, [self.names.index(name) for name in only])
        return np.flatnonzero(wanted)

    def tensors(self, split: DataSplit, only: tuple[str, ...] = ()) -> tuple[Tensor, Tensor]:
        """Images ``(n, 3, h, w)`` sRGB in [0, 1] and classes ``(n,)``, counted within ``only`` where it is given."""
        rows = self.rows(split, only)
        images = torch.from_numpy(self.grey_u8[rows]).float()[:, None] / 255
        number = np.arange(len(self.names))
        for place, name in enumerate(only):
            number[self.names.index(name)] = place
        return images.expand(-1, 3, -1, -1).contiguous(), torch.from_numpy(number[self.classes[rows]])
