"""A filter gives back pictures like those that it was given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from physadv.core.errors import BadShape
from physadv.parts.defenses.filtered import Filtered
from physadv.testing import ToyDefense, ToyGridDetector, sample_images


@pytest.mark.parametrize(
    ("filter", "said"),
    [
        (lambda images: images[..., ::2], r"'blur-3' changes the pictures' shape: .*96, 128\) became .*96, 64\)"),
        (lambda images: images.double(), "changes the pictures' type: torch.float32 became torch.float64"),
        (lambda images: images * 255, "gives pictures from 0 to 255 where 0 to 1 is due"),
        (lambda images: images / 0, "gives pictures from (nan|inf|-inf) to"),
        (lambda images: images.numpy(), "gives ndarray where pictures are due"),
    ],
)
def test_one_that_does_not_is_refused(filter: Callable[[Tensor], Any], said: str) -> None:
    images = sample_images()
    images[0, 0, 0, :2] = torch.tensor([0.0, 1.0])
    with pytest.raises(BadShape, match=said):
        Filtered(ToyGridDetector(), ToyDefense(), {}, filter).outputs(images)


def test_what_leaves_the_range_by_a_rounding_error_is_clipped() -> None:
    made = Filtered(ToyGridDetector(), ToyDefense(), {}, lambda images: images * (1 + 1e-6))
    assert made.passed_on(torch.ones(1, 3, 4, 4)).max() == 1
