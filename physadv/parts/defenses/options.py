"""Options of defences. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from physadv.core.errors import BadOption


@dataclass
class NoDefenseConfig:
    pass


@dataclass
class JpegConfig:
    quality: int = 50  # of the file, in percent: 1 to 100


def check_jpeg(config: JpegConfig) -> None:
    """Refuse a quality that no encoder has."""
    if not 1 <= config.quality <= 100:
        raise BadOption(f"defense.quality of jpeg must be from 1 to 100, got {config.quality}")


@dataclass
class BitsConfig:
    bits: int = 4  # a channel: 1 to 8; the paper takes 4 and 5 for photographs


def check_bits(config: BitsConfig) -> None:
    """Refuse bits that no picture has."""
    if not 1 <= config.bits <= 8:
        raise BadOption(f"defense.bits of bits must be from 1 to 8, as pictures have 8 a channel, got {config.bits}")


@dataclass
class MedianConfig:
    size_px: int = 3  # of the square window, odd


def check_median(config: MedianConfig) -> None:
    """Refuse a window without a centre."""
    if config.size_px < 3 or config.size_px % 2 == 0:
        raise BadOption(f"defense.size_px of median must be 3, 5, 7 …: a window has a centre, got {config.size_px}")


@dataclass
class TvConfig:
    weight: float = 0.05  # the larger, the smoother
    steps: int = 10  # projections, all of the same cost


def check_tv(config: TvConfig) -> None:
    """Refuse to smooth by nothing."""
    for option, value in (("weight", config.weight), ("steps", config.steps)):
        if value <= 0:
            raise BadOption(f"defense.{option} of tv must be positive, got {value:g}")


@dataclass
class LgsConfig:
    threshold: float = 0.1  # of a window's mean gradient, above which it is smoothed
    strength: float = 2.3  # the paper's lambda: by how much a gradient darkens


def check_lgs(config: LgsConfig) -> None:
    """Refuse a threshold that a mean cannot pass, and light in place of darkness."""
    if not 0 <= config.threshold < 1:
        raise BadOption(f"defense.threshold of lgs must be from 0 to below 1, got {config.threshold:g}")
    if config.strength < 0:
        raise BadOption(f"defense.strength of lgs must not be negative, got {config.strength:g}")


@dataclass
class ResizePadConfig:
    largest: float = 1.107  # canvas over picture: 331 over 299 in the paper
    padding: float = 0.0  # grey around the picture; the paper takes black
    seed: int = 0  # of the draws by picture when it is judged


def check_resize_pad(config: ResizePadConfig) -> None:
    """Refuse a canvas on which there is nothing to draw, and greys beyond white."""
    if not 1 < config.largest <= 4:
        raise BadOption(f"defense.largest of resize-pad must be above 1 and at most 4, got {config.largest:g}")
    if not 0 <= config.padding <= 1:
        raise BadOption(f"defense.padding of resize-pad is a grey from 0 to 1, got {config.padding:g}")


@dataclass
class ChromaConfig:
    low: float = 0.09  # score of 3 x 3 blocks that .5 % of 720 clean photos' blocks exceed, shrunk to 416 px
    high: float = 0.125  # that 10 % of them exceed somewhere; a patch holds a score as high
    clean: str = ""  # folder of photos without patches, on which both are set anew
    clean_px: int = 416  # to which the longer side of those is shrunk: as large as the pictures to be defended


@dataclass
class EntropyConfig:
    low: float = 2.491  # nats, as of chroma; at most log 16
    high: float = 2.585
    clean: str = ""
    clean_px: int = 416


@dataclass
class ReconstructConfig:
    weights: str = ""  # a .safetensors file of `physadv train defense`; empty: the built-in weights
    low: float | None = None  # score of 3 x 3 blocks from which they are masked; empty: as stored with the weights
    high: float | None = None  # that a patch reaches somewhere; empty: as stored with the weights
    clean: str = ""  # folder of photos without patches, on which both are set anew
    clean_px: int = 416  # to which the longer side of those is shrunk: as large as the pictures to be defended


@dataclass
class SegmentConfig:
    weights: str = ""
    low: float | None = None
    high: float | None = None
    clean: str = ""
    clean_px: int = 416


def check_thresholds(name: str, low: float, high: float, clean_px: int) -> None:
    """Refuse thresholds of a localiser that are not ``0 < low <= high``, and photos without pixels."""
    if not 0 < low <= high:
        raise BadOption(f"defense.low and defense.high of {name} must be 0 < low <= high, got {low:g} and {high:g}")
    if clean_px < 1:
        raise BadOption(f"defense.clean_px of {name} must be at least 1, got {clean_px}")
