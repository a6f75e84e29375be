"""The chart has every colour twice, whole on one page, in an order that a seed repeats."""

from __future__ import annotations

from collections import Counter

import pytest

from physadv.core.errors import BadOption
from physadv.parts.printing.chart import chart_board, colours, fit_chart
from physadv.parts.printing.layout import MARGIN_MM, arrange, parse_paper


@pytest.mark.parametrize("paper", ["a5", "a4", "letter", "a3", "200x900", "900x200", "3000x2000"])
def test_it_is_whole_on_one_page(paper: str) -> None:
    grid, size_mm = fit_chart(parse_paper(paper))
    (tile,) = arrange(grid.board_mm, 0, (size_mm,)).tiles
    board = chart_board(grid, iter(range(4)), 0)
    middle = tile.trim.x + tile.trim.width / 2, tile.trim.y + tile.trim.height / 2
    for part in (*board.swatches, *board.tags):
        for centre, at, side in zip(middle, (part.x_mm, part.y_mm), size_mm, strict=True):
            assert centre + at - part.side_mm / 2 >= MARGIN_MM
            assert centre + at + part.side_mm / 2 <= side - MARGIN_MM


def test_on_a_sheet_of_a4_its_fields_are_a_centimetre_wide() -> None:
    assert fit_chart(parse_paper("a4"))[0].cell_mm > 10


def test_every_colour_is_there_once_in_each_half() -> None:
    grid, _ = fit_chart(parse_paper("a4"))
    swatches = chart_board(grid, iter(range(4)), 0).swatches
    assert len(colours()) == 5**3 + 11
    for half in (swatches[: len(colours())], swatches[len(colours()) :]):
        assert Counter(swatch.srgb for swatch in half) == Counter(colours())


def test_no_two_fields_overlap_and_tags_stand_clear_of_them() -> None:
    grid, _ = fit_chart(parse_paper("letter"))
    board = chart_board(grid, iter(range(4)), 0)
    assert len({(round(s.x_mm, 3), round(s.y_mm, 3)) for s in board.swatches}) == len(board.swatches)
    lowest = max(s.y_mm + s.side_mm / 2 for s in board.swatches)
    assert min(abs(tag.y_mm) - tag.side_mm / 2 for tag in board.tags) - lowest > board.tags[0].side_mm / 6


def test_the_order_is_random_and_its_seed_repeats_it() -> None:
    grid, _ = fit_chart(parse_paper("a4"))
    made = [chart_board(grid, iter(range(4)), seed) for seed in (1, 1, 2)]
    assert made[0] == made[1] != made[2]
    assert [s.srgb for s in made[0].swatches[: len(colours())]] != colours()


def test_paper_that_is_too_small_is_refused() -> None:
    with pytest.raises(BadOption, match="colour chart"):
        fit_chart(parse_paper("90x120"))
