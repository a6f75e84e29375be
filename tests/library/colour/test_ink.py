"""The soft proof behaves like paper: white stays, colours dull, greys stay in order, and gradient gets through."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from physadv.core.errors import BadInput
from physadv.core.seeding import generator
from physadv.library.colour.print_proof import ProofLut, spread_inks


@pytest.fixture(scope="module")
def proof() -> ProofLut:
    return ProofLut.load()


def codes(proof: ProofLut, *rgb: int) -> list[float]:
    asked = torch.tensor(rgb).view(3, 1, 1) / 255
    return [float(value) for value in (proof(asked) * 255).flatten().round()]


def random_colours(height: int = 200, width: int = 200) -> Tensor:
    return torch.rand(3, height, width, generator=generator(0, "colours"))


def test_paper_stays_white_and_colours_dull_as_littlecms_proofs_them(proof: ProofLut) -> None:
    assert codes(proof, 255, 255, 255) == [255, 255, 255]
    assert codes(proof, 255, 0, 0) == pytest.approx([229, 43, 38], abs=1)
    assert codes(proof, 0, 255, 0) == pytest.approx([111, 182, 62], abs=1)
    assert codes(proof, 0, 0, 255) == pytest.approx([31, 81, 157], abs=1)
    assert max(codes(proof, 0, 0, 0)) < 30


def test_greys_stay_grey_and_in_order(proof: ProofLut) -> None:
    printed = proof(torch.linspace(0, 1, 256).expand(3, 1, 256))[:, 0]
    assert (printed.diff(dim=1) > -0.5 / 255).all()
    assert (printed.amax(0) - printed.amin(0)).max() < 3 / 255


def test_gradient_reaches_every_colour(proof: ProofLut) -> None:
    srgb = random_colours().requires_grad_()
    direction = torch.rand(3, 200, 200, generator=generator(0, "direction"))
    (gradient,) = torch.autograd.grad((proof(srgb) * direction).sum(), srgb)
    assert (gradient.abs().sum(0) > 0).float().mean() > 0.999


def test_gradient_reaches_pure_colours(proof: ProofLut) -> None:
    srgb = torch.tensor([[0.0, 1, 0, 1], [0, 1, 1, 0], [0, 1, 1, 0]]).view(3, 1, 4).requires_grad_()
    (gradient,) = torch.autograd.grad(proof(srgb).sum(), srgb)
    assert (gradient.abs().sum(0) > 0).all()


def test_the_gradient_is_the_slope_of_the_table() -> None:
    table = torch.rand(4, 4, 4, 3, dtype=torch.float64, generator=generator(0, "table"))
    srgb = torch.rand(2, 3, 2, 2, dtype=torch.float64, generator=generator(1, "srgb")).requires_grad_()
    assert torch.autograd.gradcheck(ProofLut(table), srgb)


def test_a_table_that_changes_nothing_changes_nothing() -> None:
    axis = torch.linspace(0, 1, 33)
    identity = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), -1)
    srgb = random_colours()
    assert torch.allclose(ProofLut(identity)(srgb), srgb, atol=1e-6)


def test_printing_what_was_printed_changes_little(proof: ProofLut) -> None:
    asked = random_colours()
    once = proof(asked)
    assert (proof(once) - once).abs().mean() < (once - asked).abs().mean() / 3


def test_inks_are_printable_distinct_and_always_the_same(proof: ProofLut) -> None:
    inks = spread_inks(proof, 30)
    assert torch.equal(inks, spread_inks(proof, 30))
    assert (torch.cdist(inks, inks) + torch.eye(30)).min() > 0.1


def test_a_wrong_table_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "press.safetensors").write_bytes(b"nonsense")
    with pytest.raises(BadInput, match="press"):
        ProofLut.load(tmp_path / "press.safetensors")
    with pytest.raises(BadInput, match="absent"):
        ProofLut.load(tmp_path / "absent.safetensors")
