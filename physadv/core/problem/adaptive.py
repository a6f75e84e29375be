"""An attacker who knows the defence: what it looks for enters the loss, and what it draws is averaged over.

Nothing in an attack's loop changes for that; see Athalye et al. 2018 (arXiv:1802.00420) on why nothing less will do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace

import torch

from physadv.core.defended import defended_in
from physadv.core.problem.objective import Disturbance, Member


def adaptive(member: Member, evasion_weight: float = 1.0) -> Member:
    """The member as one attacks it who knows its defences; itself where the victim has none.

    While the patch is optimised, random defences draw anew for every picture of every step; ``evasion_weight`` (λ)
    times what the defences look for is added to the goal's loss.
    """
    behind = defended_in(member.victim)
    if behind is None:
        return member
    disturbed = _all_of([behind.drawing, *([member.disturbed] if member.disturbed else [])])
    return replace(member, evasion=behind.evasion, evasion_weight=evasion_weight, disturbed=disturbed)


def _all_of(disturbances: list[Disturbance]) -> Disturbance:
    @contextmanager
    def disturbed(generator: torch.Generator) -> Iterator[None]:
        with ExitStack() as stack:
            for one in disturbances:
                held: AbstractContextManager[None] = one(generator)
                stack.enter_context(held)
            yield

    return disturbed
