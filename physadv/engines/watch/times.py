"""How long frames take while a run watches them."""

from __future__ import annotations

import statistics
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any


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
