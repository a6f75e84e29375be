"""Options of the face recogniser. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, field

from physadv.core.errors import BadOption
from physadv.core.reach import OPENS


@dataclass
class RecogniserConfig:
    network: str = field(default="", metadata=OPENS)  # an .onnx file that makes a vector of a face
    gallery: str = field(default="", metadata=OPENS)  # folder of people: a subfolder a person, or NAME.jpg
    finder: str = field(default="", metadata=OPENS)  # the .onnx file of YuNet, which finds faces and landmarks
    threshold: float = 1.1  # distance of unit vectors up to which two faces are one person's; a cosine of 1 - d² / 2
    size_px: int = 112  # side of the square that faces are cut out to, landmarks where ArcFace has them
    mean: float = 0.5  # pixels are (x - mean) / std, of sRGB in 0 to 1
    std: float = 0.5
    bgr: bool = False  # the network takes blue, green, red


def check_recogniser(config: RecogniserConfig) -> None:
    """Raise :class:`BadOption` for what is missing, or cannot be."""
    for name, what in (("network", "an .onnx file that makes vectors of faces"),
                       ("gallery", "a folder with a subfolder of pictures a person"),
                       ("finder", "an .onnx file of YuNet, which finds faces")):  # fmt: skip
        if not getattr(config, name):
            raise BadOption(f"victim=recogniser needs {what}: give victim.{name}=…")
    if not config.threshold > 0 or not config.std > 0:
        raise BadOption(f"victim.threshold and victim.std must be positive, got {config.threshold}, {config.std}")
    if not 16 <= config.size_px <= 1024:
        raise BadOption(f"victim.size_px must be from 16 to 1024, got {config.size_px}")
