"""What a graph put out for one image, and how it is read from then on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from physadv.victims.conventions import Conventions
from physadv.victims.graph_decoders import Hw

FACE = ("face",)


@dataclass(frozen=True)
class Probe:
    """What a graph put out for one image, and what is known besides."""

    outputs: tuple[Tensor, ...]
    canvas_hw: Hw
    names: int | None  # how many classes the user or the file names

    @property
    def shapes(self) -> str:
        """For messages."""
        return ", ".join(str(tuple(output.shape)) for output in self.outputs)


@dataclass(frozen=True)
class Layout:
    """How to feed a graph and how to read it."""

    name: str
    reason: str
    classes: int
    conventions: Conventions
    decoder: nn.Module
    usual_names: tuple[str, ...] = ()  # of the classes, where detectors of this layout find one kind of thing


def cell_count(canvas_hw: Hw, strides: Sequence[int]) -> int:
    """How many cells the maps of these strides have together."""
    return sum(math.prod(math.ceil(side / stride) for side in canvas_hw) for stride in strides)
