"""Tags are as large as the distance asks, stand clear of everything, and differ between the prints of a sheet."""

from __future__ import annotations

import itertools

import pytest

from physadv.core.errors import BadOption
from physadv.library.files.boards import ROLES, Tag
from physadv.parts.printing.layout import Box, arrange, parse_paper
from physadv.parts.printing.sheet import tag_ids
from physadv.parts.printing.tags import PLACES, TagPlan, choose_tags

A4 = parse_paper("a4")
ROLL = parse_paper("5000x5000")


@pytest.mark.parametrize(
    ("range_m", "count", "side_mm"), [(0.5, 4, 20), (3, 4, 60), (5, 8, 75), (7, 8, 100), (10, 4, 200), (20, 4, 400)]
)
def test_farther_asks_for_larger_tags(range_m: float, count: int, side_mm: float) -> None:
    plan = choose_tags("auto", range_m, (500, 300), ROLL)
    assert plan == TagPlan(count, side_mm)
    assert plan.range_m >= range_m - 1e-9


def test_where_eight_do_not_fit_four_larger_ones_do() -> None:
    assert choose_tags("auto", 7, (60, 40), ROLL) == TagPlan(4, 140)


def test_tags_can_be_asked_for_and_left_out() -> None:
    assert (
        choose_tags("8x100", 0, (500, 300), ROLL) == choose_tags(" 8 × 100mm", 0, (500, 300), ROLL) == TagPlan(8, 100)
    )
    assert choose_tags("none", 0, (500, 300), ROLL) is None


@pytest.mark.parametrize("size_mm", [(100, 60), (60, 100), (150, 150), (150, 160), (30, 30)])
def test_what_fits_on_a_page_still_does_with_tags(size_mm: tuple[float, float]) -> None:
    for paper in ("a4", "letter"):
        plan = choose_tags("auto", 0, size_mm, parse_paper(paper))
        assert plan is not None
        assert len(arrange(plan.board_mm(size_mm), 0, parse_paper(paper)).tiles) == 1


def test_a_poster_gets_large_tags_though_they_cost_pages() -> None:
    assert choose_tags("auto", 0, (500, 300), A4) == TagPlan(8, 100)


def _box(tag: Tag) -> Box:
    return Box(tag.x_mm - tag.side_mm / 2, tag.y_mm - tag.side_mm / 2, tag.side_mm, tag.side_mm)


CHOSEN = [
    (size_mm, plan)
    for size_mm in ((100.0, 60.0), (500.0, 300.0), (80.0, 300.0))
    for place in PLACES
    for count, side_mm in ((4, 20), (4, 35), (8, 30), (8, 100), (4, 200))
    if (plan := TagPlan(count, side_mm, place)).fits(size_mm) and (count == 4 or place == "around")
]


@pytest.mark.parametrize(("size_mm", "plan"), CHOSEN)
def test_every_tag_has_a_module_of_white_and_ten_millimetres_from_the_patch(
    size_mm: tuple[float, float], plan: TagPlan
) -> None:
    tags = plan.tags(size_mm, iter(range(8)))
    width, height = plan.board_mm(size_mm)
    board, patch = Box(-width / 2, -height / 2, width, height), Box(-size_mm[0] / 2, -size_mm[1] / 2, *size_mm)
    near = plan.module_mm - 1e-9
    for tag in tags:
        box = _box(tag)
        assert box.grown(near).clipped(board).area == pytest.approx(box.grown(near).area)
        assert not box.grown(max(near, 10 - 1e-9)).clipped(patch).area
    for one, other in itertools.combinations(tags, 2):
        assert not _box(one).grown(near).clipped(_box(other)).area


def test_ids_differ_between_the_prints_of_a_sheet_and_begin_by_the_digest() -> None:
    for digest in ("00000000", "0000002f", "ffffffff"):
        used = [i for role in ROLES for i in tag_ids(digest, role)]
        assert len(set(used)) == len(used)
        assert set(used) <= set(range(50))
    assert list(tag_ids("00000001", "patch")) != list(tag_ids("00000002", "patch"))


@pytest.mark.parametrize(
    ("text", "range_m", "message"),
    [
        ("auto", -1, "range_m"),
        ("auto", float("nan"), "range_m"),
        ("auto", float("inf"), "range_m"),
        ("auto", 500, "range_m=500"),
        ("auto", 10, "larger paper"),
        ("4x200", 0, "larger paper"),
        ("4x60", 3, "Give one of them"),
        ("none", 3, "Give one of them"),
        ("8x100", 0, "tags=4x100"),
        ("5x60", 0, "4 tags"),
        ("4x5", 0, "from 10"),
        ("4x0", 0, "from 10"),
        ("4xnan", 0, "tags=auto"),
        ("many", 0, "tags=auto"),
        ("", 0, "tags=auto"),
    ],
)
def test_nonsense_is_answered_with_what_to_write(text: str, range_m: float, message: str) -> None:
    with pytest.raises(BadOption, match=message):
        choose_tags(text, range_m, (100, 60), A4 if range_m != 500 else ROLL)
