"""Folds of cloth: a thin-plate spline through a few displaced control points (Duchon 1977).

The spline is linear in the displacements, so its matrix is made once for the points that are asked for: nothing is
solved in the loop, and nothing is evaluated per pixel.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

SIDE = 5  # control points along each side, as in the cloth models of the literature (Hu et al. 2022)
FOLDS = SIDE * SIDE


@lru_cache(maxsize=8)
def _system(device: str) -> tuple[Tensor, Tensor]:
    """Control points ``(FOLDS,2)`` in [-1, 1]², and the matrix ``(FOLDS+3,FOLDS)`` from displacements to weights."""
    line = torch.linspace(-1, 1, SIDE, dtype=torch.float64)
    control = torch.stack(torch.meshgrid(line, line, indexing="xy"), -1).view(-1, 2)
    affine = torch.cat((torch.ones(FOLDS, 1, dtype=torch.float64), control), 1)
    system = torch.zeros(FOLDS + 3, FOLDS + 3, dtype=torch.float64)
    system[:FOLDS, :FOLDS] = _kernel(control, control)
    system[:FOLDS, FOLDS:], system[FOLDS:, :FOLDS] = affine, affine.T
    return control.to(device), torch.linalg.inv(system)[:, :FOLDS].to(device)


def spline(points: Tensor) -> Tensor:
    """``(k,FOLDS)``: how much each control point moves the points ``(k,2)`` in [-1, 1]²; rows add to 1."""
    control, weights = _system(str(points.device))
    terms = torch.cat((_kernel(points.double(), control), torch.ones_like(points[:, :1]), points), 1)
    return terms @ weights


def _kernel(points: Tensor, control: Tensor) -> Tensor:
    """r² log r."""
    squared = (points[:, None] - control).square().sum(-1)
    return torch.xlogy(squared, squared) / 2
