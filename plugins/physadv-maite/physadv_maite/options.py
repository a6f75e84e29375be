"""Options and their checks, free of torch and of MAITE."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from physadv.api import TRUSTS, BadOption

RANGES = ("0-1", "0-255")
SCORES = ("probabilities", "logits")


@dataclass
class MaiteVictimConfig:
    model: str = field(default="", metadata=TRUSTS)  # an advertised name, or module:Class; its code is run
    arguments: list[str] = field(default_factory=list, metadata=TRUSTS)  # of the class, as name:value
    input_range: str = ""  # of the pictures that it takes: 0-1 (float32) or 0-255 (uint8). MAITE does not say
    labels: list[str] = field(default_factory=list)  # names of its classes, where its metadata has none
    confidence: float = 0.5  # scores above this are reported


@dataclass
class MaiteClassifierConfig:
    model: str = field(default="", metadata=TRUSTS)  # an advertised name, or module:Class; its code is run
    arguments: list[str] = field(default_factory=list, metadata=TRUSTS)  # of the class, as name:value
    input_range: str = ""  # of the pictures that it takes: 0-1 (float32) or 0-255 (uint8). MAITE does not say
    scores: str = ""  # probabilities or logits: what it answers. MAITE does not say
    labels: list[str] = field(default_factory=list)  # names of its classes, where its metadata has none
    confidence: float = 0.0  # the best class is reported when its probability reaches this


@dataclass
class MaiteScenesConfig:
    dataset: str = field(default="", metadata=TRUSTS)  # an advertised name, or module:Class; its code is run
    arguments: list[str] = field(default_factory=list, metadata=TRUSTS)  # of the class, as name:value
    input_range: str = ""  # of its pictures: 0-1 or 0-255. MAITE does not say
    labels: list[str] = field(default_factory=list)  # names of its classes, where its metadata has none
    label: str = ""  # the class that wears the patch
    object_height_mm: float = 0.0  # how tall such an object is
    min_height_px: float = 24.0  # smaller objects do not wear it
    limit: int = 0  # use at most this many pictures; 0 = all


@dataclass
class MaitePicturesConfig:
    dataset: str = field(default="", metadata=TRUSTS)  # an advertised name, or module:Class; its code is run
    arguments: list[str] = field(default_factory=list, metadata=TRUSTS)  # of the class, as name:value
    input_range: str = ""  # of its pictures: 0-1 or 0-255. MAITE does not say
    labels: list[str] = field(default_factory=list)  # names of its classes, where its metadata has none
    label: str = ""  # the class whose pictures wear a patch; empty: all
    object_height_mm: float = 1000.0  # how tall what a picture shows is; for patches alone
    limit: int = 0  # use at most this many pictures; 0 = all


@dataclass
class MaiteDefenseConfig:
    augmentation: str = field(default="", metadata=TRUSTS)  # an advertised name, or module:Class; its code is run
    arguments: list[str] = field(default_factory=list, metadata=TRUSTS)  # of the class, as name:value
    input_range: str = ""  # of the pictures that it takes: 0-1 or 0-255. MAITE does not say


def arguments_of(option: str, said: Iterable[str]) -> dict[str, Any]:
    """``["size:3", "path:weights.pt"]`` as keyword arguments; values are read as YAML. Raises :class:`BadOption`."""
    from omegaconf import OmegaConf
    from yaml import YAMLError

    read = {}
    for one in said:
        name, colon, value = one.partition(":")
        if not (colon and name.strip().isidentifier()):
            raise BadOption(f"{option} lists name:value, such as [size:3], got {one!r}")
        try:
            typed = OmegaConf.from_dotlist([f"value={value.strip()}"])  # knows 1e-6 for a number
        except YAMLError as error:
            raise BadOption(f"{option}: the value of {one!r} cannot be read. Put quotes around it") from error
        plain = OmegaConf.to_container(typed, resolve=False)
        read[name.strip()] = plain["value"]
    return read


def check_named(option: str, name: str) -> None:
    """Raise :class:`BadOption` for an empty name."""
    if not name:
        raise BadOption(f"{option} is missing: module:Class, or a name that `python -m physadv_maite` lists")


def check_range(option: str, said: str) -> None:
    """Raise :class:`BadOption` unless the range is said: a wrong guess would look like a detector that sees nothing."""
    if said not in RANGES:
        raise BadOption(f"{option} must be {' or '.join(RANGES)}, got {said!r}. MAITE's models and data do not tell it")


def check_victim(config: MaiteVictimConfig | MaiteClassifierConfig) -> None:
    """Raise :class:`BadOption` for what cannot be."""
    check_named("victim.model", config.model)
    check_range("victim.input_range", config.input_range)
    if not 0 <= config.confidence <= 1:
        raise BadOption(f"victim.confidence must be within 0 and 1, got {config.confidence}")


def check_classifier(config: MaiteClassifierConfig) -> None:
    """Raise :class:`BadOption` for what cannot be."""
    check_victim(config)
    if config.scores not in SCORES:
        raise BadOption(f"victim.scores must be {' or '.join(SCORES)}, got {config.scores!r}. MAITE allows both")


def check_scenes(config: MaiteScenesConfig) -> None:
    """Raise :class:`BadOption` for what cannot be."""
    check_named("scenes.dataset", config.dataset)
    check_range("scenes.input_range", config.input_range)
    if not config.label or not config.object_height_mm > 0:
        raise BadOption("scenes maite needs scenes.label= (what wears the patch) and scenes.object_height_mm= above 0")
    if config.limit < 0 or config.min_height_px < 1:
        raise BadOption("scenes.limit must not be negative, and scenes.min_height_px must be at least 1")


def check_pictures(config: MaitePicturesConfig) -> None:
    """Raise :class:`BadOption` for what cannot be."""
    check_named("scenes.dataset", config.dataset)
    check_range("scenes.input_range", config.input_range)
    if config.limit < 0 or not config.object_height_mm > 0:
        raise BadOption("scenes.limit must not be negative, and scenes.object_height_mm must be above 0")
