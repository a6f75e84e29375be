"""How several victims make one objective. Imports no torch, so that the command line can name the choices."""

from __future__ import annotations

from enum import StrEnum


class Ensemble(StrEnum):
    """How the losses of several victims on one image become one."""

    weighted = "weighted"
    """Their weighted mean."""
    worst = "worst"
    """The largest of them times its weight: the victim that is fooled least."""
    rotate = "rotate"
    """One victim a step, in turn."""
    balanced = "balanced"
    """Their weighted mean, each one's gradient at the images first made as long as the others': none wins by scale."""
