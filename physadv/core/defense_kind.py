"""Kinds of defences: each says how it is to be attacked. Imports no torch, so that options can name them."""

from __future__ import annotations

from enum import StrEnum


class DefenseKind(StrEnum):
    """The way in which a defence protects, from which the adaptive attack on it follows."""

    smooth = "smooth"
    """A filter with an exact gradient: the attack goes through it."""
    quantising = "quantising"
    """A filter of steps: real forward; backward the gradient of a surrogate, or straight through."""
    localising = "localising"
    """Finds patches and removes them: hard mask forward, soft mask backward, and a term that evades the search."""
    random = "random"
    """Draws anew for every picture: the attack averages over draws, the judgement over fresh ones."""
    alarm = "alarm"
    """Reports that there is an attack: the attack has to be silent, too."""
    certified = "certified"
    """Proves some of its answers: attacks only test the proof."""
    temporal = "temporal"
    """Remembers frames: the attack is optimised on clips, with the memory in the loop."""

    @property
    def exact(self) -> bool:
        """Whether its gradient agrees with finite differences."""
        return self is DefenseKind.smooth
