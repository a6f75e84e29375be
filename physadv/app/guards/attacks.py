"""Attacks and observers of a plugin: what they raise is named; an observer that fails ends only itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from physadv.app.guards.calls import Owner
from physadv.app.guards.patches import check_image
from physadv.core.errors import BrokenPart
from physadv.core.problem.patch_problem import Attack, PatchProblem
from physadv.core.protocols import Checkpoints, Observer
from physadv.core.types import PatchImage, Step

logger = logging.getLogger(__name__)


class GuardedAttack:
    """The attack itself, but the patch it returns is checked."""

    def __init__(self, attack: Attack, owner: Owner) -> None:
        self._attack, self._owner = attack, owner
        needs: Any = owner.call("needs_gradient", lambda: attack.needs_gradient)
        owner.require(isinstance(needs, bool), "needs_gradient", f"must be True or False, got {needs!s:.80}")

    @property
    def needs_gradient(self) -> bool:
        return self._attack.needs_gradient

    def run(self, problem: PatchProblem, observers: Iterable[Observer], checkpoints: Checkpoints) -> PatchImage:
        """The optimised patch. Raises :class:`BrokenPart` when it cannot be printed."""
        made = self._owner.call("run", self._attack.run, problem, observers, checkpoints)
        check_image(self._owner, "run", made)
        return made


class GuardedObserver:
    """The observer itself; once it has failed it is no longer told anything, and the run goes on."""

    def __init__(self, observer: Observer, owner: Owner) -> None:
        self._observer, self._owner, self._failed = observer, owner, False

    def started(self, total: int, first: int) -> None:
        self._tell("started", lambda: self._observer.started(total, first))

    def stepped(self, step: Step) -> None:
        self._tell("stepped", lambda: self._observer.stepped(step))

    def ended(self) -> None:
        self._tell("ended", self._observer.ended)

    def _tell(self, method: str, call: Callable[[], None]) -> None:
        if self._failed:
            return
        try:
            self._owner.call(method, call)
        except BrokenPart as error:
            self._failed = True
            logger.warning("warning: %s. The run goes on without it", error)
