"""The ``classes`` scene: pictures for classifiers. Each is one scene, and its one object is the whole picture."""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from physadv.core.errors import BadInput, BadOption
from physadv.core.labels import canonical, index_of
from physadv.library.files.images import load_srgb
from physadv.library.files.label_names import read_names
from physadv.library.placement.object_sizes import UNKNOWN_MM, usual_height_mm
from physadv.library.placement.objects import PhotoObject, dressing, facing_the_camera
from physadv.parts.scenes.annotated import AnnotatedPhotos
from physadv.parts.scenes.class_arrays import Arrays, read_arrays
from physadv.parts.scenes.folder_photos import pictures_among, without_doubles
from physadv.parts.scenes.options import ClassesConfig, check_classes
from physadv.parts.scenes.photo_estimates import Reading
from physadv.parts.scenes.photos import size_px
from physadv.parts.scenes.pictures import FittedPictures, Hw
from physadv.parts.scenes.remarks import shortened

logger = logging.getLogger(__name__)

SIDE_PX = 224  # of pictures of unequal size, unless the user says


@dataclass(frozen=True)
class ClassPictures:
    """Pictures with a class each."""

    keys: Sequence[str]  # unique
    classes: Sequence[int]  # into names
    names: tuple[str, ...]
    stored_px: Callable[[int], Hw]  # height and width
    read: Callable[[int], Tensor]  # (3,H,W) sRGB in [0, 1]


def build_classes(config: ClassesConfig) -> AnnotatedPhotos:
    """Read what there is, choose, and let the label wear the patch."""
    check_classes(config)
    root = Path(config.root)
    return scenes_of(
        _from_arrays(root, config) if root.suffix.lower() == ".npz" else _from_folders(root, config), config
    )


def scenes_of(found: ClassPictures, config: ClassesConfig) -> AnnotatedPhotos:
    """Those of the pictures that are asked for, each one object."""
    wearer = _wearer(config.label, found.names)
    chosen = _chosen(found.classes, wearer, config.limit)
    stored = [found.stored_px(index) for index in chosen]
    pictures = FittedPictures(
        [found.keys[index] for index in chosen], lambda place: found.read(chosen[place]), stored,
        side_px=_side_px(config, stored), stretch=config.fit == "stretch", memory_mb=config.memory_mb,
    )  # fmt: skip
    things = [
        [_thing(pictures.sizes_px[place], found.classes[index], wearer, found.names, config)]
        for place, index in enumerate(chosen)
    ]
    _tell_unknown_heights(found.names if wearer is None else (found.names[wearer],), config)
    reading = Reading(config.field_of_view_deg, config.relight, config.match_camera)
    return AnnotatedPhotos(pictures, things, found.names, dressing(config.label, UNKNOWN_MM, 0.0), reading)


def _from_folders(root: Path, config: ClassesConfig) -> ClassPictures:
    """``root/CLASS/**/picture``; classes are numbered in the order of their names (torchvision's ``ImageFolder``)."""
    if not root.is_dir():
        raise BadInput(f"no folder or .npz file {str(root)!r}. scenes.root holds one sub-folder of pictures per class.")
    if config.names:
        raise BadOption("scenes.names is for a .npz; the sub-folders of a folder are the names. Leave it out.")
    folders = sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not folders:
        raise BadInput(f"no sub-folders in {str(root)!r}. Put the pictures of each class into a folder of its name.")
    paths: list[Path] = []
    for folder in folders:
        inside = pictures_among(sorted(p for p in folder.rglob("*") if not p.name.startswith(".")), folder)
        if not inside:
            logger.warning("%s holds no pictures and is left out", folder)
        paths += inside
    if not paths:
        raise BadInput(f"no pictures in the sub-folders of {str(root)!r}. Put JPEG or PNG files there.")
    paths = without_doubles(paths, root)
    names = [folder.name for folder in folders]
    classes = [names.index(path.relative_to(root).parts[0]) for path in paths]
    return ClassPictures(
        [path.relative_to(root).as_posix() for path in paths], classes, tuple(names),
        lambda index: size_px(paths[index]), lambda index: load_srgb(paths[index]),
    )  # fmt: skip


def _from_arrays(path: Path, config: ClassesConfig) -> ClassPictures:
    arrays = read_arrays(path, read_names(config.names, "scenes.names"))
    kept = _each_once(arrays, path)
    return ClassPictures(
        [arrays.keys[index] for index in kept], [arrays.classes[index] for index in kept], arrays.names,
        lambda place: arrays.size_px, lambda place: arrays.rgb_u8[kept[place]].permute(2, 0, 1).float() / 255,
    )  # fmt: skip


def _each_once(arrays: Arrays, path: Path) -> list[int]:
    """The first of equal pictures: it must neither count twice nor be judged on after it was optimised on."""
    seen: dict[bytes, int] = {}
    doubles = []
    for index, picture in enumerate(arrays.rgb_u8.numpy()):
        first = seen.setdefault(hashlib.sha256(picture.tobytes()).digest(), index)
        if first != index:
            other = "" if arrays.classes[first] == arrays.classes[index] else " of another class"
            doubles.append(f"{arrays.keys[index]} = {arrays.keys[first]}{other}")
    if doubles:
        logger.warning("%s: %d picture(s) are there twice and count once: %s", path, len(doubles), shortened(doubles))
    return list(seen.values())


def _wearer(label: str, names: tuple[str, ...]) -> int | None:
    """The class that wears the patch; ``None`` when all do."""
    if not label:
        return None
    row = index_of(label, names)
    if row is None:
        more = f", … ({len(names)} in all)" if len(names) > 12 else ""
        raise BadOption(f"there is no class {label!r} here. There are: {', '.join(names[:12])}{more}.")
    return row


def _chosen(classes: Sequence[int], wearer: int | None, limit: int) -> list[int]:
    """All, or with a limit those of the label first, else as many of each class as of any other."""
    if not limit:
        return list(range(len(classes)))
    seen: dict[int, int] = defaultdict(int)
    ranks = []
    for index, number in enumerate(classes):
        first = seen[number] if wearer is None else int(number != wearer)
        ranks.append((first, number if wearer is None else 0, index))
        seen[number] += 1
    return sorted(index for *_, index in sorted(ranks)[:limit])


def _side_px(config: ClassesConfig, stored: Sequence[Hw]) -> int:
    if config.size_px or len(set(stored)) == 1:
        return config.size_px
    logger.info("the pictures are of unequal size; all are brought to %d px (scenes.size_px)", SIDE_PX)
    return SIDE_PX


def _thing(size: Hw, number: int, wearer: int | None, names: tuple[str, ...], config: ClassesConfig) -> PhotoObject:
    box = (0.0, 0.0, float(size[1]), float(size[0]))
    tall_mm = config.object_height_mm or usual_height_mm(names[number]) or UNKNOWN_MM
    surface = facing_the_camera(box, tall_mm / config.fills)
    return PhotoObject(box, number, wearer is None or number == wearer, image_from_surface=surface)


def _tell_unknown_heights(names: Sequence[str], config: ClassesConfig) -> None:
    unknown = [] if config.object_height_mm else [name for name in names if usual_height_mm(name) is None]
    if unknown:
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        logger.info(
            "how tall is a %r%s? Taken as %g mm; set scenes.object_height_mm",
            canonical(unknown[0]), more, UNKNOWN_MM,
        )  # fmt: skip
