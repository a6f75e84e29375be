"""Frames for the page: where the attack does best, where it does worst, and a typical one; chosen while a film runs.

Only what may be shown is drawn and kept, as small pictures, so that memory does not grow with the film.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from physadv.core.labels import canonical
from physadv.engines.watch.canvas import plain
from physadv.engines.watch.counts import ARMS, BARE, FrameRow, Look
from physadv.engines.watch.frame_analysis import FrameResult
from physadv.engines.watch.frame_log import corners_px
from physadv.engines.watch.tracked_victim import ViewResult
from physadv.library.files.atomic import write_bytes
from physadv.library.report.film_frames import Shown, frame_jpeg
from physadv.library.report.pictures.contact_sheet import ReportMark

FOLDER = "frames"
EVENLY = 15  # frames spread over the film, of which one is typical
_STEP = 0.02  # of a score: less better is not drawn anew

Picture = tuple[str, str, bytes]  # arm, what it came to, JPEG


@dataclass(frozen=True)
class KeptFrame:
    """One frame, drawn."""

    number: int  # among those considered
    key: float  # how strongly the object is reported
    facts: dict[str, Any]
    pictures: Sequence[Picture]


@dataclass
class Shelf:
    """Frames that show the same: the print, or the patch laid over, or neither."""

    keys: list[float] = field(default_factory=list)
    strongest: KeptFrame | None = None
    weakest: KeptFrame | None = None
    spread: list[KeptFrame] = field(default_factory=list)
    _stride: int = 1

    def take(self, key: float, draw: Callable[[int], KeptFrame]) -> None:
        """Look at one more frame; it is drawn where it is wanted."""
        number = len(self.keys)
        self.keys.append(key)
        spread = number % self._stride == 0
        low = self.weakest is None or key < self.weakest.key - _STEP
        high = self.strongest is None or key > self.strongest.key + _STEP
        if not (spread or low or high):
            return
        kept = draw(number)
        self.weakest = kept if low else self.weakest
        self.strongest = kept if high else self.strongest
        if spread:
            self.spread.append(kept)
            if len(self.spread) > EVENLY:
                self._stride *= 2
                self.spread = [one for one in self.spread if one.number % self._stride == 0]

    def typical(self) -> KeptFrame:
        """Nearest to the median; of equals the one in the middle of the film."""
        middle, half = statistics.median(self.keys), len(self.keys) / 2
        return min(self.spread, key=lambda kept: (abs(kept.key - middle), abs(kept.number - half)))


@dataclass
class Gallery:
    """Of one victim, the first."""

    victim: str
    label: str
    shelves: dict[str, Shelf] = field(default_factory=dict)

    def consider(self, result: FrameResult, row: FrameRow) -> None:
        """One more frame of the film."""
        looks = row.looks[self.victim]
        tried = [look for look in looks.values() if look.success is not None]
        ranked = min(tried, key=lambda look: ARMS.index(look.arm), default=looks["filmed"])
        arm = ranked.arm if tried else BARE
        key = max(ranked.score, ranked.beside)
        self.shelves.setdefault(arm, Shelf()).take(key, lambda number: self._drawn(number, key, result, row))

    def write(self, out: Path) -> list[dict[str, Any]]:
        """Write the pictures of the shelf that matters most; what they are, from best to worst for the attack."""
        first = min(self.shelves, key=ARMS.index, default=None)
        if first is None:
            return []
        shelf = self.shelves[first]
        assert shelf.weakest is not None
        assert shelf.strongest is not None
        picks = {"best": shelf.weakest, "typical": shelf.typical(), "worst": shelf.strongest}
        if first == BARE:
            picks = {"seen least": shelf.weakest, "typical": shelf.typical(), "seen best": shelf.strongest}
        made, numbers = [], set[int]()
        for name, kept in sorted(
            picks.items(), key=lambda pick: pick[0] == "typical"
        ):  # a lone frame is no typical one
            if kept.number not in numbers:
                numbers.add(kept.number)
                made.append({"pick": name, "by": first, **kept.facts, "pictures": _written(out, name, kept.pictures)})
        if len(made) == 1:
            made[0]["pick"] = "typical"  # neither best nor worst: there is nothing else
        return sorted(made, key=lambda shot: list(picks).index(shot["pick"]))

    def _drawn(self, number: int, key: float, result: FrameResult, row: FrameRow) -> KeptFrame:
        looks, seen = row.looks[self.victim], result.seen[self.victim]
        prints = [corners_px(sighting) for sighting, _ in result.boards]
        pictures = [
            (looks[view].arm, words(looks[view], self.label),
             frame_jpeg(plain(result, view), Shown(one.expected, prints, self._marks(one))))
            for view, one in seen.items()
        ]  # fmt: skip
        facts = {
            "index": result.frame.index,
            "time_s": row.time_s,
            "distance_m": row.distance_m,
            "yaw_deg": row.yaw_deg,
        }
        return KeptFrame(number, key, facts, pictures)

    def _marks(self, seen: ViewResult) -> list[ReportMark]:
        own = canonical(self.label)
        return [ReportMark(r.box_xyxy_px, r.label, r.score, canonical(r.label) == own) for r in seen.reports]


def _written(out: Path, name: str, pictures: Sequence[Picture]) -> list[dict[str, str]]:
    made = []
    for place, (arm, said, jpeg) in enumerate(pictures):
        file = f"{name.replace(' ', '-')}-{place}.jpg"
        write_bytes(out / FOLDER / file, jpeg)
        made.append({"condition": arm, "file": file, "outcome": said})
    return made


def words(look: Look, label: str) -> str:
    """The outcome of a view: "stop sign 0.93, no success"; "no stop sign at its place, success"."""
    if not look.expected:
        return f"{label} reported, not followed yet" if look.reported else f"no {label} expected or reported"
    seen = f"{label} {look.score:.2f}" if look.found else f"no {label} at its place"
    if look.success is None:
        return seen if look.arm == BARE else f"{seen}, not counted"
    if look.doubtful:
        return f"{seen}, success in doubt: reported beside it at {look.beside:.2f}"
    return f"{seen}, {'success' if look.success else 'no success'}"
