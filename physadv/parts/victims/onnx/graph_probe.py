"""A graph's outputs for one image, and how they are read from then on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from torch import Tensor, nn

from physadv.parts.victims.conventions import Conventions
from physadv.parts.victims.onnx.facts import Facts
from physadv.parts.victims.onnx.graph_decoders import Hw

FACE = ("face",)


@dataclass(frozen=True)
class Probe:
    """A graph's outputs for one image, and what is known besides."""

    outputs: tuple[Tensor, ...]
    canvas_hw: Hw
    names: int | None  # how many classes the user or the file names
    output_names: tuple[str, ...] = ()
    facts: Facts = field(default_factory=Facts)
    operations: frozenset[str] = frozenset()
    constants: frozenset[str] = frozenset()  # names of inputs besides the image
    chosen: bool = False  # the user named the outputs, boxes first
    task: str = ""  # detect, segment, pose, obb, or unknown
    boxes: str = "auto"  # how four numbers are a box, where the user says so

    @property
    def shapes(self) -> str:
        """For messages."""
        names = self.output_names if len(self.output_names) == len(self.outputs) else ("",) * len(self.outputs)
        return ", ".join(f"{tuple(o.shape)} {n}".strip() for n, o in zip(names, self.outputs, strict=True))

    @property
    def suppresses(self) -> bool:
        """Whether suppression is inside."""
        return bool(suppressions(self.operations))


@dataclass(frozen=True)
class GraphLayout:
    """How to feed a graph and how to read it."""

    name: str
    reason: str
    classes: int
    conventions: Conventions
    decoder: nn.Module
    usual_names: tuple[str, ...] = ()  # of the classes, where detectors of this layout find one kind of thing
    doubt: str = ""  # what was taken for granted, and the option that says otherwise


def cell_count(canvas_hw: Hw, strides: Sequence[int]) -> int:
    """How many cells the maps of these strides have together."""
    return sum(math.prod(math.ceil(side / stride) for side in canvas_hw) for stride in strides)


def suppressions(operations: Iterable[str]) -> list[str]:
    """The operations among these that suppress doubles, ONNX's own or a runtime's (EfficientNMS_TRT)."""
    return sorted(name for name in operations if "nms" in name.lower() or "nonmaxsuppression" in name.lower())
