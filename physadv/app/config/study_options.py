"""Options of the studies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from physadv.app.config.schema import RunConfig
from physadv.engines.studies.options import MaskingConfig
from physadv.engines.studies.theories.options import EffortConfig, StudyData


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


@dataclass
class TheoriesConfig(RunConfig):
    """Options of every study of a theory."""

    data: StudyData = StudyData.digits  # pictures to learn from: digits (8 x 8), mnist (28 x 28, extra lecture)
    effort: EffortConfig = field(default_factory=EffortConfig)


@dataclass
class StudyConfig(TheoriesConfig):
    name: str = "study"  # for folder and page
    study: str = ""  # which one: the word behind "study"


@dataclass
class StudyAllConfig(TheoriesConfig):
    name: str = "lecture"  # for folder and page
    only: list[str] = field(default_factory=list)  # these studies and no others; empty: all
