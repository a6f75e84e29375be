"""Options of the studies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from physadv.app.config.schema import RunConfig
from physadv.engines.studies.options import MaskingConfig


@dataclass
class StudyMaskingConfig(RunConfig):
    name: str = "masking"  # of the study, for folder and page
    scenes: Any = field(default_factory=dict)
    victim: Any = field(default_factory=dict)
    victims: list[Any] = field(default_factory=list)  # several: part names, ONNX paths, or {part: ..., option: ...}
    defense: Any = field(default_factory=dict)
    defenses: list[Any] = field(default_factory=list)  # several: part names, {part: ..., option: ...}, chains (a+b)
    goal: Any = field(default_factory=dict)
    audit: MaskingConfig = field(default_factory=MaskingConfig)
