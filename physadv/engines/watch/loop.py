"""Frame after frame: look, log, count, show. Ends with the source, after so many frames, or when asked to."""

from __future__ import annotations

import json
import logging
import signal
import statistics
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from physadv.core.errors import BadOutput
from physadv.core.types import Frame
from physadv.engines.watch.browser import Browser
from physadv.engines.watch.canvas import State, canvas, in_browser, plain
from physadv.engines.watch.controls import Controls
from physadv.engines.watch.counts import ARMS, FrameRow, Tally
from physadv.engines.watch.frame_analysis import FrameAnalyzer, FrameResult
from physadv.engines.watch.frame_log import FrameLog, frame_line
from physadv.engines.watch.gallery import Gallery, words
from physadv.engines.watch.overlay import FILMED, PATCH
from physadv.engines.watch.window import Window
from physadv.library.files.atomic import write_bytes, write_text
from physadv.library.report.plots.figure import styles
from physadv.library.report.watch_words import assumption, doubts
from physadv.parts.frames.record import Recorder
from physadv.parts.frames.source import FrameSource

logger = logging.getLogger(__name__)

U8 = npt.NDArray[np.uint8]
GOES_ON_S = 1.0  # to find out whether a source goes on
WAIT_S = 0.1  # for the next frame, before keys are read again
SAY_EVERY_S = 10.0  # the terminal hears how it stands
DOUBTED = 500  # of the last doubtful frames, while a film runs
ENOUGH = 10  # successes, before doubts are said while a film runs
TELL_EVERY_S = 0.5  # the page draws its curves anew


@dataclass
class Times:
    """How long frames took, in seconds."""

    detect: list[float] = field(default_factory=list)
    overlay: list[float] = field(default_factory=list)
    rest: list[float] = field(default_factory=list)  # all else, but showing
    show: list[float] = field(default_factory=list)
    begun: float = field(default_factory=time.perf_counter)
    recent: deque[float] = field(default_factory=lambda: deque(maxlen=30))

    @property
    def fps(self) -> float:
        """Of the last frames."""
        return (len(self.recent) - 1) / max(self.recent[-1] - self.recent[0], 1e-9) if len(self.recent) > 1 else 0.0

    def summarised(self) -> dict[str, Any]:
        """Medians, for the summary."""
        seconds = time.perf_counter() - self.begun
        medians = {
            f"{name}_ms": 1000 * statistics.median(values) if values else None
            for name, values in (("detect", self.detect), ("overlay", self.overlay), ("rest", self.rest),
                                 ("show", self.show))
        }  # fmt: skip
        return {**medians, "wall_s": seconds, "fps": len(self.rest) / max(seconds, 1e-9)}


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
    record_to: Path
    record_fps: float
    record_shown: bool  # as people see it; else as it was filmed
    window: Window | None
    browser: Browser | None
    progress: bool = False  # tell the terminal now and then how it stands
    max_frames: int = 0
    times: Times = field(default_factory=Times)
    recorder: Recorder | None = None
    recordings: int = 0
    snapshots: int = 0
    cut_off: bool = False  # by max_frames, and the source went on
    _last: FrameResult | None = None
    _doubted: set[str] = field(default_factory=set)  # arms of which the terminal has heard
    _told_at: float = 0.0
    _said_at: float = field(default_factory=time.monotonic)

    def run(self) -> None:
        """Until it ends. What was logged is whole however it ends."""
        try:
            with self._stoppable():
                while not self.controls.stopping and not self._done():
                    self._poll()
                    if self.controls.paused:
                        self._again()
                        time.sleep(WAIT_S / 3)
                    elif (frame := self.source.read(WAIT_S)) is not None:
                        self._frame(frame)
                self.cut_off = not self.controls.stopping and self._goes_on()
        finally:
            self._stop_recording()
            self.source.close()
            if self.window:
                self.window.close()

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
        looked = self.analyzer.look(frame, overlay=self.controls.overlay)
        age_s = self.source.age_s(frame)
        inferred_s = frame.time_s + (time.perf_counter() - begun if age_s is None else age_s)
        line = frame_line(frame, inferred_s, looked.boards, looked.seen)
        changed = {e.victim.name: e.confidence for e in self.analyzer.victims if e.confidence != e.victim.confidence}
        self.log.write({**line, "confidence": changed} if changed else line)
        row = self.tally.add(line)
        self.gallery.consider(looked, row)
        logged = time.perf_counter()
        times = self.times
        times.recent.append(logged)
        times.detect.append(looked.detect_s)
        times.overlay.append(looked.overlay_s)
        times.rest.append(logged - begun - looked.detect_s - looked.overlay_s)
        self._show(looked, row.lag_s)
        times.show.append(time.perf_counter() - logged)
        self._say()

    def _show(self, looked: FrameResult, lag_s: float) -> None:
        """Draw only what somebody sees or keeps."""
        wanted = self.controls.snapshot_wanted()
        self._last = looked
        picture = None
        if self.window or wanted or (self.controls.recording and self.record_shown):
            picture = canvas(looked, self.controls, self._state(lag_s))
            if self.window:
                self.window.show(picture)
            if wanted:
                self._snapshot(looked, picture)
        if self.browser:
            self._to_browser(looked, lag_s)
        self._record(picture if self.record_shown and picture is not None else looked.frame.bgr_u8)

    def _for_browser(self, looked: FrameResult, lag_s: float) -> U8:
        assert self.browser is not None
        state = self._state(lag_s)
        sheet = in_browser(self.browser.shown_px, len(looked.seen[state.victim]))
        return canvas(looked, self.controls, state, sheet)

    def _say(self) -> None:
        if self.progress and time.monotonic() - self._said_at >= SAY_EVERY_S:
            self._said_at = time.monotonic()
            shares = ", ".join(f"{name} {found[0]:.0%}" for name, found in self.tally.live()["all"].items())
            logger.info("%d frames, %.1f a second, %d dropped. Success: %s", len(self.tally.rows), self.times.fps,
                        self.tally.dropped, shares or "nothing to count yet")  # fmt: skip
            for arm, text in self._doubts().items():
                if arm not in self._doubted:
                    self._doubted.add(arm)
                    logger.warning("%s", text)

    def _state(self, lag_s: float) -> State:
        tracked = self.analyzer.victims[self.controls.shown]
        looks = self.tally.rows[-1].looks[tracked.victim.name] if self.tally.rows else {}
        return State(
            self.times.fps, self.tally.dropped, lag_s, tracked.victim.name, tracked.confidence, tracked.label,
            self.controls.recording, frozenset(view for view, look in looks.items() if look.doubtful),
        )  # fmt: skip

    def _to_browser(self, looked: FrameResult, lag_s: float) -> None:
        assert self.browser is not None
        self.browser.show(self._for_browser(looked, lag_s))
        self.browser.send(plain(looked, PATCH if PATCH in looked.pictures else FILMED))
        now = time.monotonic()
        if now - self._told_at >= TELL_EVERY_S:
            self._told_at = now
            state = self._state(lag_s)
            last = self.tally.rows[-1]
            self.browser.tell({
                "frames": len(self.tally.rows), "fps": round(state.fps, 1), "dropped": state.dropped,
                "lag_ms": round(1000 * lag_s), "victim": state.victim, "confidence": state.confidence,
                "source": self.source.name, "live": self.source.live,
                "distance_m": last.distance_m, "yaw_deg": last.yaw_deg, "snapshots": self.snapshots,
                "views": self._views(last, state.victim), "doubts": list(self._doubts().values()),
                "assumed": f"a {self.tally.label} of {assumption(self._assumed())}" if self.analyzer.wearer else "",
                "looks": {name: look.colour for name, look in styles(ARMS).items()}, **self.tally.live(),
            })  # fmt: skip

    def _views(self, row: FrameRow, victim: str) -> list[dict[str, Any]]:
        """The outcome of every view of the detector that is shown, in words: in the picture there is little room."""
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

    def _again(self) -> None:
        """While paused, the last picture: a snapshot of it can be taken, and the page stays alive."""
        if self._last is None:
            return
        looked = self._last
        wanted = self.controls.snapshot_wanted()
        if self.window or wanted:
            picture = canvas(looked, self.controls, self._state(0.0))
            if wanted:
                self._snapshot(looked, picture)
            if self.window:
                self.window.show(picture)
        if self.browser:
            self.browser.show(self._for_browser(looked, 0.0))

    def _poll(self) -> None:
        if self.window:
            self.window.poll()

    def _snapshot(self, looked: FrameResult, picture: U8) -> None:
        """The picture as shown, every view without drawings, and their line of the log."""
        self.snapshots += 1
        stem = self.out / "snapshots" / f"{looked.frame.index:06d}"
        for name, shown in {"shown": picture, **{view: plain(looked, view) for view in looked.pictures}}.items():
            write_bytes(stem.with_name(f"{stem.name}-{name}.png"), cv2.imencode(".png", shown)[1].tobytes())
        line = frame_line(looked.frame, looked.frame.time_s, looked.boards, looked.seen)
        write_text(stem.with_suffix(".json"), json.dumps(line, indent=1))
        logger.info("snapshot %s.json", stem)

    def _record(self, picture: U8) -> None:
        if not self.controls.recording:
            self._stop_recording()
            return
        try:
            if self.recorder is None:
                self.recordings += 1
                name = self.record_to
                if self.recordings > 1:
                    name = name.with_stem(f"{name.stem}-take{self.recordings}")
                self.recorder = Recorder(name, fps=self.record_fps)
            self.recorder.write(picture)
        except BadOutput as error:
            logger.warning("%s", error)  # the measurement goes on
            self.recorder, self.controls.recording = None, False

    def _stop_recording(self) -> None:
        if self.recorder is not None:
            recorder, self.recorder = self.recorder, None
            try:
                recorder.close()
                logger.info("recorded %s, %d frames", recorder.path, recorder.frames)
            except BadOutput as error:
                logger.warning("%s", error)

    @contextmanager
    def _stoppable(self) -> Iterator[None]:
        """Ctrl-C and a polite kill end the run as ``q`` does; a second one ends it at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def stop(number: int, frame: FrameType | None) -> None:
            if self.controls.stopping:
                raise KeyboardInterrupt
            self.controls.stopping = True

        ending = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
        heard = [number for number in ending if signal.getsignal(number) != signal.SIG_IGN]  # nohup ignores SIGHUP
        before = {number: signal.signal(number, stop) for number in heard}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
