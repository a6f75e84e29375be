"""A victim made of another one: counted, limited, seen as a detector, defended."""

from __future__ import annotations

from typing import Generic

from torch import nn
from typing_extensions import TypeVar

from physadv.core.access import AccessLevel, Task
from physadv.core.protocols import Victim

Inner = TypeVar("Inner")
InnerDecision = TypeVar("InnerDecision")


class Wrapped(Generic[Inner, InnerDecision]):
    """Says of itself what the victim inside says; ``outputs``, ``decide`` and ``to`` are the subclass's own."""

    def __init__(self, victim: Victim[Inner, InnerDecision]) -> None:
        self.victim = victim

    @property
    def name(self) -> str:
        return self.victim.name

    @property
    def labels(self) -> tuple[str, ...]:
        return self.victim.labels

    @property
    def task(self) -> Task:
        return self.victim.task

    @property
    def access(self) -> AccessLevel:
        return self.victim.access

    @property
    def confidence(self) -> float:
        return self.victim.confidence

    @property
    def digest(self) -> str:
        return self.victim.digest

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        return self.victim.networks
