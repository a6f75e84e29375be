"""Twenty labelled photos of ImageNet from the package foolbox, read without importing it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from physadv.core.errors import MissingExtra
from physadv.library.files.of_packages import folder_of_package


@dataclass(frozen=True)
class LabelledFile:
    """A picture on disk."""

    path: Path
    label: int  # into imagenet_names()


def imagenet_names() -> tuple[str, ...]:
    """ImageNet's 1000, as torchvision spells them."""
    from torchvision.models import ResNet18_Weights

    return tuple(ResNet18_Weights.DEFAULT.meta["categories"])


def imagenet20() -> list[LabelledFile]:
    """The photos, in the order of their names, which end in the class. Raises :class:`MissingExtra` without foolbox."""
    package = folder_of_package("foolbox")
    files = sorted((package / "data").glob("imagenet_*_*.jpg")) if package else []
    if not files:
        raise MissingExtra(
            "imagenet20 needs the photos that come with the package foolbox: pip install --no-deps foolbox "
            '(all data of the lecture: pip install "physadv[lecture]")'
        )
    return [LabelledFile(file, int(file.stem.rpartition("_")[2])) for file in files]
