"""Minimisers that know one function each, run side by side so that a network answers all of them in one batch."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from queue import Queue
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Vector: TypeAlias = NDArray[np.float64]
Function = Callable[[Vector], tuple[float, Vector]]
"""A point → the value there and the gradient."""

Minimiser = Callable[[int, Function], Vector]
"""Which of them it is, and its function → where that is smallest."""

Batch = Callable[[NDArray[np.int64], Vector], tuple[Vector, Vector]]
"""Which of them ask ``(b,)``, and their points ``(b,n)`` → values ``(b,)`` and gradients ``(b,n)``."""


class _Stopped(Exception):
    """The others have failed, or the user has had enough."""


def minimised(count: int, minimise: Minimiser, batch: Batch) -> list[Vector]:
    """Run ``minimise`` for 0 … ``count`` - 1 at once; ``batch`` answers when all that still run have asked.

        minimiser 0:  ask ─┐          ┌─ go on, ask ─┐           ┌─ …
        minimiser 1:  ask ─┼─ batch ─ ┼─ done        │           │
        minimiser 2:  ask ─┘          └─ go on, ask ─┴─ batch ─ ─┴─ …

    So the batches, and with them the results, are the same each time. ``batch`` runs in the calling thread.
    """
    inbox: Queue[tuple[int, Vector | None]] = Queue()  # a point, or nothing more
    answers: list[Queue[tuple[float, Vector] | None]] = [Queue() for _ in range(count)]

    def asked(index: int, point: Vector) -> tuple[float, Vector]:
        inbox.put((index, point))
        if (answer := answers[index].get()) is None:
            raise _Stopped
        return answer

    def work(index: int) -> Vector:
        try:
            return minimise(index, partial(asked, index))
        finally:
            inbox.put((index, None))

    with ThreadPoolExecutor(max(1, count)) as threads:
        ends = [threads.submit(work, index) for index in range(count)]
        try:
            _answer(count, inbox, answers, batch)
        finally:
            for answer in answers:
                answer.put(None)
    return [end.result() for end in ends]


def _answer(
    running: int,
    inbox: Queue[tuple[int, Vector | None]],
    answers: list[Queue[tuple[float, Vector] | None]],
    batch: Batch,
) -> None:
    waiting: dict[int, Vector] = {}
    while running:
        index, point = inbox.get()
        if point is None:
            running -= 1
        else:
            waiting[index] = point
        if waiting and len(waiting) == running:
            order = sorted(waiting)
            values, slopes = batch(np.array(order), np.stack([waiting.pop(index) for index in order]))
            for index, value, slope in zip(order, values, slopes, strict=True):
                answers[index].put((float(value), slope))
