"""How a film stands while it runs: what the drawn picture, the terminal and the page in the browser tell of it."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import Any

from physadv.engines.watch.canvas import State
from physadv.engines.watch.controls import Controls
from physadv.engines.watch.counts import ARMS, FrameRow, Tally
from physadv.engines.watch.frame_analysis import FrameAnalyzer, FrameResult
from physadv.engines.watch.gallery import words
from physadv.engines.watch.nobody import Nobody
from physadv.engines.watch.times import Times
from physadv.library.report.plots.figure import styles
from physadv.library.report.watch_words import assumption, doubts
from physadv.parts.frames.source import FrameSource

logger = logging.getLogger(__name__)

SAY_EVERY_S = 10.0  # the terminal hears how it stands
DOUBTED = 500  # of the last doubtful frames, while a film runs
ENOUGH = 10  # successes, before doubts are said while a film runs
TELL_EVERY_S = 0.5  # the page draws its curves anew


@dataclass
class LiveReport:
    """The state of a film before it has ended, from what has been counted until now."""

    source: FrameSource
    analyzer: FrameAnalyzer
    controls: Controls
    tally: Tally
    times: Times
    progress: bool  # tell the terminal now and then
    _doubted: set[str] = field(default_factory=set)  # arms of which the terminal has heard
    _told_at: float = 0.0
    _nobody: Nobody = field(init=False)
    _said_at: float = field(default_factory=time.monotonic)

    def state(self, lag_s: float) -> State:
        """The numbers and words that are written into the picture."""
        tracked = self.analyzer.victims[self.controls.shown]
        looks = self.tally.rows[-1].looks[tracked.victim.name] if self.tally.rows else {}
        return State(
            self.times.fps, self.tally.dropped, lag_s, tracked.victim.name, tracked.confidence, tracked.label,
            self.controls.recording, frozenset(view for view, look in looks.items() if look.doubtful),
        )  # fmt: skip

    def __post_init__(self) -> None:
        self._nobody = Nobody(self.analyzer.victims[0])

    def say(self, result: FrameResult) -> None:
        """Tell the terminal how it stands after ``result``, if it has not heard for a while."""
        if text := self._nobody.look(result):
            logger.warning("%s", text)
        if self.progress and time.monotonic() - self._said_at >= SAY_EVERY_S:
            self._said_at = time.monotonic()
            shares = ", ".join(f"{name} {found[0]:.0%}" for name, found in self.tally.live()["all"].items())
            logger.info("%d frames, %.1f a second, %d dropped. Success: %s", len(self.tally.rows), self.times.fps,
                        self.tally.dropped, shares or "nothing to count yet")  # fmt: skip
            for arm, text in self._doubts().items():
                if arm not in self._doubted:
                    self._doubted.add(arm)
                    logger.warning("%s", text)

    def page(self, lag_s: float, snapshots: int) -> dict[str, Any] | None:
        """The numbers and words that the page shows beside the picture; ``None`` where it has just been told."""
        now = time.monotonic()
        if now - self._told_at < TELL_EVERY_S:
            return None
        self._told_at = now
        state = self.state(lag_s)
        last = self.tally.rows[-1]
        return {
            "frames": len(self.tally.rows), "fps": round(state.fps, 1), "dropped": state.dropped,
            "lag_ms": round(1000 * lag_s), "victim": state.victim, "confidence": state.confidence,
            "source": self.source.name, "live": self.source.live,
            "distance_m": last.distance_m, "yaw_deg": last.yaw_deg, "snapshots": snapshots,
            "views": self._views(last, state.victim), "doubts": list(self._doubts().values()),
            "assumed": f"a {self.tally.label} of {assumption(self._assumed())}" if self.analyzer.wearer else "",
            "looks": {name: look.colour for name, look in styles(ARMS).items()}, **self.tally.live(),
        }  # fmt: skip

    def _views(self, row: FrameRow, victim: str) -> list[dict[str, Any]]:
        """Every view of the detector that is shown, in words: in the picture there is little room."""
        label = self.analyzer.victims[self.controls.shown].label
        return [{"view": view, "condition": look.arm, "success": look.success, "said": words(look, label)}
                for view, look in row.looks[victim].items()]  # fmt: skip

    def _assumed(self) -> dict[str, Any]:
        wearer = self.analyzer.wearer
        return {"object": self.tally.label, "object_mm": wearer and wearer.size_mm,
                "board_at_mm": wearer and wearer.board_at_mm}  # fmt: skip

    def _doubts(self) -> dict[str, str]:
        """Arm → what the last frames say against its success."""
        told = self._assumed()
        rows = [row for row in self.tally.doubts(self.tally.victim, DOUBTED) if row["successes"] >= ENOUGH]
        found = {row["condition"]: doubts(told, self.tally.victim, [row]) for row in rows}
        return {arm: texts[0] for arm, texts in found.items() if texts}
