"""Pictures in blocks."""

from __future__ import annotations

import torch

from physadv.parts.defenses.localisation.blocks import block_means, means_around, over_pixels


def test_blocks_begin_at_the_top_left_and_the_last_ones_stick_out() -> None:
    picture = torch.zeros(1, 1, 9, 17)
    picture[..., 8, :] = 1  # one row in the lower blocks
    picture[..., 16] = 3  # one column in the blocks at the right
    assert block_means(picture).tolist() == [[[[0, 0, 3], [1, 1, 3]]]]


def test_a_picture_of_one_pixel_is_a_block() -> None:
    assert block_means(torch.full((1, 1, 1, 1), 0.25)).tolist() == [[[[0.25]]]]


def test_a_mean_at_the_corner_is_of_the_blocks_that_are_there() -> None:
    blocks = torch.zeros(1, 1, 3, 3)
    blocks[..., 0, 0] = 1
    around = means_around(blocks)[0, 0]
    torch.testing.assert_close(around[0, 0], torch.tensor(1 / 4))
    torch.testing.assert_close(around[1, 1], torch.tensor(1 / 9))


def test_pixels_have_what_their_block_has() -> None:
    blocks = torch.tensor([[[[1.0, 2.0]]]])
    pixels = over_pixels(blocks, 3, 10)[0, 0]
    assert tuple(pixels.shape) == (3, 10)
    assert pixels[0].tolist() == [1] * 8 + [2] * 2
