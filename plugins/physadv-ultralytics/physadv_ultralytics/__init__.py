"""Ultralytics detectors as victims. Importing this imports neither torch nor ultralytics."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from physadv.api import OPENS, TRUSTS, BadOption, Entry, hookimpl

if TYPE_CHECKING:  # it would import torch
    from physadv.api import Victim

physadv_api = 2
physadv_permissions = ("network", "downloads")  # published weights that are not here


@dataclass
class UltralyticsConfig:
    weights: str = field(default="", metadata=OPENS)  # a .pt file, a name such as yolo11n.pt, or random:yolo11n.yaml
    labels: str = ""  # .txt (a name a line) or .json (a list) with class names; empty = from the file
    size_px: int = 0  # longer side that images are scaled to; 0 = as it was trained, else 640
    confidence: float = 0.25  # scores above this are reported
    nms_free: bool = True  # YOLOv10 and YOLO26: the head that needs no suppression; false = the other one
    iou: float = 0.7  # overlap above which the weaker of two boxes is dropped, where there is suppression
    top: int = 300  # boxes reported at most
    trust: bool = field(default=False, metadata=TRUSTS)  # load a .pt that holds more than a network: it can run code
    seed: int = 0  # of random weights


def _build(config: UltralyticsConfig) -> Victim:
    for name in ("confidence", "iou"):
        if not 0 <= getattr(config, name) <= 1:
            raise BadOption(f"victim.{name} must be within 0 and 1, got {getattr(config, name)}")
    if config.size_px < 0 or config.top < 1:
        raise BadOption(f"victim.size_px and victim.top must be positive, got {config.size_px} and {config.top}")
    if not config.weights:
        raise BadOption("victim ultralytics needs victim.weights=: a .pt file, yolo11n.pt, or random:yolo11n.yaml")
    from physadv_ultralytics.victim import build

    return build(config)


@hookimpl
def physadv_victims() -> Iterable[Entry[Any, Victim]]:
    """Offer the victim as ``victim=ultralytics``."""
    summary = "YOLOv8, v9, v10, YOLO11, 12 and 26 of ultralytics, from a .pt, a name or untrained"
    return [Entry("ultralytics", UltralyticsConfig, _build, summary, "github.com/ultralytics/ultralytics")]
