"""The options of the group ``protocol``: how a patch is judged, so that numbers can be compared. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass, field

from physadv.core.errors import BadOption
from physadv.core.reach import STAYS


@dataclass
class ProtocolConfig:
    """One named way of judging. The presets in ``conf/protocol`` are named after the papers whose way they follow."""

    name: str = "physadv"  # of the way of judging
    version: int = 1  # raised whenever its numbers would change
    source: str = field(default="", metadata=STAYS)  # paper
    truth: str = "scenes"  # what is an object: scenes (as they say), or detections (each victim's own, without a patch)
    truth_confidence: float = 0.5  # score from which a clean detection is an object
    confidence: float = 0.0  # score from which a victim reports; 0: each victim's own operating point
    kept_from: float = 0.01  # reports scored lower do not enter average precision
    iou: float = 0.5  # overlap from which a report finds an object
    placement: str = "surface"  # surface: at its true size, where eot.place says; box: sized and placed by the box
    side: float = 0.2  # box: side of the patch as a share of side_of; of the square of equal area if it is not square
    side_of: str = "diagonal"  # box: its diagonal, height, width or longer side
    up: float = 0.0  # box: the patch's centre above the box's, as a share of its height
    digital: bool = False  # screen colours, nothing varies, no relighting: as papers judge that never print
    min_height_px: float = 0.0  # objects less tall do not count
    count: str = "seen"  # what can become a success: seen (the victim sees it without the patch) or all
    differs: list[str] = field(default_factory=list, metadata=STAYS)  # from the paper: one sentence each


_CHOICES = {
    "truth": ("scenes", "detections"),
    "placement": ("surface", "box"),
    "side_of": ("diagonal", "height", "width", "longer"),
    "count": ("seen", "all"),
}


def check(config: ProtocolConfig) -> None:
    """Raise :class:`BadOption` for what cannot be."""
    for name, choices in _CHOICES.items():
        if getattr(config, name) not in choices:
            raise BadOption(f"protocol.{name} must be one of {', '.join(choices)}; got {getattr(config, name)!r}")
    for name in ("truth_confidence", "confidence", "kept_from", "iou"):
        value = getattr(config, name)
        if not 0 <= value < 1:
            raise BadOption(f"protocol.{name} must be at least 0 and below 1, got {value:g}")
    for name, low, high in (("side", 0.001, 2.0), ("up", -10.0, 10.0), ("min_height_px", 0.0, 100_000.0)):
        value = getattr(config, name)
        if not low <= value <= high:  # nan is refused, too
            raise BadOption(f"protocol.{name} must be from {low:g} to {high:g}, got {value:g}")
    if config.truth == "detections" and config.placement != "box":
        raise BadOption(
            "protocol.truth=detections needs protocol.placement=box: a bare detection has no surface with a true size"
        )
