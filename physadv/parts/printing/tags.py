"""How many tags of which size go where round a patch, from the distance at which a camera shall find them.

``DICT_4X4_50``: of OpenCV's dictionaries the one with the fewest modules, so each is the largest at a given size.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from physadv.core.errors import BadOption
from physadv.library.files.boards import Tag
from physadv.parts.printing.layout import arrange, free_mm

IDS = 50
MODULES = 6  # across a tag: four of data, one of border at each end
MIN_SIDE_MM, MAX_SIDE_MM = 10.0, 1000.0
GAP_MM = 10.0  # between patch and tags, or a module where that is more
RANGE_M_PER_MM = {4: 0.05, 8: 0.07}
"""Metres of distance for a millimetre of a tag's side, by number of tags: 1280 × 720 pixels, 70° across, sharp."""

_AUTO_MM = (20.0, 100.0)  # smallest and largest side chosen without being asked for a range
_MANY_FROM_MM = 60.0  # smaller boards are held in a hand: four tags do
_STEP_MM = 5.0
_ADVICE = "Write tags=auto, tags=none, or a number and a size as tags=4x60 or tags=8x100 (mm)"

Place = Literal["around", "above and below", "left and right"]
PLACES: tuple[Place, ...] = ("around", "above and below", "left and right")


@dataclass(frozen=True)
class TagPlan:
    """Tags of one size round a patch."""

    count: int  # 4: at the corners; 8: in the middle of the sides too
    side_mm: float
    place: Place = "around"

    @property
    def module_mm(self) -> float:
        """One cell of a tag, and the white that it needs round it."""
        return self.side_mm / MODULES

    @property
    def gap_mm(self) -> float:
        """White between patch and tags."""
        return max(GAP_MM, self.module_mm)

    @property
    def range_m(self) -> float:
        """Up to which distance a camera finds most tags."""
        return self.side_mm * RANGE_M_PER_MM[self.count]

    def words(self) -> str:
        """For the sheet and the log."""
        return f"{self.count} tags of {self.side_mm:g} mm, found to about {self.range_m:.2g} m"

    def board_mm(self, patch_mm: tuple[float, float]) -> tuple[float, float]:
        """Width and height of the piece that is cut out: patch, tags and white."""
        rim = self.gap_mm + self.side_mm + self.module_mm
        beside = 0.0 if self.place == "above and below" else rim
        above = 0.0 if self.place == "left and right" else rim
        return patch_mm[0] + 2 * (beside or self.module_mm), patch_mm[1] + 2 * (above or self.module_mm)

    def fits(self, patch_mm: tuple[float, float]) -> bool:
        """Whether a module of white stays between any two tags."""
        if self.place == "around":
            half = min(patch_mm) / 2 + self.gap_mm
            return self.count == 4 or half - self.side_mm / 2 >= self.module_mm
        along = patch_mm[0] if self.place == "above and below" else patch_mm[1]
        return self.count == 4 and along >= 2 * self.side_mm + self.module_mm

    def tags(self, patch_mm: tuple[float, float], ids: Iterator[int]) -> tuple[Tag, ...]:
        """The tags in the patch's frame, clockwise from the top left."""
        outside = self.gap_mm + self.side_mm / 2
        x = patch_mm[0] / 2 + (-self.side_mm / 2 if self.place == "above and below" else outside)
        y = patch_mm[1] / 2 + (-self.side_mm / 2 if self.place == "left and right" else outside)
        corners = [(-x, -y), (x, -y), (x, y), (-x, y)]
        middles = [(0.0, -y), (x, 0.0), (0.0, y), (-x, 0.0)]
        at = corners if self.count == 4 else [p for pair in zip(corners, middles, strict=True) for p in pair]
        return tuple(Tag(next(ids), cx, cy, self.side_mm) for cx, cy in at)


def choose_tags(
    text: str, range_m: float, patch_mm: tuple[float, float], papers: tuple[tuple[float, float], ...]
) -> TagPlan | None:
    """The tags that the options ask for; ``None`` for none. ``range_m`` 0: as large as patch and paper suggest.

    Raises :class:`BadOption` for options that do not go together, or tags larger than the paper.
    """
    if not (math.isfinite(range_m) and range_m >= 0):
        raise BadOption(f"range_m must be a distance in metres, or 0 to choose by the patch's size, got {range_m}.")
    word = text.strip().lower()
    if range_m and word != "auto":
        raise BadOption(f"tags={text} and range_m={range_m:g} do not go together. Give one of them.")
    if word == "none":
        return None
    if word != "auto":
        plan = _parsed(text, patch_mm)
    else:
        plan = _for_range(range_m, patch_mm) if range_m else _for_size(patch_mm, papers)
    if plan.side_mm > (room_mm := max(min(free_mm(paper)) for paper in papers)):
        raise BadOption(
            f"a tag of {plan.side_mm:g} mm is larger than the {room_mm:.0f} mm that fit on the paper, and glued "
            "together it would not be square. Choose a larger paper, as paper=600x900, or smaller tags, as tags=4x60."
        )
    return plan


def _parsed(text: str, patch_mm: tuple[float, float]) -> TagPlan:
    match = re.fullmatch(r"\s*(\d+)\s*[xX×]\s*(\d+(?:\.\d+)?)\s*(?:mm)?\s*", text)
    if not match:
        raise BadOption(f"tags={text!r} is not understood. {_ADVICE}.")
    count, side_mm = int(match[1]), float(match[2])
    if count not in RANGE_M_PER_MM:
        raise BadOption(f"tags={text!r} must be 4 tags (corners) or 8 (middle of the sides too). {_ADVICE}.")
    if not MIN_SIDE_MM <= side_mm <= MAX_SIDE_MM:
        raise BadOption(f"tags={text!r} must be from {MIN_SIDE_MM:g} to {MAX_SIDE_MM:g} mm large. {_ADVICE}.")
    plan = TagPlan(count, side_mm)
    if not plan.fits(patch_mm):
        raise BadOption(
            f"{count} tags of {side_mm:g} mm do not fit round a patch of {patch_mm[0]:g} x {patch_mm[1]:g} mm: "
            f"those in the middle would touch the corners'. Write tags=4x{side_mm:g}."
        )
    return plan


def _for_range(range_m: float, patch_mm: tuple[float, float]) -> TagPlan:
    """4 × 60 mm for 3 m, 8 × 100 mm for 7 m, 4 × 200 mm for 10 m, and so on."""
    many = TagPlan(8, _rounded_up(range_m / RANGE_M_PER_MM[8]))
    if _MANY_FROM_MM < many.side_mm <= _AUTO_MM[1] and many.fits(patch_mm):
        return many
    side_mm = _rounded_up(range_m / RANGE_M_PER_MM[4])
    if side_mm > MAX_SIDE_MM:
        raise BadOption(
            f"range_m={range_m:g} would need tags of {side_mm / 1000:.0f} m; the largest are of {MAX_SIDE_MM:g} mm, "
            f"for {MAX_SIDE_MM * RANGE_M_PER_MM[4]:g} m. Ask for less, and film with a longer lens."
        )
    return TagPlan(4, side_mm)


def _for_size(patch_mm: tuple[float, float], papers: tuple[tuple[float, float], ...]) -> TagPlan:
    """A third of the patch; smaller, or on two sides only, where that keeps the print on one page."""
    low, high = _AUTO_MM
    wanted_mm = min(max(_rounded_up(max(patch_mm) / 3), low), high)
    if _pages(patch_mm, papers) == 1:
        for side_mm in _downwards(wanted_mm, low):
            for plan in (_around(side_mm, patch_mm), *(TagPlan(4, side_mm, place) for place in PLACES[1:])):
                if plan.fits(patch_mm) and _pages(plan.board_mm(patch_mm), papers) == 1:
                    return plan
    room_mm = max(min(free_mm(paper)) for paper in papers)
    return _around(max(min(wanted_mm, room_mm // _STEP_MM * _STEP_MM), MIN_SIDE_MM), patch_mm)


def _around(side_mm: float, patch_mm: tuple[float, float]) -> TagPlan:
    many = TagPlan(8, side_mm)
    return many if side_mm >= _MANY_FROM_MM and many.fits(patch_mm) else TagPlan(4, side_mm)


def _pages(size_mm: tuple[float, float], papers: tuple[tuple[float, float], ...]) -> int:
    return len(arrange(size_mm, 0.0, papers).tiles)


def _rounded_up(side_mm: float) -> float:
    return max(math.ceil(side_mm / _STEP_MM - 1e-9) * _STEP_MM, _AUTO_MM[0])


def _downwards(high_mm: float, low_mm: float) -> list[float]:
    count = round((high_mm - low_mm) / _STEP_MM)
    return [high_mm - step * _STEP_MM for step in range(count + 1)]
