"""Scores of the localisers that were trained, as shipped."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from physadv.app.registry import Registry
from physadv.parts.defenses.localisation.localised import LocalisingDefense
from physadv.parts.defenses.localisation.reconstruct import opponent
from physadv.parts.defenses.localisation.segment import SegmentLocaliser, SmallUnet, fold_norms_, input_hw

REGISTRY = Registry(discover=False)
LEARNED = ("reconstruct", "segment")


def shipped(name: str) -> LocalisingDefense:
    made = REGISTRY.build("defenses", name, REGISTRY.entry("defenses", name).config())
    assert isinstance(made, LocalisingDefense)
    return made


def patched(height: int = 96, width: int = 136) -> Tensor:
    """A soft ramp of greys with a square of random colours at its left."""
    picture = torch.linspace(0.2, 0.7, width).expand(1, 3, height, width).clone()
    cells = torch.rand(1, 3, 12, 12, generator=torch.Generator().manual_seed(1))
    picture[..., 24:72, 16:64] = cells.repeat_interleave(4, 2).repeat_interleave(4, 3)
    return picture


@pytest.mark.parametrize("name", LEARNED)
def test_a_square_of_random_colours_scores_above_the_threshold_and_greys_below(name: str) -> None:
    defense = shipped(name)
    score = defense.localiser.localise(patched())
    assert score.shape == (1, 1, 12, 17)
    assert float(score[..., 4:8, 3:7].mean()) > defense.thresholds.high
    assert float(score[..., 12:].max()) < defense.thresholds.low


@pytest.mark.parametrize("name", LEARNED)
def test_blocks_that_stick_out_and_small_pictures_have_scores(name: str) -> None:
    for height, width in ((95, 130), (9, 7), (500, 333)):
        score = shipped(name).localiser.localise(torch.rand(2, 3, height, width))
        assert score.shape == (2, 1, -(-height // 8), -(-width // 8))
        assert bool((score >= 0).all())


@pytest.mark.parametrize("name", LEARNED)
def test_the_gradient_reaches_the_patch_also_where_the_score_is_certain(name: str) -> None:
    picture = patched().requires_grad_()
    shipped(name).localiser.localise(picture)[..., 3:9, 2:8].mean().backward()
    assert picture.grad is not None
    assert float((picture.grad[..., 24:72, 16:64].abs().sum(1) > 0).float().mean()) > 0.9


def test_opponent_colours_of_grey_are_nothing_but_luma() -> None:
    luma, *colours = opponent(torch.full((1, 3, 2, 2), 0.4))[0]
    torch.testing.assert_close(luma, torch.full((2, 2), 0.4))
    assert all(float(colour.abs().max()) < 1e-6 for colour in colours)


def test_folded_norms_change_no_answer() -> None:
    torch.manual_seed(0)
    net = SmallUnet()
    net(torch.rand(4, 3, 32, 32))  # so that the norms have seen something
    before = net.eval()(torch.ones(1, 3, 32, 32) * 0.3)
    fold_norms_(net)
    torch.testing.assert_close(net(torch.ones(1, 3, 32, 32) * 0.3), before, rtol=1e-4, atol=1e-5)
    assert not [layer for layer in net.modules() if isinstance(layer, torch.nn.BatchNorm2d)]


@pytest.mark.parametrize(
    ("size", "seen"), [((320, 320), [320, 320]), ((640, 480), [320, 240]), ((100, 60), [96, 64]), ((5, 7), [16, 16])]
)
def test_the_network_sees_pictures_of_at_most_320_px(size: tuple[int, int], seen: list[int]) -> None:
    assert input_hw(*size) == seen


def test_scores_of_a_network_are_log_odds_above_one_in_three_thousand() -> None:
    class Certain(SmallUnet):
        def forward(self, images: Tensor) -> Tensor:
            return torch.full((len(images), 1, images.shape[-2] // 4, images.shape[-1] // 4), 5.0)

    torch.testing.assert_close(
        SegmentLocaliser(Certain(), "").localise(torch.rand(1, 3, 32, 32)), torch.full((1, 1, 4, 4), 13.0),
        rtol=1e-4, atol=1e-4,
    )  # fmt: skip
