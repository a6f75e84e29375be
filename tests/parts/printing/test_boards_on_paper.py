"""What a camera program finds on the rendered pages is what board.json says, to a tenth of a millimetre."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pytest
import torch

from physadv.core.seeding import generator
from physadv.core.types import PatchImage
from physadv.library.colour.conversion import srgb_from_rgb_u8
from physadv.library.colour.difference import delta_e00, lab_from_srgb
from physadv.library.files.boards import Board, Tag
from physadv.parts.printing.layout import Box, SheetLayout, arrange, parse_paper
from physadv.parts.printing.pieces import tag_modules
from physadv.parts.printing.qr import qr_modules, qr_text
from physadv.parts.printing.sheet import SheetOptions, SheetReport, write_sheet
from tests.parts.printing.rendering import F64, U8, rendered, tags_px, written

DPI = 127.0  # five pixels a millimetre
PX_PER_MM = DPI / 25.4


def a_sheet(folder: Path, width_mm: float, *, controls: bool = False, **options: str | float | bool) -> SheetReport:
    srgb = torch.rand(3, 12, 20, generator=generator(0, "patch"))
    patch = PatchImage(srgb, torch.ones(1, 12, 20), width_mm)
    grey = PatchImage(torch.full_like(srgb, 0.5), patch.alpha, width_mm)
    made = SheetOptions(dpi=72, seed=7, **{"tags": "auto", **options})  # type: ignore[arg-type]
    return write_sheet(patch, folder / "sheet.pdf", made, {"grey": grey, "random": patch} if controls else None)


def centres_mm(path: Path) -> list[tuple[float, float]]:
    """The middle of every page's trim, from the page's top left."""
    with pikepdf.open(path) as pdf:
        found = []
        for page in pdf.pages:
            left, bottom, right, top = (float(edge) * 25.4 / 72 for edge in page.TrimBox)
            found.append(((left + right) / 2, float(page.MediaBox[3]) * 25.4 / 72 - (bottom + top) / 2))
    return found


def expected(board: Board) -> dict[int, F64]:
    return {tag.id: np.array(tag.corners_mm) for tag in board.tags}


def worst_mm(found: dict[int, F64], board: Board) -> float:
    """By how much any corner of a tag is off; every tag must have been found, and no other."""
    known = expected(board)
    assert sorted(found) == sorted(known)
    return max(float(np.abs(found[i] - known[i]).max()) for i in known)


def in_mm(found_px: dict[int, F64], centre_mm: tuple[float, float]) -> dict[int, F64]:
    """From a page's pixels (centres at integers) to millimetres on the board."""
    return {i: (corners + 0.5) / PX_PER_MM - centre_mm for i, corners in found_px.items()}


@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_tags_of_all_prints_are_where_the_file_says(tmp_path: Path, paper: str) -> None:
    report = a_sheet(tmp_path, 100.0, controls=True, chart=True, paper=paper)
    assert report.boards
    assert [board.role for board in report.boards.boards] == ["patch", "grey", "random", "chart"]
    pages = rendered(report.path, DPI)
    for page, centre, board in zip(pages, centres_mm(report.path), report.boards.boards, strict=True):
        assert worst_mm(in_mm(tags_px(page), centre), board) <= 0.1


def test_tags_of_a_transfer_are_right_in_the_mirror(tmp_path: Path) -> None:
    report = a_sheet(tmp_path, 100.0, mirror=True)
    assert report.boards
    (page,), ((x, y),) = rendered(report.path, DPI), centres_mm(report.path)
    seen = np.ascontiguousarray(page[:, ::-1])
    assert worst_mm(in_mm(tags_px(seen), (page.shape[1] / PX_PER_MM - x, y)), report.boards.boards[0]) <= 0.1


def joined(pages: list[U8], layout: SheetLayout) -> U8:
    """Tiles laid over one another by their trims, as after cutting and gluing; the trim's top left is at the origin."""
    width, height = (round(side * PX_PER_MM) for side in (layout.tiles[0].trim.width, layout.tiles[0].trim.height))
    poster = np.full((height, width, 3), 255, np.uint8)
    for page, tile in zip(pages, layout.tiles, strict=True):
        window = tile.window.clipped(tile.trim)
        x, y = window.x - tile.trim.x, window.y - tile.trim.y
        left, top, right, bottom = (
            round(at * PX_PER_MM) for at in (x + 0.5, y + 0.5, x + window.width - 0.5, y + window.height - 0.5)
        )
        shift = np.array([[1, 0, tile.trim.x * PX_PER_MM], [0, 1, tile.trim.y * PX_PER_MM]])
        laid = cv2.warpAffine(page, shift, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        poster[top:bottom, left:right] = laid[top:bottom, left:right]
    return poster


@pytest.mark.slow
def test_a_poster_of_many_pages_is_one_plane(tmp_path: Path) -> None:
    report = a_sheet(tmp_path, 300.0, tags="8x60")
    assert report.tags
    assert report.boards
    (board,) = report.boards.boards
    size_mm = report.tags.board_mm(report.patch_mm)
    layout = arrange(size_mm, 0.0, parse_paper("a4"))
    assert len(layout.tiles) > 3
    found = in_mm(tags_px(joined(rendered(report.path, DPI)[1:], layout)), (size_mm[0] / 2, size_mm[1] / 2))
    assert worst_mm(found, board) <= 0.15  # a tag may be made of two pages, each rendered on its own pixels
    seen, known = (np.concatenate([points[i] for i in sorted(found)]) for points in (found, expected(board)))
    homography, _ = cv2.findHomography(known, seen)
    assert np.abs(homography - np.eye(3)).max() < 0.05


def test_swatches_have_the_colours_asked_for(tmp_path: Path) -> None:
    report = a_sheet(tmp_path, 50.0, chart=True, tags="none")
    page, (x, y) = rendered(report.path, DPI)[-1], centres_mm(report.path)[-1]
    assert report.boards
    (board,) = report.boards.boards
    places = [(round((y + s.y_mm) * PX_PER_MM), round((x + s.x_mm) * PX_PER_MM)) for s in board.swatches]
    shown = srgb_from_rgb_u8(np.array([[page[place] for place in places]]))
    asked = torch.tensor([s.srgb for s in board.swatches]).T[:, None]
    assert delta_e00(lab_from_srgb(shown), lab_from_srgb(asked)).max() < 0.7  # eight bits


@pytest.mark.slow
def test_the_code_on_every_page_says_what_it_is(tmp_path: Path) -> None:
    report = a_sheet(tmp_path, 60.0, controls=True, chart=True)
    for page, role in zip(rendered(report.path, 300), ("patch", "grey", "random", "chart"), strict=True):
        corner = np.ascontiguousarray(page[-300:, -300:])
        text, _, _ = cv2.QRCodeDetector().detectAndDecode(corner)
        assert text == f"physadv:1:{report.digest}:7:{role}"


@pytest.mark.slow
def test_every_page_says_that_it_is_a_test(tmp_path: Path) -> None:
    report = a_sheet(tmp_path, 200.0, controls=True, chart=True, paper="140x200")
    pages = written(report.path)
    assert len(pages) == report.pages > 6
    assert all("robustness test print" in page for page in pages)


@pytest.mark.slow
def test_no_camera_takes_the_overview_for_the_print(tmp_path: Path) -> None:
    report = a_sheet(tmp_path, 300.0, tags="4x60")
    front = rendered(report.path, 50)[0]
    known = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    _, ids, _ = cv2.aruco.ArucoDetector(known).detectMarkers(cv2.cvtColor(front, cv2.COLOR_RGB2GRAY))
    assert ids is None


def test_a_tag_without_a_renderer_is_a_tag() -> None:
    canvas = np.full((200, 200), 255, np.uint8)
    for box in tag_modules(Tag(33, 10.0, 10.0, 12.0), "DICT_4X4_50"):
        x0, y0, x1, y1 = (round(v * 10) for v in (box.x, box.y, box.x + box.width, box.y + box.height))
        canvas[y0:y1, x0:x1] = 0
    assert list(tags_px(np.dstack([canvas] * 3))) == [33]


def test_a_code_without_a_renderer_can_be_read() -> None:
    text = qr_text("1a2b3c4d", None, "patch")
    canvas = np.full((300, 300), 255, np.uint8)
    for box in qr_modules(text, Box(25, 25, 250, 250)):
        canvas[round(box.y) : round(box.y + box.height), round(box.x) : round(box.x + box.width)] = 0
    assert cv2.QRCodeDetector().detectAndDecode(canvas)[0] == text == "physadv:1:1a2b3c4d::patch"
