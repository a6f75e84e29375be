"""Ink dulls, spreads and lies on a medium: each as its formula says, and the gradient comes back through all of it."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from physadv.core.errors import BadInput, BadOption
from physadv.core.seeding import generator
from physadv.core.types import PatchImage
from physadv.library.colour.conversion import linear_from_srgb
from physadv.library.colour.difference import delta_e00, lab_from_srgb
from physadv.library.colour.print_proof import ProofLut
from physadv.parts.printing.entries import build_ink
from physadv.parts.printing.ink import Ink, spread
from physadv.parts.printing.options import InkConfig

CLOTH = InkConfig(
    colours="coated-offset", saturation=0.8, white=[0.9, 0.88, 0.85], black=[0.02, 0.02, 0.03], spread_mm=2.0
)


def ink_of(config: InkConfig) -> Ink:
    made = build_ink(config)
    assert made is not None
    return made


def noise(height: int = 24, width: int = 40, seed: int = 0) -> Tensor:
    return torch.rand(3, height, width, dtype=torch.float64, generator=generator(seed, "ink"))


def patch_of(srgb: Tensor, alpha: Tensor | None = None, *, repeats: bool = False) -> PatchImage:
    """One texel is a millimetre."""
    alpha = torch.ones_like(srgb[:1]) if alpha is None else alpha
    return PatchImage(srgb, alpha, float(srgb.shape[2]), repeats)


def difference(one: Tensor, other: Tensor) -> Tensor:
    return delta_e00(lab_from_srgb(one), lab_from_srgb(other))


def test_screen_colours_are_no_ink_at_all() -> None:
    assert build_ink(InkConfig()) is None


def test_coated_offset_is_the_proof_table() -> None:
    srgb = noise().float()
    assert torch.equal(ink_of(InkConfig(colours="coated-offset"))(patch_of(srgb)).srgb, ProofLut.load()(srgb))


def test_white_and_black_become_the_mediums() -> None:
    ink = ink_of(InkConfig(white=[0.9, 0.8, 0.7], black=[0.01, 0.02, 0.03], spread_mm=1.0))
    for value, expected in ((1.0, [0.9, 0.8, 0.7]), (0.0, [0.01, 0.02, 0.03])):
        seen = linear_from_srgb(ink(patch_of(torch.full((3, 5, 5), value))).srgb)
        assert torch.allclose(seen, torch.tensor(expected).view(3, 1, 1).expand(3, 5, 5), atol=1e-4)


def test_no_saturation_leaves_the_luminance() -> None:
    srgb = noise()
    seen = linear_from_srgb(ink_of(InkConfig(saturation=0.0))(patch_of(srgb)).srgb)
    luminance = (linear_from_srgb(srgb) * torch.tensor([0.2126, 0.7152, 0.0722]).view(3, 1, 1)).sum(0)
    assert torch.allclose(seen, luminance.expand(3, -1, -1), atol=1e-6)


@pytest.mark.parametrize("sigma", [0.3, 1.0, 3.0])
def test_a_dot_spreads_as_the_gaussian_averaged_over_texels(sigma: float) -> None:
    linear = torch.zeros(3, 41, 41, dtype=torch.float64)
    linear[:, 20, 20] = 1
    seen = spread(linear, torch.ones_like(linear[:1]), sigma)
    fine = 200  # sub-samples a texel
    place = (torch.arange(-20 * fine, 21 * fine, dtype=torch.float64) + 0.5) / fine
    edge = 1 / sigma / math.sqrt(2)
    smeared = (torch.erf(place * edge) - torch.erf((place - 1) * edge)) / 2  # a texel from 0 to 1
    row = smeared.view(41, fine).mean(1)  # of each texel along the row
    assert torch.allclose(seen[0], row[:, None] * row[None, :], atol=2e-5)


def test_spreading_keeps_one_colour_and_all_light() -> None:
    alpha = (torch.rand(1, 24, 40, generator=generator(2, "alpha")) > 0.5).double()
    one = torch.full((3, 24, 40), 0.3, dtype=torch.float64)
    assert torch.allclose(spread(one, alpha, 2.0), one)
    wrapped = spread(noise(), torch.ones(1, 24, 40).double(), 2.0, wraps=True)
    assert wrapped.mean() == pytest.approx(noise().mean().item())


def test_no_colour_comes_from_outside_the_material() -> None:
    alpha = torch.zeros(1, 24, 40, dtype=torch.float64)
    alpha[:, 5:15, 8:30] = 1
    inside = noise()
    ink = ink_of(InkConfig(spread_mm=3.0))
    seen, other = (ink(patch_of(torch.where(alpha > 0, inside, outside), alpha)) for outside in (0.0, 1.0))
    assert torch.equal(seen.alpha, alpha)
    assert torch.allclose(seen.srgb * alpha, other.srgb * alpha)
    nowhere = ink(patch_of(inside, torch.zeros_like(alpha)))
    assert torch.isfinite(nowhere.srgb).all()


def test_cloth_that_repeats_has_no_seam() -> None:
    srgb, ink = noise(), ink_of(InkConfig(spread_mm=1.5))
    moved = ink(patch_of(srgb.roll((7, 11), (1, 2)), repeats=True)).srgb
    assert torch.allclose(ink(patch_of(srgb, repeats=True)).srgb.roll((7, 11), (1, 2)), moved)
    assert ink(patch_of(srgb, repeats=True)).repeats


def test_the_spread_is_in_millimetres() -> None:
    ink = ink_of(InkConfig(spread_mm=1.0))
    coarse, fine = noise(8, 8), noise(8, 8).repeat_interleave(2, 1).repeat_interleave(2, 2)
    alone = ink(PatchImage(coarse, torch.ones(1, 8, 8), 8.0, repeats=True)).srgb
    doubled = ink(PatchImage(fine, torch.ones(1, 16, 16), 8.0, repeats=True)).srgb
    pooled = torch.nn.functional.avg_pool2d(linear_from_srgb(doubled), 2)
    assert torch.allclose(pooled, linear_from_srgb(alone), atol=1e-4)


def test_the_gradient_is_the_slope() -> None:
    ink = ink_of(CLOTH)
    alpha = torch.ones(1, 4, 5, dtype=torch.float64)
    alpha[:, 0, :2] = 0.3

    def seen(srgb: Tensor) -> Tensor:
        return ink(PatchImage(srgb, alpha, 5.0)).srgb

    assert torch.autograd.gradcheck(seen, noise(4, 5, seed=3).requires_grad_(), atol=2e-4, eps=1e-7)


def test_autocast_changes_nothing() -> None:
    ink, srgb = ink_of(CLOTH), noise().float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = ink(patch_of(srgb)).srgb
    assert inside.dtype == torch.float32
    assert torch.equal(inside, ink(patch_of(srgb)).srgb)


def test_the_printable_patch_prints_the_same_and_a_second_time_is_the_same() -> None:
    srgb, ink = noise(100, 100).float(), ink_of(InkConfig(colours="coated-offset"))
    asked = ink.printable(patch_of(srgb))
    assert difference(ink(asked).srgb, ink(patch_of(srgb)).srgb).max() <= 1
    again = difference(ink.printable(asked).srgb, asked.srgb)
    assert again.max() < 3
    assert (again > 0).float().mean() < 0.002


def test_what_can_be_printed_is_left_as_it_is() -> None:
    dull = 0.5 + (noise().float() - 0.5) * 0.3
    ink = ink_of(InkConfig(colours="coated-offset"))
    assert torch.equal(ink.printable(patch_of(dull)).srgb, dull)
    asked = ink.printable(patch_of(torch.tensor([0.0, 1.0, 0.0]).view(3, 1, 1))).srgb
    assert difference(asked, torch.tensor([0.0, 1.0, 0.0]).view(3, 1, 1)) > 10


def test_a_table_that_is_no_proof_keeps_the_print_as_well(tmp_path: Any) -> None:
    axis = torch.linspace(0, 1, 9)
    grid = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), -1)
    save_file({"table": 0.15 + 0.6 * grid**1.3}, tmp_path / "camera.safetensors")
    ink = ink_of(InkConfig(colours="table", path=str(tmp_path / "camera.safetensors")))
    patch = patch_of(noise().float())
    assert difference(ink(ink.printable(patch)).srgb, ink(patch).srgb).max() <= 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"colours": "magic"}, "coated-offset"),
        ({"colours": "icc"}, r"ink\.path"),
        ({"colours": "table"}, r"ink\.path"),
        ({"path": "x.icc"}, "ink=icc"),
        ({"saturation": 1.5}, "saturation"),
        ({"spread_mm": -1.0}, "spread_mm"),
        ({"spread_mm": float("nan")}, "spread_mm"),
        ({"white": [1.0]}, "white"),
        ({"black": [0.0, 0.0, 2.0]}, "black"),
        ({"white": [0.1, 0.1, 0.1], "black": [0.2, 0.0, 0.0]}, "brighter"),
    ],
)
def test_nonsense_is_refused_by_name(options: dict[str, Any], message: str) -> None:
    with pytest.raises(BadOption, match=message):
        build_ink(InkConfig(**options))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (torch.zeros(3, 3, 3), r"n, n, n, 3"),
        (torch.zeros(3, 3, 4, 3), r"n, n, n, 3"),
        (torch.zeros(1, 1, 1, 3), r"n, n, n, 3"),
        (torch.zeros(2, 2, 2, 3, dtype=torch.int32), "n, n, n, 3"),
        (torch.full((2, 2, 2, 3), 7.0), "0, 1"),
        (torch.full((2, 2, 2, 3), float("nan")), "0, 1"),
    ],
)
def test_a_table_that_is_none_is_refused(table: Tensor, message: str, tmp_path: Any) -> None:
    save_file({"table": table}, tmp_path / "mine.safetensors")
    with pytest.raises(BadInput, match=rf"mine.*{message}"):
        build_ink(InkConfig(colours="table", path=str(tmp_path / "mine.safetensors")))


def test_a_file_without_a_table_is_refused(tmp_path: Any) -> None:
    save_file({"weights": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(BadInput, match="other"):
        build_ink(InkConfig(colours="table", path=str(tmp_path / "other.safetensors")))
