"""Make the next items while the present one is used: decoding photos runs beside the detector's arithmetic."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")

WORKERS = min(4, os.cpu_count() or 1)


def made_ahead(make: Callable[[T], U], items: Sequence[T], workers: int = WORKERS) -> Iterator[U]:
    """``make(item)`` in order, at most ``workers`` of them made ahead of what was taken.

    What ``make`` raises is raised at its item's turn. Closing the iterator early ends its threads.
    """
    waiting = iter(items)
    pool = ThreadPoolExecutor(workers, thread_name_prefix="physadv-scenes")
    try:
        begun: deque[Future[U]] = deque(pool.submit(make, item) for item in islice(waiting, workers))
        while begun:
            made = begun.popleft().result()
            begun.extend(pool.submit(make, item) for item in islice(waiting, 1))
            yield made
    finally:
        pool.shutdown(cancel_futures=True)
