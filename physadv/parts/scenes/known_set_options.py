"""Options of the labelled sets that need no download. Importing this never imports torch."""

from __future__ import annotations

from dataclasses import dataclass, field

from physadv.core.errors import BadOption

SPLITS = ("val", "train", "all")


@dataclass
class DigitScenesConfig:
    """Handwritten digits, white on black."""

    split: str = "val"  # val (never trained on), train or all
    only: list[str] = field(default_factory=list)  # only these digits: [3,7]; empty = all ten
    limit: int = 0  # use at most this many pictures, as many of each digit as of any other; 0 = all
    label: str = ""  # the digit that wears the patch, where a patch is asked for; empty = every picture


@dataclass
class ImageNet20Config:
    """Twenty photos, squares of one size."""

    size_px: int = 224  # side that the photos are stretched to
    limit: int = 0  # use at most this many; 0 = all
    label: str = ""  # the class that wears the patch, where a patch is asked for; empty = every picture


def check_digit_scenes(config: DigitScenesConfig) -> None:
    """Raise :class:`BadOption` for an option that cannot be."""
    if config.split not in SPLITS:
        raise BadOption(f"scenes.split must be one of {', '.join(SPLITS)}; got {config.split!r}")
    odd = [name for name in config.only if name not in tuple("0123456789")]
    if odd:
        raise BadOption(f"scenes.only names digits, such as [3,7]; got {', '.join(map(repr, odd))}")
    _check_limit(config.limit)


def check_imagenet20(config: ImageNet20Config) -> None:
    """Raise :class:`BadOption` for an option that cannot be."""
    if not 32 <= config.size_px <= 2048:
        raise BadOption(f"scenes.size_px must lie within 32 and 2048, got {config.size_px}")
    _check_limit(config.limit)


def _check_limit(limit: int) -> None:
    if limit < 0:
        raise BadOption(f"scenes.limit must not be negative, got {limit}")
