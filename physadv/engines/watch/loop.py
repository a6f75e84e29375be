"""Frame after frame: look, log, count, show. Ends with the source, after so many frames, or when asked to."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from physadv.core.types import Frame
from physadv.engines.watch.browser import Browser
from physadv.engines.watch.canvas import canvas, in_browser, plain
from physadv.engines.watch.controls import Controls
from physadv.engines.watch.counts import Tally
from physadv.engines.watch.frame_analysis import FrameAnalyzer, FrameResult
from physadv.engines.watch.frame_log import FrameLog, frame_line
from physadv.engines.watch.gallery import Gallery
from physadv.engines.watch.live_report import LiveReport
from physadv.engines.watch.overlay import FILMED, PATCH
from physadv.engines.watch.stopping import stoppable
from physadv.engines.watch.takes import Takes
from physadv.engines.watch.times import Times
from physadv.engines.watch.window import Window
from physadv.library.files.atomic import write_bytes, write_text
from physadv.parts.frames.source import FrameSource, SourceState

logger = logging.getLogger(__name__)

U8 = npt.NDArray[np.uint8]
GOES_ON_S = 1.0  # to find out whether a source goes on
WAIT_S = 0.1  # for the next frame, before keys are read again


@dataclass
class Loop:
    """Everything that a run needs while it runs."""

    source: FrameSource
    analyzer: FrameAnalyzer
    controls: Controls
    log: FrameLog
    tally: Tally
    gallery: Gallery
    out: Path
    takes: Takes
    window: Window | None
    browser: Browser | None
    progress: bool = False  # tell the terminal now and then how it stands
    max_frames: int = 0
    times: Times = field(default_factory=Times)
    snapshots: int = 0
    cut_off: bool = False  # by max_frames, and the source went on
    _last: FrameResult | None = None
    report: LiveReport = field(init=False)

    def __post_init__(self) -> None:
        self.report = LiveReport(self.source, self.analyzer, self.controls, self.tally, self.times, self.progress)

    def run(self) -> None:
        """Until it ends. What was logged is whole however it ends."""
        try:
            with stoppable(self.controls):
                while not self.controls.stopping and not self._done():
                    self._poll()
                    if self.controls.paused:
                        self._again()
                        time.sleep(WAIT_S / 3)
                    elif (frame := self.source.read(WAIT_S)) is not None:
                        self._frame(frame)
                self.cut_off = not self.controls.stopping and self._goes_on()
        finally:
            self.takes.end()
            self.source.close()
            if self.window:
                self.window.close()

    @property
    def died(self) -> bool:
        """Whether the source broke off, and nobody had asked it to stop."""
        return self.source.state is SourceState.DIED and not self.controls.stopping

    def _done(self) -> bool:
        return self.source.over or 0 < self.max_frames <= len(self.tally.rows)

    def _goes_on(self) -> bool:
        """Whether the source had more than ``max_frames``; a file that ends just there is complete."""
        until = time.monotonic() + GOES_ON_S
        while not self.source.over and time.monotonic() < until:
            if self.source.read(WAIT_S) is not None:
                return True
        return not self.source.over

    def _frame(self, frame: Frame) -> None:
        begun = time.perf_counter()
        for tracked in self.analyzer.victims[self.controls.shown : self.controls.shown + 1]:
            tracked.confidence = self.controls.moved(tracked.confidence)
        result = self.analyzer.look(frame, overlay=self.controls.overlay)
        age_s = self.source.age_s(frame)
        inferred_s = frame.time_s + (time.perf_counter() - begun if age_s is None else age_s)
        line = frame_line(frame, inferred_s, result.boards, result.seen)
        changed = {e.victim.name: e.confidence for e in self.analyzer.victims if e.confidence != e.victim.confidence}
        self.log.write({**line, "confidence": changed} if changed else line)
        row = self.tally.add(line)
        self.gallery.consider(result, row)
        logged = time.perf_counter()
        times = self.times
        times.recent.append(logged)
        times.detect.append(result.detect_s)
        times.overlay.append(result.overlay_s)
        times.rest.append(logged - begun - result.detect_s - result.overlay_s)
        self._show(result, row.lag_s)
        times.show.append(time.perf_counter() - logged)
        self.report.say(result)

    def _show(self, result: FrameResult, lag_s: float) -> None:
        """Draw only what somebody sees or keeps."""
        wanted = self.controls.snapshot_wanted()
        self._last = result
        picture = None
        if self.window or wanted or (self.controls.recording and self.takes.shown):
            picture = canvas(result, self.controls, self.report.state(lag_s))
            if self.window:
                self.window.show(picture)
            if wanted:
                self._snapshot(result, picture)
        if self.browser:
            self._to_browser(result, lag_s)
        self.takes.add(picture if self.takes.shown and picture is not None else result.frame.bgr_u8)

    def _for_browser(self, result: FrameResult, lag_s: float) -> U8:
        assert self.browser is not None
        state = self.report.state(lag_s)
        sheet = in_browser(self.browser.shown_px, len(result.seen[state.victim]) + len(result.unworn))
        return canvas(result, self.controls, state, sheet)

    def _to_browser(self, result: FrameResult, lag_s: float) -> None:
        assert self.browser is not None
        self.browser.show(self._for_browser(result, lag_s))
        self.browser.send(plain(result, PATCH if PATCH in result.pictures else FILMED))
        if (told := self.report.page(lag_s, self.snapshots)) is not None:
            self.browser.tell(told)

    def _again(self) -> None:
        """While paused, the last picture: a snapshot of it can be taken, and the page stays alive."""
        if self._last is None:
            return
        result = self._last
        wanted = self.controls.snapshot_wanted()
        if self.window or wanted:
            picture = canvas(result, self.controls, self.report.state(0.0))
            if wanted:
                self._snapshot(result, picture)
            if self.window:
                self.window.show(picture)
        if self.browser:
            self.browser.show(self._for_browser(result, 0.0))

    def _poll(self) -> None:
        if self.window:
            self.window.poll()

    def _snapshot(self, result: FrameResult, picture: U8) -> None:
        """The picture as shown, every view without drawings, and their line of the log."""
        self.snapshots += 1
        stem = self.out / "snapshots" / f"{result.frame.index:06d}"
        for name, shown in {"shown": picture, **{view: plain(result, view) for view in result.pictures}}.items():
            write_bytes(stem.with_name(f"{stem.name}-{name}.png"), cv2.imencode(".png", shown)[1].tobytes())
        line = frame_line(result.frame, result.frame.time_s, result.boards, result.seen)
        write_text(stem.with_suffix(".json"), json.dumps(line, indent=1))
        logger.info("snapshot %s.json", stem)
