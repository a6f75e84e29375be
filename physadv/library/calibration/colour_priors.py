"""Printing conditions that are known beforehand, on top of which a table is fitted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from physadv.library.calibration.colour_fit import Prior
from physadv.library.colour.print_proof import ProofLut

F64 = npt.NDArray[np.float64]


def coated_offset(asked: F64) -> F64:
    """Offset on coated paper (FOGRA39): ``(n,3)`` sRGB asked for → ``(n,3)`` sRGB on paper."""
    codes = torch.from_numpy(np.ascontiguousarray(asked.T)).float()[..., None]
    printed: F64 = ProofLut.load()(codes)[..., 0].numpy().T.astype(np.float64)
    return printed


def as_asked(asked: F64) -> F64:
    """Nothing is known: ``(n,3)`` sRGB comes out as it was asked for."""
    return asked


PRIORS: dict[str, Prior] = {"coated-offset": coated_offset, "none": as_asked}
"""Option → prior."""
