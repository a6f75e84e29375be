"""A folder of images with COCO annotations."""

from __future__ import annotations

from pathlib import Path

from physadv.core.errors import BadInput, BadOption
from physadv.parts.scenes.annotated import AnnotatedPhotos
from physadv.parts.scenes.coco_json import read_coco
from physadv.parts.scenes.marked_scenes import marked_scenes
from physadv.parts.scenes.options import CocoConfig
from physadv.parts.scenes.photo_files import PhotoFiles

NAMES = ("annotations.json", "_annotations.coco.json")
"""Where annotations lie in a folder: ours, and Roboflow's."""

_OTHER_FORMATS = (("data.yaml", "yolo"), ("dataset.yaml", "yolo"), ("labels", "yolo"), ("Annotations", "voc"))


def build_coco(config: CocoConfig) -> AnnotatedPhotos:
    """Read the annotations, check them against the images, and dress the chosen label.

    Raises :class:`BadInput` where the image folder is missing.
    """
    root = _root(config)
    path = Path(config.annotations) if config.annotations else annotations_in(root)
    folders = [Path(config.images)] if config.images else folders_of(root)
    if not folders[0].is_dir():
        raise BadInput(f"no image folder {str(folders[0])!r}. Create it, or set images to where the images lie.")
    return marked_scenes(config, read_coco(path, PhotoFiles(folders, path)))


def annotations_in(root: Path) -> Path:
    """The annotation file of a data set's folder; the first name where there is none, for the complaint.

    Raises :class:`BadInput` where files of other names or kinds lie there.
    """
    found = next((root / name for name in NAMES if (root / name).is_file()), None)
    if found is not None:
        return found
    for name, scenes in _OTHER_FORMATS:
        if (root / name).exists():
            raise BadInput(f"no {NAMES[0]} in {str(root)!r}, but {name!r}: read it with scenes={scenes}.")
    listed = sorted(path.name for path in root.glob("*.json"))
    if listed:
        raise BadInput(
            f"no {' or '.join(NAMES)} in {str(root)!r}. It holds {', '.join(listed[:3])}: name one with "
            "scenes.annotations=FILE."
        )
    return root / NAMES[0]


def folders_of(root: Path) -> list[Path]:
    """Where the photos lie: ``images/`` or, as Roboflow's exports have them, beside the annotations."""
    images = root / "images"
    return [images, root] if images.is_dir() else [root]


def _root(config: CocoConfig) -> Path:
    if not config.root and not (config.annotations and config.images):
        raise BadOption("coco scenes need scenes.root: a folder with annotations.json and images/.")
    root = Path(config.root)
    if config.root and not root.is_dir():
        raise BadInput(f"no such folder: {config.root!r}. root must hold annotations.json and images/.")
    return root
