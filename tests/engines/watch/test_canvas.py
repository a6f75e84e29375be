"""The picture for people: letters have the reader's size, whatever the film's; no corner is left black."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from physadv.core.types import Frame
from physadv.engines.watch.browser import SIZES_PX, USUAL_PX, Browser
from physadv.engines.watch.canvas import Sheet, State, canvas, in_browser, on_screen
from physadv.engines.watch.controls import Controls
from physadv.engines.watch.frame_analysis import FrameResult
from physadv.engines.watch.tracked_victim import TrackedDetection, ViewResult

FILMS = [(320, 240), (1280, 720), (3840, 2160), (1080, 1920)]
GREEN = 128


def result(size_px: tuple[int, int], views: tuple[str, ...]) -> FrameResult:
    """A plain frame with a report in the middle of each view."""
    width, height = size_px
    frame = np.full((height, width, 3), GREEN, np.uint8)
    box = (width * 0.3, height * 0.4, width * 0.6, height * 0.8)
    seen = {
        view: ViewResult((TrackedDetection(box, "stop sign", 0.93, 1),), box, view != "filmed" or None)
        for view in views
    }
    pictures = {view: torch.full((3, height, width), GREEN / 255) for view in views}
    return FrameResult(Frame(0, 0.0, frame), [], {"toy": seen}, pictures, 0.0, 0.0, 0.0)


def drawn(size_px: tuple[int, int], views: tuple[str, ...], sheet: Sheet | None) -> np.ndarray:
    state = State(10.0, 0, 0.01, "toy", 0.5, "stop sign", False)
    return canvas(result(size_px, views), Controls(overlay=True), state, sheet)


def letters_px(picture: np.ndarray, sheet: Sheet) -> float:
    """How high the letters of the first caption are before the reader's eyes."""
    strip = picture[: round(21 * sheet.letters), : round(sheet.width_px / sheet.columns * 0.9)]
    rows = np.flatnonzero((strip.min(2) > 150).any(1))
    return float(rows[-1] - rows[0] + 1) / sheet.letters


@pytest.mark.slow
@pytest.mark.parametrize("size_px", FILMS)
@pytest.mark.parametrize("shown_px", [180, 358, 758, 1600])
def test_words_are_as_large_as_the_readers_screen_asks_for(size_px: tuple[int, int], shown_px: int) -> None:
    sheet = in_browser(shown_px, 2)
    picture = drawn(size_px, ("filmed", "patch"), sheet)
    assert picture.shape[1] == pytest.approx(min(2 * shown_px, 1920), abs=2)
    assert 9 <= letters_px(picture, sheet) <= 16


@pytest.mark.parametrize("views", [("filmed",), ("filmed", "patch", "grey"), ("filmed", "patch", "grey", "random")])
@pytest.mark.parametrize("shown_px", [358, 758])
def test_no_quarter_of_the_picture_stays_black(views: tuple[str, ...], shown_px: int) -> None:
    picture = drawn((640, 360), views, in_browser(shown_px, len(views)))
    height, width = (n // 2 for n in picture.shape[:2])
    for rows in (slice(0, height), slice(height, None)):
        for columns in (slice(0, width), slice(width, None)):
            assert (picture[rows, columns] == GREEN).all(2).mean() > 0.3


def test_a_narrow_screen_gets_one_view_below_the_other() -> None:
    assert (in_browser(358, 3).columns, in_browser(758, 3).columns) == (1, 2)


@pytest.mark.parametrize("views", [("filmed",), ("filmed", "patch"), ("filmed", "patch", "grey")])
def test_a_recording_keeps_its_size_whatever_the_lines_say(views: tuple[str, ...]) -> None:
    seen = result((640, 360), views)
    sizes = {
        canvas(seen, Controls(overlay=True), State(fps, dropped, 1.0, "toy", 0.5, "stop sign", True)).shape
        for fps, dropped in ((1.0, 0), (123.4, 987654))
    }
    assert len(sizes) == 1
    assert on_screen(640, len(views)).letters == 1


def test_the_smallest_screen_that_looks_decides_and_rubbish_does_not() -> None:
    browser = Browser(Controls(overlay=False), "film", 0)
    try:
        assert browser.shown_px == USUAL_PX
        for width in ("758", "358", "-3", "9" * 400, "abc", "٣", ""):
            browser._told({"width": width})
        assert browser.shown_px == 358
        browser._told({"width": "1"})
        assert browser.shown_px == SIZES_PX[0]
    finally:
        browser.close()


def test_the_picture_keeps_its_size_while_nobody_wears_the_overlay() -> None:
    worn, state = result((320, 240), ("filmed", "patch", "grey")), State(10.0, 0, 0.01, "toy", 0.5, "person", False)
    alone = replace(result((320, 240), ("filmed",)), unworn=("patch", "grey"))
    sizes = {canvas(each, Controls(overlay=True), state).shape for each in (worn, alone)}
    assert len(sizes) == 1
