"""From frames of a film to the ranges of the conditions they were taken under."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from physadv.library.calibration.sharpness import Optics

F64 = npt.NDArray[np.float64]

CENTRAL = (2.0, 98.0)  # percentiles: a misread tag or one passing cloud does not widen a range
MIN_FRAMES = 10  # frames that a range needs
MAX_AMBIGUITY = 0.6  # IPPE ambiguity above which the tilt may be mirrored, so the angles are not used


@dataclass(frozen=True, slots=True)
class BoardFrame:
    """One frame on which a board was found."""

    index: int  # in its film
    distance_m: float
    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    ambiguity: float
    centre_px: tuple[float, float]
    optics: Optics | None = None  # where the frame itself is at hand


@dataclass(frozen=True, slots=True)
class Range:
    """The central 96 % of a condition."""

    low: float
    high: float
    median: float
    frames: int


def ranges(films: Sequence[Sequence[BoardFrame]], shrink: float) -> dict[str, Range]:
    """Conditions by name, those that enough frames show: metres, degrees, and pixels of the judged pictures.

    ``films`` hold one entry a frame with the board; ``shrink`` is how many pixels of the judged pictures one of the
    films makes.
    """
    frames = [frame for film in films for frame in film]
    confident = [f for f in frames if f.ambiguity < MAX_AMBIGUITY]
    found = {
        "distance_m": _range([f.distance_m for f in frames]),
        "yaw_deg": _range([f.yaw_deg for f in confident]),
        "pitch_deg": _range([f.pitch_deg for f in confident]),
        "roll_deg": _range([f.roll_deg for f in confident]),
        **_blur(films, shrink),
        **_noise(frames, shrink),
        **_light(frames),
    }
    return {name: value for name, value in found.items() if value is not None}


def _blur(films: Sequence[Sequence[BoardFrame]], shrink: float) -> dict[str, Range | None]:
    defocus: list[float] = []
    motion: list[float] = []
    for film in films:
        sharpness, length = _one_blur(film)
        defocus += sharpness
        motion += length
    return {"defocus_px": _range([v * shrink for v in defocus]), "motion_px": _range([v * shrink for v in motion])}


def _one_blur(film: Sequence[BoardFrame]) -> tuple[list[float], list[float]]:
    """Sigma of the defocus and length of the smear, in px, of the frames of which they are known.

    Defocus blurs all round, motion along its direction only, in proportion to how far the print moved in one frame.
    That proportion, how long the shutter is open as a share of a frame's time, is one number for a film; it is fitted
    to the difference between the blur sideways and up and down (a smear of length L has a variance of L²/12).
    """
    sharp = [
        (f, o.across_px**2, o.down_px**2)
        for f in film
        if (o := f.optics) and o.across_px is not None and o.down_px is not None
    ]
    if len(sharp) < MIN_FRAMES:
        return [], []
    motion_px = _motions(film)
    moved = np.array([motion_px.get(f.index, (np.nan, np.nan)) for f, _, _ in sharp])
    across, down = np.array([a for _, a, _ in sharp]), np.array([d for _, _, d in sharp])
    known = np.isfinite(moved).all(1)
    lever = np.where(known, moved[:, 0] ** 2 - moved[:, 1] ** 2, 0.0) / 12
    strength = float(np.square(lever).sum())
    open_share = 0.0
    if known.sum() >= MIN_FRAMES and strength > 0:
        open_share = float(np.sqrt(np.clip((lever @ (across - down)) / strength, 0.0, 1.0)))
    length = open_share * np.where(known, np.hypot(*moved.T), 0.0)
    defocus = np.sqrt(np.clip((across + down - length**2 / 12) / 2, 0.0, None))
    return defocus.tolist(), length[known].tolist() if open_share > 0 else []


def _motions(film: Sequence[BoardFrame]) -> dict[int, tuple[float, float]]:
    """How far the print's centre moves in one frame, px, by index, where the last frame shows it, too."""
    at = {f.index: np.array(f.centre_px) for f in film}
    motions_px = {}
    for index, here in at.items():
        if (before := at.get(index - 1)) is not None:
            motions_px[index] = (float(here[0] - before[0]), float(here[1] - before[1]))
    return motions_px


def _noise(frames: Sequence[BoardFrame], shrink: float) -> dict[str, Range | None]:
    """Variance a·signal + b (EMVA 1288's model) from paper and ink.

    Averaging pixels makes it less by the square of ``shrink``.
    """
    shot, read = [], []
    for f in frames:
        o = f.optics
        if o is None or o.white is None or o.black is None or o.white_variance is None or o.black_variance is None:
            continue
        if o.black_variance > o.white_variance:
            continue  # noise grows with light; this is a blurred edge
        a = max((o.white_variance - o.black_variance) / max(o.white[1] - o.black, 1e-3), 0.0)
        shot.append(a * min(shrink, 1.0) ** 2)
        read.append(max(o.black_variance - a * o.black, 0.0) * min(shrink, 1.0) ** 2)
    return {"shot": _range(shot), "read": _range(read)}


def _light(frames: Sequence[BoardFrame]) -> dict[str, Range | None]:
    """How the paper's brightness changes, in stops about its median, and the gain of red and of blue against green."""
    white = np.array([f.optics.white for f in frames if f.optics and f.optics.white is not None]).reshape(-1, 3)
    if len(white):
        white = white[(white[:, 1] > 0.01) & (white.max(1) < 0.97)]  # saturated paper tells nothing
    if len(white) < MIN_FRAMES:
        return {}
    stops = np.log2(white[:, 1])
    red, blue = (_range((white[:, i] / white[:, 1]).tolist()) for i in (0, 2))
    assert red is not None
    assert blue is not None
    both = Range(min(red.low, blue.low), max(red.high, blue.high), (red.median + blue.median) / 2, red.frames)
    exposure_ev = _range((stops - np.median(stops)).tolist())
    return {"exposure_ev": exposure_ev, "white_balance": both, "paper_linear": _range(white[:, 1].tolist())}


def _range(values: Sequence[float]) -> Range | None:
    if len(values) < MIN_FRAMES:
        return None
    low, high = np.percentile(values, CENTRAL)
    return Range(float(low), float(high), float(np.median(values)), len(values))


def block_bootstrap(
    success: Sequence[bool], time_s: Sequence[float], weights: Callable[[int], F64]
) -> tuple[float, float, float]:
    """Share of successes and its 95 % interval over seconds of film: frames of one second are no independent trials.

    ``success`` and ``time_s`` have one entry a frame. ``weights(blocks)`` gives ``(R, blocks)`` resampling weights:
    the bootstrap draws whole seconds (blocks that do not overlap, Carlstein 1986), the interval is of percentiles.
    """
    block_of = np.unique(np.floor(np.array(time_s)).astype(int), return_inverse=True)[1]
    hits = np.bincount(block_of, np.array(success, float))
    tries = np.bincount(block_of).astype(float)
    drawn = weights(len(tries))
    shares = (drawn @ hits) / np.maximum(drawn @ tries, 1e-9)
    low, high = np.percentile(shares, (2.5, 97.5))
    return float(hits.sum() / tries.sum()), float(low), float(high)
