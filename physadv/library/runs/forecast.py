"""A run's forecast in words: its parts, how long each takes, and how much memory the process has had."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from physadv.core.errors import BadOption

MB = 1e6
MAX_PICTURES = 8  # of a batch on a CPU that are measured; more cost that much more


@contextmanager
def enough_memory(option: str) -> Iterator[None]:
    """Raise :class:`BadOption`, naming the ``option``, where a batch does not fit into the device's memory."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise BadOption(
            f"one batch does not fit into the memory of the device: choose a smaller {option} ({str(error)[:90]}…)"
        ) from error


def timed(act: Callable[[], object]) -> float:
    """Seconds that something takes."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def peak_memory(device: torch.device) -> str:
    """The most memory that this process has had so far, in words; "" where the system does not tell."""
    words = []
    if device.type == "cuda":
        words.append(f"{torch.cuda.max_memory_allocated(device) / MB:,.0f} MB on the device")
    if sys.platform != "win32":
        import resource

        unit = 1 if sys.platform == "darwin" else 1024
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
        words.append(f"{peak / MB:,.0f} MB of main memory")
    return " and ".join(words)


def duration(seconds: float) -> str:
    """As people say it: 8 s, 3 min 20 s, 5 h 10 min, 2 d 3 h."""
    if seconds < 9.95:
        return f"{seconds:.2g} s"
    whole = round(seconds)
    for large, big, small, little in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= large:
            rest = whole % large // small
            return f"{whole // large} {big}" + (f" {rest} {little}" if rest else "")
    return f"{whole} s"


@dataclass(frozen=True)
class Part:
    """One part of a run."""

    name: str
    seconds: float
    of: str  # what it consists of


@dataclass(frozen=True)
class Forecast:
    """Parts of a run, and how long each takes."""

    device: torch.device
    parts: tuple[Part, ...]
    whole: bool = True  # whether a whole batch was measured; memory grows with it

    @property
    def total_s(self) -> float:
        """All of it."""
        return sum(part.seconds for part in self.parts)

    def words(self) -> str:
        """One line."""
        count = torch.get_num_threads()
        threads = f" with {count} thread{'s' * (count > 1)}" if self.device.type == "cpu" else ""
        parts = [f"{part.name} {duration(part.seconds)}{f' ({part.of})' if part.of else ''}" for part in self.parts]
        memory = peak_memory(self.device)
        told = f"; {'' if self.whole else 'at least '}{memory}" if memory else ""
        return f"about {duration(self.total_s)} on {self.device}{threads}: {', '.join(parts)}{told}"
