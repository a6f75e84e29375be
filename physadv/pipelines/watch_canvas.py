"""The picture for people: views side by side, with boxes, print, pose and the state of the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from physadv.colour import bgr_u8_from_srgb
from physadv.labels import canonical
from physadv.pipelines.watch_controls import HELP, Controls
from physadv.pipelines.watch_eyes import Seen
from physadv.pipelines.watch_log import corners_px
from physadv.pipelines.watch_look import Looked
from physadv.pipelines.watch_views import FILMED

U8 = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]  # blue, green, red

LINE_PX = 20
LEAST_WIDTH_PX = 480  # of a view: smaller pictures are enlarged
MOST_WIDTH_PX = 1920  # of the views side by side
COLUMNS = 2
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
    """What the lines below the picture say."""

    fps: float
    dropped: int
    lag_s: float
    victim: str
    confidence: float
    label: str
    recording: bool


def canvas(looked: Looked, controls: Controls, state: State) -> U8:
    """``(H,W,3)`` BGR. Every view is drawn on a copy."""
    views = looked.seen[state.victim]
    columns = min(len(views), COLUMNS)
    width = looked.frame.bgr_u8.shape[1]
    scale = min(max(1.0, LEAST_WIDTH_PX / width), MOST_WIDTH_PX / (width * columns))
    tiles = [_tile(looked, name, seen, controls, state, scale) for name, seen in views.items()]
    tiles += [np.full_like(tiles[0], 20)] * (-len(tiles) % columns)
    rows = [np.concatenate(tiles[at : at + columns], axis=1) for at in range(0, len(tiles), columns)]
    picture = np.concatenate(rows)
    lines = _lines(looked, controls, state, picture.shape[1])
    band = np.full((LINE_PX * len(lines) + 8, picture.shape[1], 3), _BAND, np.uint8)
    for row, line in enumerate(lines):
        _write(band, line, (8, LINE_PX * (row + 1) - 3), _WHITE)
    whole: U8 = np.concatenate((picture, band))
    if controls.help:
        _help(whole)
    return whole


def plain(looked: Looked, view: str) -> U8:
    """A view without any drawing, as a camera would give it."""
    return looked.frame.bgr_u8 if view == FILMED else bgr_u8_from_srgb(looked.pictures[view])


def _tile(looked: Looked, name: str, seen: Seen, controls: Controls, state: State, scale: float) -> U8:
    picture: U8 = plain(looked, name).copy()
    if scale != 1:
        picture = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR), np.uint8)
    if controls.pose:
        for sighting, _ in looked.boards:
            _print(picture, sighting.image_from_board, corners_px(sighting), scale)
    if controls.boxes:
        if seen.expected:
            _box(picture, seen.expected, _EXPECTED, scale, 1)
        for report in seen.reports:
            own = canonical(report.label) == canonical(state.label)
            _box(picture, report.box_xyxy_px, _OWN if own else _OTHER, scale, 2 if own else 1)
            x, y = (int(v * scale) for v in report.box_xyxy_px[:2])
            _write(picture, f"{report.label} {report.score:.2f} #{report.track}", (x + 2, max(y - 4, 30)),
                   _OWN if own else _OTHER, 0.42)  # fmt: skip
    said = "" if seen.success is None else " - attack succeeds" if seen.success else " - no success"
    cv2.rectangle(picture, (0, 0), (picture.shape[1] - 1, 19), _BAND, -1)
    own_scores = [r.score for r in seen.reports if canonical(r.label) == canonical(state.label)]
    best = max(own_scores, default=0.0)
    _write(picture, f"{name}: {state.label} {best:.2f}{said}", (6, 14), _HIT if seen.success else _WHITE)
    return picture


def _lines(looked: Looked, controls: Controls, state: State, width_px: int) -> list[str]:
    pose = next((pose for _, pose in looked.boards if pose), None)
    where = (
        f"{pose.distance_m:.2f} m  yaw {pose.yaw_deg:+.0f}  pitch {pose.pitch_deg:+.0f}  roll {pose.roll_deg:+.0f} deg"
        if pose else "no print in sight"
    )  # fmt: skip
    flags = [word for word, on in (("PAUSED", controls.paused), ("RECORDING", state.recording)) if on]
    first = f"{state.fps:.1f} fps  dropped {state.dropped}  lag {1000 * state.lag_s:.0f} ms  frame {looked.frame.index}"
    second = f"{state.victim} >= {state.confidence:.2f}  {where}"
    parts = [first, second, *flags]
    one = "   ".join(parts)
    return [one] if 9 * len(one) < width_px else [first, "   ".join([second, *flags])]


def _print(picture: U8, image_from_board: npt.NDArray[np.float64], corners: Sequence[tuple[float, float]],
           scale: float) -> None:  # fmt: skip
    """The print's outline, and its axes: x red, y green, as long as half its width."""
    outline = _whole(np.array(corners), scale)
    cv2.polylines(picture, [outline], isClosed=True, color=_PRINT, thickness=1, lineType=cv2.LINE_AA)
    middle = np.array(corners).mean(0)
    right = (np.array(corners[1]) + np.array(corners[2])) / 2
    below = (np.array(corners[2]) + np.array(corners[3])) / 2
    at = image_from_board @ np.array([0, 0, 1.0])
    start = at[:2] / at[2] if np.isfinite(at).all() and at[2] else middle
    for end, colour in ((right, (60, 60, 255)), (below, (60, 220, 60))):
        first, last = _whole(np.array([start, end]), scale)
        cv2.arrowedLine(picture, first.tolist(), last.tolist(), colour, 2, cv2.LINE_AA, 0, 0.15)


def _whole(points: npt.NDArray[np.float64], scale: float) -> npt.NDArray[np.int32]:
    return np.clip(np.rint(points * scale), -30_000, 30_000).astype(np.int32)


def _box(picture: U8, box: Sequence[float], colour: Colour, scale: float, thickness: int) -> None:
    x0, y0, x1, y1 = (round(v * scale) for v in box)
    cv2.rectangle(picture, (x0, y0), (x1, y1), colour, thickness, cv2.LINE_AA)


def _write(picture: U8, text: str, at: tuple[int, int], colour: Colour, size: float = 0.45) -> None:
    """On a dark ground, so that it can be read on any picture."""
    plain_text = text.encode("ascii", "replace").decode()  # OpenCV's letters know no others
    (width, height), below = cv2.getTextSize(plain_text, _FONT, size, 1)
    corner = (at[0] + width, at[1] + below)
    cv2.rectangle(picture, (at[0] - 2, at[1] - height - 2), corner, _BAND, -1)
    cv2.putText(picture, plain_text, at, _FONT, size, colour, 1, cv2.LINE_AA)


def _help(picture: U8) -> None:
    cv2.rectangle(picture, (10, 28), (300, 38 + LINE_PX * len(HELP)), _BAND, -1)
    for row, (key, what) in enumerate(HELP):
        for text, x in ((key, 20), (what, 80)):
            _write(picture, text, (x, 46 + LINE_PX * row), _WHITE)
