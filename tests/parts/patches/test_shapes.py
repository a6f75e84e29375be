"""Masks have the area, the symmetry and the smooth edge that geometry says."""

from __future__ import annotations

import math

import pytest
import torch

from physadv.parts.patches.shapes import SHAPES, coverage, octagon, triangle, two_bars


@pytest.mark.parametrize(
    ("name", "share"),
    [
        ("rectangle", 1.0),
        ("disc", math.pi / 4),
        ("octagon", 2 * (math.sqrt(2) - 1)),
        ("two-bars", 0.5),
        ("triangle", math.sqrt(3) / 4),
    ],
)
def test_a_shape_has_its_area(name: str, share: float) -> None:
    assert coverage(SHAPES[name], 201, 201, 300.0).mean() == pytest.approx(share, abs=2e-3)


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_is_symmetric(name: str) -> None:
    alpha = coverage(SHAPES[name], 40, 60, 300.0)
    assert torch.equal(alpha, alpha.flip(2))
    if name not in ("triangle", "spectacles"):
        assert torch.equal(alpha, alpha.flip(1))


def test_a_triangle_stands_on_its_base_and_is_equilateral() -> None:
    alpha = coverage(triangle, 200, 200, 900.0)[0]
    tall, side = 900 * math.sqrt(3) / 2, 900.0
    top, bottom = (row for row in (alpha.sum(1) > 0).nonzero().flatten()[[0, -1]].tolist())
    assert (bottom - top + 1) * 4.5 == pytest.approx(tall, abs=9)
    assert float(alpha[bottom - 1].sum()) * 4.5 == pytest.approx(side, abs=14)
    assert float(alpha[top + 2].sum()) * 4.5 < 20
    assert alpha[:, 100].sum() * 4.5 == pytest.approx(tall, abs=9)


def test_an_octagon_has_flats_and_corners_where_signs_have_them() -> None:
    alpha = coverage(octagon, 100, 100, 750.0)[0]
    assert alpha[0, 30:70].min() == 1
    corner = round(100 * (1 - 1 / math.sqrt(2)))  # the slanted side's length along each side of the square
    assert alpha[0, : corner - 1].max() < 1
    assert alpha[0, 0] == 0


def test_edges_are_soft_by_one_texel() -> None:
    row = coverage(SHAPES["disc"], 101, 101, 300.0)[0, 40]
    assert ((row > 0) & (row < 1)).sum() in (2, 4)


def test_the_gap_between_two_bars_is_half_of_the_height() -> None:
    column = coverage(two_bars, 100, 80, 500.0)[0, :, 40]
    assert column.tolist() == [1.0] * 25 + [0.0] * 50 + [1.0] * 25
