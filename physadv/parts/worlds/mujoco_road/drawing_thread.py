"""A thread in which all is drawn: an OpenGL context belongs to the thread that made it, a world to nobody."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

R = TypeVar("R")


class DrawingThread:
    """Does one thing after the other; who asks waits."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="drawing", daemon=True).start()

    def do(self, job: Callable[[], R]) -> R:
        """The result of ``job``; raises what it raises."""
        done: Future[R] = Future()
        self._jobs.put((job, done))
        return done.result()

    def _run(self) -> None:
        while True:
            job, done = self._jobs.get()
            try:
                done.set_result(job())
            except BaseException as error:  # noqa: BLE001 - belongs to who asked
                done.set_exception(error)
