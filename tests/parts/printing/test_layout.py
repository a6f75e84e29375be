"""Every millimetre of a patch is on some page, twice where pages overlap, and marks find their room."""

from __future__ import annotations

import pytest

from physadv.core.errors import BadOption
from physadv.parts.printing.layout import MARGIN_MM, OVERLAP_MM, Box, arrange, parse_paper

A4 = parse_paper("A4")


def test_papers_are_known_by_name_or_size() -> None:
    assert parse_paper("a4") == ((210, 297), (297, 210))
    assert parse_paper("600x900") == parse_paper("600 × 900 mm") == ((600, 900),)


@pytest.mark.parametrize("text", ["", "a7", "b4", "0x0", "10x10", "600", "1e3x5", "600x99999", "-100x200", "nanxnan"])
def test_other_papers_are_refused(text: str) -> None:
    with pytest.raises(BadOption, match="paper="):
        parse_paper(text)


def test_what_fits_is_on_one_page_in_the_middle() -> None:
    layout = arrange((150, 100), 3, A4)
    (tile,) = layout.tiles
    assert layout.paper_mm == (210, 297)
    assert (tile.trim.width, tile.trim.height) == (150, 100)
    assert tile.trim.x == pytest.approx((210 - 150) / 2)


def test_paper_is_turned_if_that_saves_pages() -> None:
    assert arrange((250, 100), 3, A4).paper_mm == (297, 210)
    assert len(arrange((250, 100), 3, A4).tiles) == 1


@pytest.mark.parametrize("size_mm", [(300, 300), (500, 460), (1200, 90), (179, 250), (2000, 3000)])
def test_tiles_cover_the_sheet_and_overlap_by_ten_millimetres(size_mm: tuple[float, float]) -> None:
    layout = arrange(size_mm, 3, parse_paper("a3") if size_mm[0] == 2000 else A4)
    assert len(layout.tiles) == layout.rows * layout.columns > 1
    slug = 3 + 1 + 4
    for tile in layout.tiles:  # in the patch's own coordinates
        left, top = tile.window.x - tile.trim.x, tile.window.y - tile.trim.y
        right, bottom = left + tile.window.width, top + tile.window.height
        if tile.column == 0:
            assert left == pytest.approx(-slug)
        if tile.row == 0:
            assert top == pytest.approx(-slug)
        if tile.column == layout.columns - 1:
            assert right == pytest.approx(size_mm[0] + slug)
        if tile.row == layout.rows - 1:
            assert bottom == pytest.approx(size_mm[1] + slug)
        beside = [other for other in layout.tiles if (other.row, other.column) == (tile.row, tile.column + 1)]
        for other in beside:
            assert right - (other.window.x - other.trim.x) == pytest.approx(OVERLAP_MM)
        assert tile.window.x >= MARGIN_MM
        assert tile.window.y + tile.window.height <= layout.paper_mm[1] - MARGIN_MM


def test_a_wall_of_paper_is_refused_with_advice() -> None:
    with pytest.raises(BadOption, match="Choose a larger paper"):
        arrange((20_000, 20_000), 3, A4)


def test_boxes_meet() -> None:
    assert Box(0, 0, 10, 10).grown(1) == Box(-1, -1, 12, 12)
    assert Box(0, 0, 10, 10).clipped(Box(5, -5, 10, 10)) == Box(5, 0, 5, 5)
    assert Box(0, 0, 1, 1).clipped(Box(5, 5, 1, 1)).width == 0
