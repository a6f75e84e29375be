"""How long a frame takes with and without a defence: taken in turns, so that a busy machine slows all of them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from physadv.core.protocols import Victim

ROUNDS = 11  # of which the median counts


@dataclass(frozen=True)
class Latency:
    """Of one frame, from picture to decisions."""

    ms: float
    ratio: float  # to the first victim that was timed, the bare one

    @property
    def words(self) -> str:
        """ "31.2 ms, × 1.15"."""
        return f"{self.ms:.3g} ms, × {self.ratio:.2f}"


@torch.no_grad()
def latencies(victims: Sequence[Victim], image: Tensor, rounds: int = ROUNDS) -> list[Latency]:
    """Of every victim on ``image`` ``(1,3,H,W)``; ratios to the first one, round by round, their median."""
    for victim in victims:
        _asked_s(victim, image)  # warms up
    times = [[_asked_s(victim, image) for victim in victims] for _ in range(rounds)]
    return [
        Latency(
            1000 * statistics.median(row[place] for row in times),
            statistics.median(row[place] / row[0] for row in times),
        )
        for place in range(len(victims))
    ]


def _asked_s(victim: Victim, image: Tensor) -> float:
    _wait(image)
    begun = time.perf_counter()
    victim.decide(victim.outputs(image))
    _wait(image)
    return time.perf_counter() - begun


def _wait(image: Tensor) -> None:
    if image.is_cuda:
        torch.cuda.synchronize(image.device)
