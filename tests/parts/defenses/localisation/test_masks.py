"""Which blocks are a patch."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from physadv.core.errors import BadInput
from physadv.parts.defenses.localisation.masks import Thresholds, fitted, hard_mask, soft_mask

THRESHOLDS = Thresholds(low=1.0, high=2.0)


def _square(score: float, side: int) -> Tensor:
    """``(1,1,12,12)``: one square of blocks from the fourth on."""
    blocks = torch.zeros(1, 1, 12, 12)
    blocks[..., 3 : 3 + side, 3 : 3 + side] = score
    return blocks


def test_a_sure_square_is_masked_exactly_though_means_spread_it() -> None:
    assert torch.equal(hard_mask(_square(3.0, 4), THRESHOLDS), _square(1.0, 4))


def test_a_square_that_is_nowhere_sure_is_left() -> None:
    assert not hard_mask(_square(1.8, 4), THRESHOLDS).any()


def test_a_sure_block_alone_is_left_but_a_sure_region_takes_weaker_neighbours_with_it() -> None:
    assert not hard_mask(_square(3.0, 1), THRESHOLDS).any()
    region = _square(1.7, 6)
    region[..., 3:6, 3:6] = 3.0
    expected = _square(1.0, 6)
    for row, column in ((3, 8), (8, 3), (8, 8)):  # the weak corners' means are four ninths of 1.7
        expected[..., row, column] = 0
    assert torch.equal(hard_mask(region, THRESHOLDS), expected)


def test_a_gap_of_a_block_is_closed() -> None:
    holed = _square(3.0, 5)
    holed[..., 5, 5] = 0
    assert torch.equal(hard_mask(holed, THRESHOLDS), _square(1.0, 5))


def test_every_picture_of_a_batch_has_its_own_regions() -> None:
    both = torch.cat([_square(3.0, 4), _square(1.8, 4)])
    assert hard_mask(both, THRESHOLDS).flatten(1).any(1).tolist() == [True, False]


def test_the_soft_mask_is_a_half_at_the_threshold_and_rises() -> None:
    level = torch.tensor([0.5, 1.0, 2.0]).view(3, 1, 1, 1).expand(3, 1, 5, 5)
    low, half, high = soft_mask(level, THRESHOLDS)[:, 0, 2, 2].tolist()
    assert low < half < high
    assert half == pytest.approx(0.5)


def test_thresholds_are_exceeded_by_the_shares_that_were_asked() -> None:
    flat = [torch.full((1, 1, 4, 4), float(level)) for level in range(101)]
    assert fitted(flat, area=0.1, pictures=0.05) == Thresholds(90.0, 95.0)


def test_the_higher_threshold_is_never_the_lower() -> None:
    made = fitted([torch.ones(1, 1, 4, 4)], area=0.5, pictures=1.0)
    assert made.high == made.low == 1


def test_thresholds_need_a_picture() -> None:
    with pytest.raises(BadInput, match="no clean picture"):
        fitted([])
