"""Options of goals and of penalties. Imports no torch."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from physadv.core.errors import BadOption
from physadv.core.reach import OPENS


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
class ImpersonateConfig(AlterConfig):
    """``to`` is the name of an enrolled person, and must be given."""

    to: str = ""  # the enrolled person that the face shall be taken for


@dataclass
class ConjureConfig:
    to: str = "person"  # label of the object that shall appear where the patch is
    lift_above: float = 0.7  # score that shall be reached


@dataclass
class TotalVariationConfig:
    weight: float = 0.1  # of the mean absolute difference of neighbouring texels (noise 0.33, a photo 0.03)


@dataclass
class NonPrintabilityConfig:
    weight: float = 0.0  # of the mean distance to the nearest ink (random colours: 0.19); a baseline, so off
    inks: int = 30  # printable colours, spread over a measured printing condition


@dataclass
class ProofResidualConfig:
    weight: float = (
        0.0  # of the mean distance between asked and printed colour (pure green 0.57); off, as ink is rendered
    )


def check_impersonate(config: ImpersonateConfig) -> None:
    """Raise :class:`BadOption` where nobody is named."""
    if not config.to:
        raise BadOption("goal=impersonate needs the name of an enrolled person: give goal.to=NAME.")


@dataclass
class LikenessConfig:
    weight: float = 0.0  # of the mean difference to the artwork (black against white: 1.5); off
    artwork: str = field(default="", metadata=OPENS)  # the picture that the print shall look like, stretched to it


def check_weight(name: str, weight: float) -> None:
    """Raise :class:`BadOption` for a weight that is negative or not finite."""
    if not (weight >= 0 and math.isfinite(weight)):
        raise BadOption(f"penalties.{name}.weight must be 0 or more, got {weight}.")
