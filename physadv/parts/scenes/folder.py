"""Bare photos. Where the patch goes comes from measured surfaces, or from what a detector sees in the clean photo."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch

from physadv.core.errors import BadInput, BadOption
from physadv.core.labels import index_of
from physadv.core.scene_protocols import Detect, SceneSource
from physadv.core.types import SceneBatch
from physadv.library.placement.object_sizes import object_height_mm
from physadv.library.placement.objects import PatchPlacement, PhotoObject, dressing
from physadv.parts.scenes.annotated import AnnotatedPhotos
from physadv.parts.scenes.folder_photos import photos_in, without_doubles
from physadv.parts.scenes.masks import Masks
from physadv.parts.scenes.options import FolderConfig
from physadv.parts.scenes.photo_estimates import Reading
from physadv.parts.scenes.photos import PhotoStore
from physadv.parts.scenes.quads import read_quads


class FolderScenes:
    """Photos whose objects are not known yet. It has a length; scenes come from :meth:`with_objects`."""

    def __init__(self, photos: PhotoStore, dressing: PatchPlacement, reading: Reading) -> None:
        self._photos = photos
        self._dressing = dressing
        self._reading = reading

    def __len__(self) -> int:
        return len(self._photos)

    def with_objects(self, detect: Detect, label_names: tuple[str, ...]) -> AnnotatedPhotos:
        """Look at every photo once; what ``detect`` reports are the objects from then on.

        Raises :class:`BadOption` where the detector does not know the label.
        """
        wearer = index_of(self._dressing.label, label_names)
        if wearer is None:
            raise BadOption(
                f"the detector does not know {self._dressing.label!r}, so it cannot say where the patch goes. "
                f"It knows: {', '.join(label_names)}. Choose one with scenes.label=…, or another victim"
            )
        things = [self._seen(index, detect, wearer) for index in range(len(self._photos))]
        return AnnotatedPhotos(self._photos, things, label_names, self._dressing, self._reading)

    def batches(self, size: int, generator: torch.Generator) -> Iterator[SceneBatch]:
        """Refused: nobody has said where the objects are."""
        raise BadInput(self._unknown())

    def sweep(self, size: int, skip: int = 0) -> Iterator[SceneBatch]:
        """Refused: nobody has said where the objects are."""
        raise BadInput(self._unknown())

    def split(self, share: float, seed: int) -> tuple[SceneSource, SceneSource]:
        """Refused: nobody has said where the objects are."""
        raise BadInput(self._unknown())

    def _unknown(self) -> str:
        return (
            f"nothing says where the objects are in the {len(self)} photos of {str(self._photos.paths[0].parent)!r}. "
            "Give quads, or let a detector look first."
        )

    def _seen(self, index: int, detect: Detect, wearer: int) -> list[PhotoObject]:
        boxes, labels = detect(self._photos[index].float() / 255)
        (height, width), (tall, wide) = self._photos.original_px[index], self._photos.sizes_px[index]
        back = torch.tensor([width / wide, height / tall] * 2, dtype=torch.float64)
        return [
            PhotoObject((left, top, right, bottom), label, label == wearer)
            for (left, top, right, bottom), label in zip(
                (boxes.cpu().double() * back).tolist(), labels.tolist(), strict=True
            )
        ]


def build_folder(config: FolderConfig) -> FolderScenes | AnnotatedPhotos:
    """The photos of a folder, with their measured surfaces where a quads file is given.

    Raises :class:`BadOption` without a folder, or for a negative limit.
    """
    if not config.root:
        raise BadOption("folder scenes need scenes.root: a folder of photos.")
    if config.limit < 0:
        raise BadOption(f"limit must not be negative, got {config.limit}. 0 takes all photos.")
    listed = photos_in(Path(config.root))
    reading = Reading(config.field_of_view_deg, config.relight, config.match_camera)
    if config.quads:
        return _measured(config, listed, reading)
    paths = without_doubles(listed, Path(config.root))[: config.limit or None]
    store = PhotoStore(paths, config.long_side_px, config.memory_mb)
    height_mm = object_height_mm(config.label, config.object_height_mm)
    return FolderScenes(store, dressing(config.label, height_mm, config.min_height_px, config.wear_on), reading)


def _measured(config: FolderConfig, listed: list[Path], reading: Reading) -> AnnotatedPhotos:
    """Photos with the surfaces of a quads file; with a limit, those that have one come first."""
    things, masks = read_quads(Path(config.quads), listed)
    with_surface = {path for path, found in zip(listed, things, strict=True) if found}
    paths = without_doubles(listed, Path(config.root), with_surface)
    paths = sorted(sorted(paths, key=lambda path: path not in with_surface)[: config.limit or None])
    rows = [listed.index(path) for path in paths]
    store = PhotoStore(paths, config.long_side_px, config.memory_mb)
    worn = dressing(config.label, 1.0, config.min_height_px)
    shown = Masks(store, {place: masks[row] for place, row in enumerate(rows)})
    return AnnotatedPhotos(store, [things[row] for row in rows], (config.label,), worn, reading, shown)
