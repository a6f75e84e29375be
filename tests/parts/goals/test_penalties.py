"""Penalties are small for what prints well, look at material only, and give gradient where they charge."""

from __future__ import annotations

import pytest
import torch
from PIL import Image

from physadv.core.errors import BadOption
from physadv.core.protocols import Penalty
from physadv.core.seeding import generator
from physadv.core.types import PatchImage
from physadv.library.colour.print_proof import ProofLut, spread_inks
from physadv.parts.goals.options import NonPrintabilityConfig
from physadv.parts.goals.penalty_entries import physadv_penalties

ROWS = {entry.name: entry for entry in physadv_penalties()}


@pytest.fixture(scope="module", autouse=True)
def artwork(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A picture to look like: black at the left, white at the right."""
    path = tmp_path_factory.mktemp("art") / "halves.png"
    Image.new("RGB", (64, 64), "white").save(path)
    with Image.open(path) as picture:
        picture.paste("black", (0, 0, 32, 64))
        picture.save(path)
    MORE["likeness"] = {"artwork": str(path)}


MORE: dict[str, dict[str, str]] = {}


def penalty(name: str, weight: float = 1.0) -> Penalty:
    return ROWS[name].build(ROWS[name].config(weight=weight, **MORE.get(name, {})))


def flat(*srgb: float) -> PatchImage:
    return PatchImage(torch.tensor(srgb).view(3, 1, 1).expand(3, 8, 8), torch.ones(1, 8, 8), 100.0)


def noise() -> PatchImage:
    srgb = torch.rand(3, 64, 64, generator=generator(0, "noise")).requires_grad_()
    return PatchImage(srgb, torch.ones(1, 64, 64), 100.0)


@pytest.mark.parametrize("name", ROWS)
def test_a_penalty_is_a_scalar_in_proportion_to_its_weight(name: str) -> None:
    patch = noise()
    one, three = penalty(name, 1.0)(patch), penalty(name, 3.0)(patch)
    assert one.shape == ()
    assert three.allclose(3 * one)
    assert penalty(name, 0.0)(patch) == 0


@pytest.mark.parametrize("name", ROWS)
def test_a_penalty_gives_gradient_to_every_texel(name: str) -> None:
    patch = noise()
    (gradient,) = torch.autograd.grad(penalty(name)(patch), patch.srgb)
    assert gradient.isfinite().all()
    assert (gradient.abs().sum(0) > 0).float().mean() > 0.99


@pytest.mark.parametrize("name", sorted({*ROWS} - {"likeness"}))  # which has an artwork as large as the whole
def test_only_material_counts(name: str) -> None:
    srgb, alpha = noise().srgb, torch.zeros(1, 64, 64)
    alpha[:, 16:48, 16:48] = 1
    whole = PatchImage(srgb[:, 16:48, 16:48], torch.ones(1, 32, 32), 100.0)
    assert penalty(name)(PatchImage(srgb, alpha, 100.0)).allclose(penalty(name)(whole))


@pytest.mark.parametrize("name", ROWS)
def test_an_empty_or_single_texel_patch_is_no_accident(name: str) -> None:
    for alpha in (torch.zeros(1, 1, 1), torch.ones(1, 1, 1)):
        assert penalty(name)(PatchImage(torch.rand(3, 1, 1), alpha, 1.0)).isfinite()


def test_total_variation_is_the_mean_step() -> None:
    stripes = torch.tensor([0.0, 1.0]).repeat(4).expand(3, 8, 8)
    assert penalty("tv")(PatchImage(stripes, torch.ones(1, 8, 8), 100.0)) == 0.5  # all pairs across, none down
    assert penalty("tv")(flat(0.2, 0.4, 0.6)) == 0


def test_nps_is_zero_on_an_ink_and_grows_away_from_it() -> None:
    inks = spread_inks(ProofLut.load(), NonPrintabilityConfig().inks)
    assert penalty("nps")(flat(*inks[7].tolist())) < 1e-3
    assert penalty("nps")(flat(0.0, 1.0, 0.0)) > 0.3


def test_the_proof_residual_charges_colours_no_ink_can_make() -> None:
    assert penalty("proof")(flat(1.0, 1.0, 1.0)) == 0
    assert penalty("proof")(flat(0.5, 0.5, 0.5)) < 0.02
    assert penalty("proof")(flat(0.0, 1.0, 0.0)) > 0.5


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
@pytest.mark.parametrize("name", ROWS)
def test_a_wrong_weight_is_refused_by_name(name: str, weight: float) -> None:
    with pytest.raises(BadOption, match=rf"penalties\.{name}\.weight"):
        penalty(name, weight)


def test_likeness_is_zero_on_the_artwork_and_grows_with_colour_and_structure() -> None:
    halves = torch.ones(3, 64, 64)
    halves[:, :, :32] = 0
    like = penalty("likeness")
    same = like(PatchImage(halves, torch.ones(1, 64, 64), 100.0))
    paler = like(PatchImage(halves * 0.8 + 0.1, torch.ones(1, 64, 64), 100.0))
    mirrored = like(PatchImage(halves.flip(2), torch.ones(1, 64, 64), 100.0))
    assert float(same) == pytest.approx(0, abs=1e-4)
    assert same < paler < mirrored
    assert 1 < float(mirrored) < 1.6


def test_what_is_cut_away_need_not_be_alike() -> None:
    srgb, alpha = torch.ones(3, 64, 64), torch.zeros(1, 64, 64)
    alpha[:, :, 40:] = 1
    srgb[:, :, :20] = 0.5
    assert float(penalty("likeness")(PatchImage(srgb, alpha, 100.0))) == pytest.approx(0, abs=1e-3)


def test_likeness_to_nothing_is_refused() -> None:
    with pytest.raises(BadOption, match=r"penalties\.likeness\.artwork"):
        ROWS["likeness"].build(ROWS["likeness"].config(weight=1.0))
