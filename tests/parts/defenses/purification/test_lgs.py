"""Local gradients smoothing."""

from __future__ import annotations

import pytest
import torch

from physadv.core.errors import BadOption
from physadv.parts.defenses.options import LgsConfig, check_lgs
from physadv.parts.defenses.purification.lgs import gradients_smoothed


def test_a_busy_corner_darkens_and_the_rest_stays() -> None:
    image = torch.full((1, 3, 60, 60), 0.5)
    rows, columns = torch.meshgrid(torch.arange(15), torch.arange(15), indexing="ij")
    image[..., :15, :15] = ((rows + columns) % 2).float()
    image[..., 45, 45] = 1.0  # a lonely spot makes no busy window
    smoothed = gradients_smoothed(0.1, 2.3)(image)
    assert float(smoothed[..., :14, :14].max()) == 0  # every gradient of a chessboard is at its most
    assert torch.equal(smoothed[..., 30:, 30:], image[..., 30:, 30:])


def test_windows_overlap_and_the_last_ones_hold_what_is_left() -> None:
    image = torch.zeros(1, 3, 38, 20)
    image[..., 36, ::2] = 1  # only the windows from row 30 on see it
    darkened = gradients_smoothed(0.0, 1.0)(image) != image
    assert darkened.any(dim=-1)[0, 0].nonzero().flatten().tolist() == [36]


def test_a_flat_picture_stays_and_has_a_finite_gradient() -> None:
    image = torch.full((1, 3, 20, 20), 0.5, requires_grad=True)
    smoothed = gradients_smoothed(0.1, 2.3)(image)
    (slope,) = torch.autograd.grad(smoothed.sum(), image)
    assert torch.equal(smoothed, image)
    assert bool(torch.isfinite(slope).all())


@pytest.mark.parametrize(("threshold", "strength"), [(1.0, 2.3), (0.1, -1.0)])
def test_what_could_not_be_meant_is_refused(threshold: float, strength: float) -> None:
    with pytest.raises(BadOption, match="of lgs must"):
        check_lgs(LgsConfig(threshold, strength))
