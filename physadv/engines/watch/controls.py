"""Controls of the user while a film runs, from the keyboard or from the page."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

STEP = 0.05  # of the threshold
KEYS = {
    "q": "quit", "\x1b": "quit", " ": "pause", "s": "snapshot", "r": "record", "a": "overlay", "d": "detector",
    "o": "boxes", "p": "pose", "+": "more", "=": "more", "-": "less", "h": "help",
}  # fmt: skip
HELP = (
    ("q", "quit, with summary"), ("space", "pause"), ("s", "snapshot: PNG and JSON"), ("r", "record on / off"),
    ("a", "digital patch on / off"), ("d", "show the next detector"), ("o", "boxes on / off"),
    ("p", "pose on / off"), ("+ -", "threshold of the shown detector"), ("h", "this help"),
)  # fmt: skip


@dataclass
class Controls:
    """The switches. Pressed by any thread, read by the loop."""

    overlay: bool
    victims: int = 1
    recording: bool = False
    paused: bool = False
    boxes: bool = True
    pose: bool = True
    help: bool = False
    shown: int = 0  # of the victims
    stopping: bool = False
    can_overlay: bool = True
    _snapshots: int = 0
    _steps: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def press(self, command: str) -> bool:
        """Do what the command says; whether there is such a command."""
        with self._lock:
            if command in ("boxes", "help", "pose"):
                setattr(self, command, not getattr(self, command))
            elif command == "pause":
                self.paused = not self.paused
            elif command == "overlay":
                self.overlay = not self.overlay and self.can_overlay
            elif command == "record":
                self.recording = not self.recording
            elif command == "detector":
                self.shown = (self.shown + 1) % self.victims
            elif command == "snapshot":
                self._snapshots += 1
            elif command in ("more", "less"):
                self._steps += STEP if command == "more" else -STEP
            elif command == "quit":
                self.stopping = True
            else:
                return False
            return True

    def snapshot_wanted(self) -> bool:
        """Whether to take one now; asks once."""
        with self._lock:
            wanted, self._snapshots = self._snapshots > 0, 0
            return wanted

    def moved(self, confidence: float) -> float:
        """The threshold after the steps that were asked for."""
        with self._lock:
            steps, self._steps = self._steps, 0.0
        return min(max(round(confidence + steps, 4), 0.01), 0.99) if steps else confidence
