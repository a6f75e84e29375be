"""A palette has its inks and no other colour, and learns which of them goes where."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from physadv.core.errors import BadOption
from physadv.library.colour.print_proof import ProofLut
from physadv.parts.patches.options import PaletteConfig
from physadv.parts.patches.palette import build_palette

FLAG = ["#ff0000", "#FFFFFF", "#0000ff"]
SMALL = {"width_mm": 100.0, "height_mm": 50.0, "px_per_100mm": 16}


def colours_of(srgb: torch.Tensor) -> set[tuple[float, ...]]:
    return {tuple(colour) for colour in srgb.detach().flatten(1).T.tolist()}


def test_every_texel_is_exactly_an_ink_while_drawn_and_while_printed() -> None:
    palette = build_palette(PaletteConfig(colours=FLAG, **SMALL))
    inks = {tuple(ink) for ink in palette.inks.tolist()}
    assert inks == {(1, 0, 0), (1, 1, 1), (0, 0, 1)}
    assert colours_of(palette().srgb) == inks  # noise visits them all
    with torch.no_grad():
        assert colours_of(palette().srgb) <= inks


def test_without_gradients_there_is_no_noise() -> None:
    palette = build_palette(PaletteConfig(**SMALL))
    with torch.no_grad():
        first = palette().srgb
        palette.project_()
        assert torch.equal(palette().srgb, first)


def test_noise_is_the_same_within_a_step_and_new_in_the_next() -> None:
    palette = build_palette(PaletteConfig(**SMALL))
    first = palette().srgb
    assert torch.equal(palette().srgb, first)
    palette.project_()
    assert not torch.equal(palette().srgb, first)


def test_a_resumed_palette_draws_what_the_other_one_would_have() -> None:
    palette, other = (build_palette(PaletteConfig(seed=4, **SMALL)) for _ in range(2))
    for _ in range(7):
        palette.project_()
    state = palette.state_dict()
    other.load_state_dict(state)
    for model in (palette, other):
        model.project_()
    assert torch.equal(palette().srgb, other().srgb)
    assert palette.temperature(8) == other.temperature(8)


def test_draws_follow_the_scores() -> None:
    palette = build_palette(
        PaletteConfig(colours=["#000000", "#ffffff"], width_mm=1000, height_mm=1000, px_per_100mm=10)
    )
    with torch.no_grad():
        palette.scores[0], palette.scores[1] = 0.0, 0.25  # the logits are four times the scores
    assert palette().srgb.detach().mean() == pytest.approx(torch.sigmoid(torch.tensor(1.0)).item(), abs=0.02)


def test_the_temperature_falls_from_first_to_last_and_stays() -> None:
    palette = build_palette(PaletteConfig(temperature=[2.0, 0.5], temperature_steps=100, **SMALL))
    assert [palette.temperature(step) for step in (0, 50, 100, 900)] == pytest.approx([2.0, 1.0, 0.5, 0.5])


def test_default_inks_are_what_the_printer_can_do() -> None:
    inks = build_palette(PaletteConfig(inks=8, **SMALL)).inks.T[:, None]
    proof = ProofLut.load()
    assert torch.equal(proof.printable(inks), inks)
    assert (torch.cdist(inks[:, 0].T, inks[:, 0].T) + torch.eye(8)).min() > 0.3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"inks": 1}, "inks"),
        ({"inks": 1000}, "inks"),
        ({"colours": ["#ff0000"]}, "colours"),
        ({"colours": ["#ff0000", "red"]}, "hex.*red"),
        ({"colours": ["#ff0000", "#FF0000"]}, "different"),
        ({"temperature": [1.0]}, "temperature"),
        ({"temperature": [0.1, 1.0]}, "temperature"),
        ({"temperature": [1.0, 0.0]}, "temperature"),
        ({"temperature_steps": 0}, "temperature_steps"),
    ],
)
def test_nonsense_is_refused_by_name(options: dict[str, Any], message: str) -> None:
    with pytest.raises(BadOption, match=message):
        build_palette(PaletteConfig(**options))
