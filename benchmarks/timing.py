"""CPU time of several jobs in turns, so that all of them meet the same machine."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping


def timed(jobs: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median process time of each job in seconds, interleaved, after one round of warming up."""
    runs: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds + 1):
        for name, job in jobs.items():
            begun = time.process_time()
            job()
            runs[name].append(time.process_time() - begun)
    return {name: statistics.median(times[1:]) for name, times in runs.items()}
