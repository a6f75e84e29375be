"""Observers of a loop over images are told its steps."""

from __future__ import annotations

import time
from collections.abc import Iterable
from types import TracebackType

from torch import Tensor

from physadv.core.protocols import Observer
from physadv.core.types import Step


class Telling:
    """Started once, a step every so many, ended once, also when the loop is stopped."""

    def __init__(self, observers: Iterable[Observer], total: int, every: int = 1) -> None:
        """``total`` steps of the loop at most; observers are told each ``every``\\ th."""
        self.observers, self.total, self.every = list(observers), -(-total // every), every
        self._begun = time.perf_counter()

    def __enter__(self) -> Telling:
        for observer in self.observers:
            observer.started(self.total, 0)
        return self

    def step(self, index: int, losses: Tensor, success: Tensor) -> None:
        """The loop's step from 0, the losses of the images it asked about, and which of all fool by now."""
        if index % self.every:
            return
        seconds, self._begun = time.perf_counter() - self._begun, time.perf_counter()
        loss = losses.double().mean().item() if len(losses) else 0.0
        step = Step(index // self.every, self.total, loss, success.double().mean().item(), seconds, {"goal": loss})
        for observer in self.observers:
            observer.stepped(step)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for observer in self.observers:
            observer.ended()
