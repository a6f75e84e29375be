"""A victim of a plugin, looked at while it works."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from physadv.app.guards.answers import check_decisions, check_gradient, check_outputs
from physadv.app.guards.calls import Owner
from physadv.core.access import AccessLevel, Task
from physadv.core.protocols import Victim


class GuardedVictim:
    """The victim itself, but what it returns is checked: types, shapes, device, ranges, gradient."""

    def __init__(self, victim: Victim[Any, Any], owner: Owner) -> None:
        self._victim, self._owner = victim, owner
        labels = owner.call("labels", lambda: victim.labels)
        named = (
            isinstance(labels, tuple | list) and labels and all(isinstance(label, str) and label for label in labels)
        )
        owner.require(bool(named), "labels", f"must be names, got {labels!s:.80}")
        owner.require(
            isinstance(victim.name, str) and bool(victim.name), "name", f"must be text, got {victim.name!s:.80}"
        )
        confidence: Any = owner.call("confidence", lambda: victim.confidence)
        share = isinstance(confidence, float | int) and 0 <= confidence <= 1
        owner.require(share, "confidence", f"must lie within 0 and 1, got {confidence!s:.80}")
        _check_kind(victim, owner)
        owner.require(isinstance(victim.digest, str) and len(victim.digest) >= 8, "digest",
                      f"must be a hash of the weights, got {victim.digest!s:.80}")  # fmt: skip

    def __getattr__(self, name: str) -> Any:
        return getattr(self._victim, name)

    @property
    def name(self) -> str:
        return self._victim.name

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self._victim.labels)

    @property
    def task(self) -> Task:
        return self._victim.task

    @property
    def access(self) -> AccessLevel:
        return self._victim.access

    @property
    def confidence(self) -> float:
        return self._victim.confidence

    @property
    def digest(self) -> str:
        return self._victim.digest

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        return tuple(self._victim.networks)

    def outputs(self, images: Tensor) -> Any:
        """The victim's outputs for ``images`` ``(B,3,H,W)``. Raises :class:`BrokenPart` when they cannot be right."""
        made = self._owner.call("outputs", self._victim.outputs, images)
        values = check_outputs(self._owner, self.task, made, images, self.labels)
        if self.access is AccessLevel.gradients:
            check_gradient(self._owner, values, images)
        return made

    def decide(self, outputs: Any, confidence: float | None = None) -> Any:
        """The victim's decisions. Raises :class:`BrokenPart` when they cannot be right."""
        made: Any = self._owner.call("decide", self._victim.decide, outputs, confidence)
        images = len(outputs.scores if self.task is Task.detection else outputs.logits)
        return check_decisions(self._owner, self.task, made, images, self.labels)

    def to(self, device: torch.device | str) -> GuardedVictim:
        """The same victim on another device."""
        moved: Any = self._owner.call("to", self._victim.to, device)
        self._owner.require(moved is not None, "to", "gives None: it must return the victim")
        return self if moved is self._victim else GuardedVictim(moved, self._owner)


def _check_kind(victim: Victim[Any, Any], owner: Owner) -> None:
    """Check the victim's task, how much of it can be used, and what of it is torch's."""
    access, task, networks = (owner.call(name, getattr, victim, name) for name in ("access", "task", "networks"))
    owner.require(isinstance(access, AccessLevel), "access", f"must be an AccessLevel, got {access!s:.80}")
    owner.require(isinstance(task, Task), "task", f"must be a Task, got {task!s:.80}")
    modules = isinstance(networks, tuple | list) and all(isinstance(one, nn.Module) for one in networks)
    owner.require(modules, "networks", f"must be a tuple of torch modules, got {type(networks).__name__}")
