"""Goals and penalties of a plugin, looked at while they judge."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from physadv.app.guards.calls import Owner
from physadv.core.protocols import Goal, Penalty
from physadv.core.types import Candidates, Detections, PatchImage, SceneBatch


class GuardedGoal:
    """The goal itself, but its losses and verdicts are checked: shapes, types, device, finite."""

    def __init__(self, goal: Goal, owner: Owner) -> None:
        self._goal, self._owner = goal, owner

    @property
    def target(self) -> str | None:
        """The label that shall be reported. Raises :class:`BrokenPart` when it is no text."""
        made: Any = self._owner.call("target", lambda: self._goal.target)
        self._owner.require(
            made is None or isinstance(made, str), "target", f"must be a label or None, got {made!s:.80}"
        )
        return made  # type: ignore[no-any-return]

    def bound(self, labels: tuple[str, ...]) -> GuardedGoal:
        made: Any = self._owner.call("bound", self._goal.bound, labels)
        self._owner.require(hasattr(made, "achieved"), "bound", f"gives {type(made).__name__} where a goal is due")
        return GuardedGoal(made, self._owner)

    def loss(self, outputs: Candidates, scene: SceneBatch) -> Tensor:
        """``(B,)``. Raises :class:`BrokenPart` when it has another shape, or is nan."""
        made = self._owner.call("loss", self._goal.loss, outputs, scene)
        self._owner.check_tensor("loss", "losses", made, (len(scene.keys),), outputs.scores)
        if self._owner.due("loss", made):
            self._owner.check_finite("loss", "losses", made.detach())
        return made

    def achieved(self, decisions: tuple[Detections, ...], scene: SceneBatch) -> Tensor:
        """``(N,)`` bool. Raises :class:`BrokenPart` when it has another shape or type."""
        made: Any = self._owner.call("achieved", self._goal.achieved, decisions, scene)
        fine = isinstance(made, Tensor) and made.dtype == torch.bool and tuple(made.shape) == (len(scene.labels),)
        got = f"{tuple(made.shape)} {made.dtype}" if isinstance(made, Tensor) else type(made).__name__
        self._owner.require(fine, "achieved", f"gives {got} where one bool an object, ({len(scene.labels)},), is due")
        return made  # type: ignore[no-any-return]


class GuardedPenalty:
    """The penalty itself, but its value is checked: one finite number."""

    def __init__(self, penalty: Penalty, owner: Owner) -> None:
        self._penalty, self._owner = penalty, owner
        owner.require(isinstance(penalty.name, str) and bool(penalty.name), "name", "must be text")

    @property
    def name(self) -> str:
        return self._penalty.name

    def __call__(self, patch: PatchImage) -> Tensor:
        """A scalar. Raises :class:`BrokenPart` when it is none, or nan."""
        made = self._owner.call("__call__", self._penalty, patch)
        self._owner.check_tensor("__call__", "a value", made, (), patch.srgb)
        if self._owner.due("__call__", made):
            self._owner.check_finite("__call__", "values", made.detach())
        return made
