"""The picture for people: views side by side, with boxes, print, pose and the state of the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from physadv.core.labels import canonical
from physadv.engines.watch.controls import HELP, Controls
from physadv.engines.watch.frame_analysis import FrameResult
from physadv.engines.watch.frame_log import corners_px
from physadv.engines.watch.overlay import FILMED
from physadv.engines.watch.tracked_victim import ViewResult
from physadv.library.colour.conversion import bgr_u8_from_srgb

U8 = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]  # blue, green, red

LINE_PX = 20  # before the reader's eyes, as all sizes of letters
MIN_WIDTH_PX = 480  # of a view: smaller pictures are enlarged
MAX_WIDTH_PX = 1920  # of the views side by side
NARROW_PX = 520  # a reader who sees less gets one view below the other
COLUMNS = 2
_SIZE = 0.48  # of the letters, in OpenCV's measure: capitals of 10 px
_OWN: Colour = (80, 220, 80)
_OTHER: Colour = (190, 190, 190)
_EXPECTED: Colour = (0, 215, 255)
_PRINT: Colour = (255, 160, 40)
_WHITE: Colour = (240, 240, 240)
_BAND: Colour = (30, 26, 22)
_HIT: Colour = (60, 80, 255)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


@dataclass(frozen=True, slots=True)
class State:
    """Text of the lines below the picture."""

    fps: float
    dropped: int
    lag_s: float
    victim: str
    confidence: float
    label: str
    recording: bool
    doubted: frozenset[str] = frozenset()  # views whose success the reports speak against


@dataclass(frozen=True, slots=True)
class Sheet:
    """Purpose of a picture: letters follow the reader, not the picture."""

    width_px: int  # of the whole picture, views side by side
    shown_px: int  # how wide the reader sees it
    columns: int
    lines: bool = True  # the state of the run in a band below; else somebody else says it

    @property
    def letters(self) -> float:
        """Pixels of the picture for one before the reader's eyes."""
        return self.width_px / self.shown_px


def on_screen(width_px: int, views: int) -> Sheet:
    """For a window or a recording, which are seen as they are; ``width_px`` of the film."""
    columns = min(views, COLUMNS)
    width = round(min(columns * max(width_px, MIN_WIDTH_PX), MAX_WIDTH_PX))
    return Sheet(width, width, columns)


def in_browser(shown_px: int, views: int) -> Sheet:
    """For a page that shows the picture ``shown_px`` wide, twice as fine, which says the state of the run itself."""
    columns = 1 if shown_px < NARROW_PX else min(views, COLUMNS)
    return Sheet(min(2 * shown_px, MAX_WIDTH_PX), shown_px, columns, lines=False)


def canvas(result: FrameResult, controls: Controls, state: State, sheet: Sheet | None = None) -> U8:
    """``(H,W,3)`` BGR. Every view is drawn on a copy."""
    unworn = {name: ViewResult((), None, None) for name in result.unworn}  # the picture keeps its size
    views = {**result.seen[state.victim], **unworn}
    height, width = result.frame.bgr_u8.shape[:2]
    sheet = sheet or on_screen(width, len(views))
    scale = sheet.width_px / sheet.columns / width
    spare = -len(views) % sheet.columns
    wide_first = bool(spare) and not sheet.lines and width > height  # rather a large picture than a black corner
    tiles = [
        _tile(result, name, seen, controls, state, (scale * (2 if wide_first and not at else 1), sheet.letters))
        for at, (name, seen) in enumerate(views.items())
    ]
    if spare and not wide_first:
        tiles.append(_panel(tiles[0].shape, _lines(result, controls, state), sheet.letters))
    first, rest = ([tiles[0]], tiles[1:]) if wide_first else ([], tiles)
    rows = first + [
        np.concatenate(rest[at : at + sheet.columns], axis=1) for at in range(0, len(rest), sheet.columns)
    ]  # fmt: skip
    across = min(row.shape[1] for row in rows)  # an odd pixel may be left
    whole: U8 = np.concatenate([row[:, :across] for row in rows])
    if sheet.lines and not spare:
        words = _side_by_side(_lines(result, controls, state), sheet.shown_px)
        height = round((LINE_PX * len(words) + 8) * sheet.letters)
        whole = np.concatenate((whole, _panel((height, whole.shape[1], 3), words, sheet.letters)))
    if controls.help:
        _help(whole, sheet.letters)
    return whole


def plain(result: FrameResult, view: str) -> U8:
    """A view without any drawing, ``(H,W,3)`` BGR, as a camera would give it."""
    return result.frame.bgr_u8 if view == FILMED else bgr_u8_from_srgb(result.pictures[view])


def _tile(
    result: FrameResult, name: str, seen: ViewResult, controls: Controls, state: State, scales: tuple[float, float]
) -> U8:  # fmt: skip
    scale, letters = scales
    picture: U8 = plain(result, FILMED if name in result.unworn else name).copy()
    if scale != 1:
        how = cv2.INTER_LINEAR if scale > 1 else cv2.INTER_AREA
        picture = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=how), np.uint8)
    if controls.pose:
        for sighting, _ in result.boards:
            _print(picture, sighting.image_from_board, corners_px(sighting), scales)
    if controls.boxes:
        if seen.expected:
            _box(picture, seen.expected, _EXPECTED, scale, _thick(letters))
        for report in seen.reports:
            own = canonical(report.label) == canonical(state.label)
            colour = _OWN if own else _OTHER
            _box(picture, report.box_xyxy_px, colour, scale, _thick(letters) * (2 if own else 1))
            x, y = (int(v * scale) for v in report.box_xyxy_px[:2])
            at = (x + 2, max(y - round(4 * letters), round(36 * letters)))
            _write(picture, f"{report.label} {report.score:.2f} #{report.track}", at, colour, letters)
    said = "" if seen.success is None else ": success" if seen.success else ": no success"
    said += " in doubt" if name in state.doubted else ""
    said += ": nobody to wear it" if name in result.unworn else ""
    cv2.rectangle(picture, (0, 0), (picture.shape[1] - 1, round(21 * letters)), _BAND, -1)
    at = (round(6 * letters), round(15 * letters))
    _write(picture, f"{name}{said}", at, _HIT if seen.success else _WHITE, letters)
    return picture


def _lines(result: FrameResult, controls: Controls, state: State) -> list[str]:
    """The state of the run, one matter a line."""
    pose = next((pose for _, pose in result.boards if pose), None)
    where = (
        f"{pose.distance_m:.2f} m  yaw {pose.yaw_deg:+.0f}  pitch {pose.pitch_deg:+.0f}  roll {pose.roll_deg:+.0f} deg"
        if pose else "no print in sight"
    )  # fmt: skip
    flags = [word for word, on in (("PAUSED", controls.paused), ("RECORDING", state.recording)) if on]
    times = f"{state.fps:.1f} fps  dropped {state.dropped}  lag {1000 * state.lag_s:.0f} ms"
    return [times, f"frame {result.frame.index}", f"{state.victim} >= {state.confidence:.2f}", where, *flags]


def _side_by_side(parts: Sequence[str], width_px: float) -> list[str]:
    """Parts in as many lines as the width asks for, whatever they say: a recording keeps its size."""
    count = 1 if width_px >= 1100 else 2 if width_px >= 560 else 3
    each = -(-len(parts) // count)
    return ["   ".join(parts[at : at + each]) for at in range(0, count * each, each)]


def _panel(shape: tuple[int, ...], lines: Sequence[str], letters: float) -> U8:
    panel = np.full(shape, _BAND, np.uint8)
    for row, line in enumerate(lines):
        fitting = min(1.0, (shape[1] - 16 * letters) / max(_long(line, letters), 1))
        at = (round(8 * letters), round((LINE_PX * (row + 1) - 3) * letters))
        _write(panel, line, at, _WHITE, letters * fitting)
    return panel


def _long(text: str, letters: float) -> int:
    return int(cv2.getTextSize(text, _FONT, _SIZE * letters, _thick(letters))[0][0])


def _thick(letters: float) -> int:
    return max(1, round(letters))


def _print(picture: U8, image_from_board: npt.NDArray[np.float64], corners: Sequence[tuple[float, float]],
           scales: tuple[float, float]) -> None:  # fmt: skip
    """The print's outline, and its axes: x red, y green, as long as half its width."""
    scale, letters = scales
    outline = _whole(np.array(corners), scale)
    cv2.polylines(picture, [outline], isClosed=True, color=_PRINT, thickness=_thick(letters), lineType=cv2.LINE_AA)
    middle = np.array(corners).mean(0)
    right = (np.array(corners[1]) + np.array(corners[2])) / 2
    below = (np.array(corners[2]) + np.array(corners[3])) / 2
    at = image_from_board @ np.array([0, 0, 1.0])
    start = at[:2] / at[2] if np.isfinite(at).all() and at[2] else middle
    for end, colour in ((right, (60, 60, 255)), (below, (60, 220, 60))):
        first, last = _whole(np.array([start, end]), scale)
        cv2.arrowedLine(picture, first.tolist(), last.tolist(), colour, 2 * _thick(letters), cv2.LINE_AA, 0, 0.15)


def _whole(points: npt.NDArray[np.float64], scale: float) -> npt.NDArray[np.int32]:
    return np.clip(np.rint(points * scale), -30_000, 30_000).astype(np.int32)


def _box(picture: U8, box: Sequence[float], colour: Colour, scale: float, thickness: int) -> None:
    x0, y0, x1, y1 = (round(v * scale) for v in box)
    cv2.rectangle(picture, (x0, y0), (x1, y1), colour, thickness, cv2.LINE_AA)


def _write(picture: U8, text: str, at: tuple[int, int], colour: Colour, letters: float) -> None:
    """On a dark ground, so that it can be read on any picture; within its width, if it fits there at all."""
    plain_text = text.encode("ascii", "replace").decode()  # OpenCV's letters know no others
    size, thick = _SIZE * letters, _thick(letters)
    (width, height), below = cv2.getTextSize(plain_text, _FONT, size, thick)
    x = max(min(at[0], picture.shape[1] - width - 4), 2)
    cv2.rectangle(picture, (x - 2, at[1] - height - 2), (x + width, at[1] + below), _BAND, -1)
    cv2.putText(picture, plain_text, (x, at[1]), _FONT, size, colour, thick, cv2.LINE_AA)


def _help(picture: U8, letters: float) -> None:
    def at(x: float, y: float) -> tuple[int, int]:
        return round(x * letters), round(y * letters)

    cv2.rectangle(picture, at(10, 28), at(310, 38 + LINE_PX * len(HELP)), _BAND, -1)
    for row, (key, what) in enumerate(HELP):
        for text, x in ((key, 20), (what, 80)):
            _write(picture, text, at(x, 46 + LINE_PX * row), _WHITE, letters)
