"""How recognisers cut faces out: turned, scaled and moved so that the landmarks lie where they do in a mean face."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

FIVE_POINTS_112 = ((38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041))
"""Eyes, tip of the nose and corners of the mouth on the 112 px square of ArcFace and its kin (Deng et al. 2019,
arXiv:1801.07698), left as seen."""


def similarity(points: Tensor, onto: Tensor) -> Tensor:
    """``(3, 3)``: the turn, scale and shift that takes ``points`` ``(P, 2)`` to ``onto``, by least squares.

    Umeyama 1991 (IEEE PAMI 13-4); in the plane it is the regression of complex numbers, without a mirror image.
    """
    points, onto = points.double(), onto.double()
    here, there = points.mean(0), onto.mean(0)
    x, y = points - here, onto - there
    size = (x**2).sum().clamp_min(1e-12)
    a = (x * y).sum() / size
    b = (x[:, 0] * y[:, 1] - x[:, 1] * y[:, 0]).sum() / size
    turn = torch.stack([torch.stack([a, -b]), torch.stack([b, a])])
    found = torch.eye(3, dtype=torch.float64)
    found[:2, :2] = turn
    found[:2, 2] = there - turn @ here
    return found


def chips(images: Tensor, image_of: Tensor, chip_from_image: Tensor, size_px: int) -> Tensor:
    """Faces cut out, ``(F, 3, size_px, size_px)`` sRGB; black where the image ends. Gradient flows to ``images``.

    ``image_of`` ``(F,)`` says which of the images ``(B, 3, H, W)`` each is in, ``chip_from_image`` ``(F, 3, 3)`` where.
    A chip that shrinks the picture averages over as many samples as it has pixels fewer.
    """
    cut = []
    for face, transform in zip(image_of.tolist(), chip_from_image, strict=True):
        shrinks = float(torch.linalg.det(transform[:2, :2]).abs()) ** -0.5
        fine = min(max(round(shrinks), 1), 8)
        grid = _grid(torch.linalg.inv(transform), size_px, fine, images)
        chip = functional.grid_sample(images[face : face + 1], grid, "bilinear", "zeros", align_corners=True)
        cut.append(functional.avg_pool2d(chip, fine) if fine > 1 else chip)
    return torch.cat(cut) if cut else images.new_zeros((0, 3, size_px, size_px))


def _grid(image_from_chip: Tensor, size_px: int, fine: int, images: Tensor) -> Tensor:
    """``(1, n, n, 2)`` for ``grid_sample``, of ``fine`` × ``fine`` samples a pixel of the chip."""
    steps = (torch.arange(size_px * fine, dtype=torch.float64) + 0.5) / fine - 0.5
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    points = torch.stack([x, y, torch.ones_like(x)], -1) @ image_from_chip.T
    height, width = images.shape[-2:]
    sides = torch.tensor([max(width - 1, 1), max(height - 1, 1)], dtype=torch.float64)
    return (points[None, ..., :2] / sides * 2 - 1).to(images)
