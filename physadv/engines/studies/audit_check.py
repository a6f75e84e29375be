"""The values of an audit: its checks with their verdicts, and how far each attack came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from physadv.core.types import Score


class CheckVerdict(StrEnum):
    """The answer of one check."""

    sound = "sound"
    flagged = "flagged"
    untold = "untold"
    """It cannot be told here, and the words say why."""


@dataclass(frozen=True)
class AuditCheck:
    """One check of an audit: its figure beside the threshold, and what that means."""

    name: str
    asks: str  # the question in plain words
    measured: str  # name of the figure
    figure: float | None  # None where nothing could be measured
    threshold: float
    at_least: bool  # the figure of a sound victim reaches the threshold, or does not exceed it
    verdict: CheckVerdict
    words: str  # the answer, and what to do about it
    details: Mapping[str, float] = field(default_factory=dict)

    @property
    def bound(self) -> str:
        """The threshold in words."""
        return f"{'at least' if self.at_least else 'at most'} {self.threshold:g}"


@dataclass(frozen=True)
class AttackOutcome:
    """How far an attack came."""

    name: str
    success: Score  # share of objects
    loss_left: float  # mean over pictures, as a share of the loss without attack
    eps: float
    trace: tuple[float, ...] = ()  # mean loss before every step

    def ahead_of(self, other: AttackOutcome) -> float:
        """By what share it is better than another one: in success by two objects or more, or in what is left of the
        loss; negative where it is worse.
        """
        gained = self.success.value - other.success.value
        by_success = gained if abs(gained) * self.success.n >= 2 - 1e-6 else 0.0
        by_loss = other.loss_left - self.loss_left
        return max(by_success, by_loss)


@dataclass(frozen=True)
class MaskingAudit:
    """The audit of one victim."""

    victim: str
    digest: str
    objects: int
    pictures: int
    checks: tuple[AuditCheck, ...]
    attacks: tuple[AttackOutcome, ...]
    seconds: float

    @property
    def flagged(self) -> tuple[AuditCheck, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.verdict is CheckVerdict.flagged)

    @property
    def headline(self) -> str:
        """The overall verdict in a sentence or two."""
        told = [check for check in self.checks if check.verdict is not CheckVerdict.untold]
        if not self.flagged:
            return (
                f"No sign of masked gradients on {self.victim}: {len(told)} of {len(self.checks)} checks could be "
                "made, and all are sound. That proves no robustness, but attacks with gradients mean something here."
            )
        names = ", ".join(check.name for check in self.flagged)
        return (
            f"The gradients of {self.victim} cannot be trusted: {len(self.flagged)} of {len(told)} checks failed "
            f"({names}). What attacks with gradients say of its robustness is void."
        )
