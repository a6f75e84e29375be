"""What the attacker can want of a detector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from physadv.core.hookspecs import Entry, hookimpl

if TYPE_CHECKING:
    from physadv.core.protocols import Goal


@dataclass
class HideConfig:
    overlap: float = 0.2  # IoU with the object from which a candidate box counts in the loss
    iou: float = 0.5  # IoU with the object from which a detection counts as finding it
    push_below: float = 0.1  # score under which a candidate no longer matters to the loss


@dataclass
class AlterConfig:
    to: str = ""  # label the object shall be taken for; empty: any other than its own
    overlap: float = 0.2  # IoU with the object from which a candidate box counts in the loss
    iou: float = 0.5  # IoU with the object from which a detection counts as being about it
    push_below: float = 0.1  # score the true label shall fall under
    lift_above: float = 0.7  # score the wrong label shall rise over


@dataclass
class ConjureConfig:
    to: str = "person"  # label of the object that shall appear where the patch is
    lift_above: float = 0.7  # score that shall be reached


def _hide(config: HideConfig) -> Goal:
    from physadv.parts.goals.detection import Hide

    return Hide(config)


def _alter(config: AlterConfig) -> Goal:
    from physadv.parts.goals.detection import Alter

    return Alter(config)


def _conjure(config: ConjureConfig) -> Goal:
    from physadv.parts.goals.detection import Conjure

    return Conjure(config)


@hookimpl
def physadv_goals() -> list[Entry[Any, Goal]]:
    return [
        Entry("hide", HideConfig, _hide, "the detector overlooks the object", "Thys et al. 2019, arXiv:1904.08653"),
        Entry(
            "alter", AlterConfig, _alter, "the detector takes the object for something else",
            "Eykholt et al. 2018, arXiv:1707.08945",
        ),
        Entry(
            "conjure", ConjureConfig, _conjure, "the detector reports an object that is not there",
            "Song et al. 2018, arXiv:1807.07769",
        ),
    ]  # fmt: skip
