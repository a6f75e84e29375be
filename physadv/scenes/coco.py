"""A folder of images with COCO annotations."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from physadv.errors import BadInput, BadOption
from physadv.labels import canonical, index_of
from physadv.scenes.annotated import AnnotatedPhotos
from physadv.scenes.coco_json import CocoFile, CocoImage, read_coco
from physadv.scenes.entries import CocoConfig
from physadv.scenes.heights import object_height_mm
from physadv.scenes.masks import Masks, masks_in
from physadv.scenes.photos import PhotoStore
from physadv.scenes.readings import Reading
from physadv.scenes.things import Thing, dressing


def build_coco(config: CocoConfig) -> AnnotatedPhotos:
    """Read the annotations, check them against the images, and dress the chosen label."""
    root = _root(config)
    path = Path(config.annotations) if config.annotations else root / "annotations.json"
    folder = Path(config.images) if config.images else root / "images"
    content = read_coco(path)
    label = label_among(config.label, content.categories, str(path))
    tall_mm = object_height_mm(config.label, config.object_height_mm)
    wear = dressing(config.label, tall_mm, config.min_height_px, config.wear_on)
    reading = Reading(config.field_of_view_deg, config.relight, config.match_camera)
    images = chosen(content, label, config.limit, path)
    store = PhotoStore(_files(images, folder), config.long_side_px, config.memory_mb)
    _compare_sizes(images, store, path)
    things = [
        [
            Thing(box.box_xyxy_px, box.category, box.category == label and not box.crowd, box.crowd)
            for box in image.boxes
        ]
        for image in images
    ]
    return AnnotatedPhotos(store, things, content.categories, wear, reading, _masks(config, store, things))


def _masks(config: CocoConfig, store: PhotoStore, things: list[list[Thing]]) -> Masks | None:
    """Of every image in which something may wear the patch; from ``root`` where it has such a folder."""
    if not config.masks:
        return None
    inside = Path(config.root) / config.masks
    folder = inside if inside.is_dir() else Path(config.masks)
    wanted = [index for index, found in enumerate(things) if any(thing.may_wear for thing in found)]
    return Masks(store, masks_in(folder, store, wanted))


def label_among(label: str, categories: tuple[str, ...], where: str) -> int:
    """The row of ``label``, whatever its spelling."""
    row = index_of(label, categories)
    if row is not None:
        return row
    near = get_close_matches(canonical(label), [canonical(name) for name in categories], n=1, cutoff=0.5)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise BadOption(f"label {label!r} is not a category of {where}.{hint} It has: {', '.join(categories) or 'none'}.")


def chosen(content: CocoFile, label: int, limit: int, path: Path) -> list[CocoImage]:
    """All images by name; with a limit, those with the label come first so that few images still show it."""
    if not content.images:
        raise BadInput(f"{path} lists no images. Choose another annotation file.")
    by_name = sorted(content.images, key=lambda image: image.file_name)
    if limit < 0:
        raise BadOption(f"limit must not be negative, got {limit}. 0 takes all images.")
    if not limit:
        return by_name
    return sorted(by_name, key=lambda image: all(box.category != label for box in image.boxes))[:limit]


def _root(config: CocoConfig) -> Path:
    if not config.root and not (config.annotations and config.images):
        raise BadOption("coco scenes need scenes.root: a folder with annotations.json and images/.")
    root = Path(config.root)
    if config.root and not root.is_dir():
        raise BadInput(f"no such folder: {config.root!r}. root must hold annotations.json and images/.")
    return root


def _files(images: list[CocoImage], folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise BadInput(f"no image folder {str(folder)!r}. Create it, or set images to where the images lie.")
    files = [_file(folder, image.file_name) for image in images]
    missing = [file for file in files if not file.is_file()]
    if missing:
        raise BadInput(
            f"{len(missing)} of {len(files)} annotated images are missing, the first is {str(missing[0])!r}. "
            "Add them, or remove them from the annotations."
        )
    return files


def _file(folder: Path, file_name: str) -> Path:
    """In the image folder, or beside it: some tools write names that begin with the folder's own."""
    inside, beside = folder / file_name, folder.parent / file_name
    return beside if not inside.is_file() and beside.is_file() else inside


def _compare_sizes(images: list[CocoImage], store: PhotoStore, path: Path) -> None:
    for image, file, size in zip(images, store.paths, store.original_px, strict=True):
        if image.size_px is not None and image.size_px != size:
            raise BadInput(
                f"{str(file)!r} is {size[1]}x{size[0]} pixels, but {path} annotates it as {image.size_px[1]}x"
                f"{image.size_px[0]}: its boxes would not fit. Use the images that were annotated."
            )
