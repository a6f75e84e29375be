"""Recordings of a run: each time that recording is switched on begins a file of its own."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from physadv.core.errors import BadOutput
from physadv.engines.watch.controls import Controls
from physadv.parts.frames.record import Recorder

logger = logging.getLogger(__name__)


@dataclass
class Takes:
    """Where pictures go while ``controls`` say that it is recording."""

    path: Path  # of the first take; later ones are numbered
    fps: float
    shown: bool  # as people see it; else as it was filmed
    controls: Controls
    recorder: Recorder | None = None
    count: int = 0

    def begin(self) -> None:
        """Open the next file."""
        self.count += 1
        path = self.path if self.count == 1 else self.path.with_stem(f"{self.path.stem}-take{self.count}")
        self.recorder = Recorder(path, fps=self.fps)

    def add(self, bgr_u8: npt.NDArray[np.uint8]) -> None:
        """Record the picture while recording is on. A file that cannot be written ends the recording, not the run."""
        if not self.controls.recording:
            self.end()
            return
        try:
            if self.recorder is None:
                self.begin()
            assert self.recorder is not None
            self.recorder.write(bgr_u8)
        except BadOutput as error:
            logger.warning("%s", error)  # the measurement goes on
            self.recorder, self.controls.recording = None, False

    def end(self) -> None:
        """Close the file, if one is open."""
        if self.recorder is not None:
            recorder, self.recorder = self.recorder, None
            try:
                recorder.close()
                logger.info("recorded %s, %d frames", recorder.path, recorder.frames)
            except BadOutput as error:
                logger.warning("%s", error)
