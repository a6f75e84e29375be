"""Scenes of photos with annotations of any format: one label wears the patch."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from physadv.core.errors import BadInput, BadOption
from physadv.library.placement.object_sizes import object_height_mm
from physadv.library.placement.objects import PhotoObject, dressing
from physadv.parts.scenes.annotated import AnnotatedPhotos
from physadv.parts.scenes.at_distance import at_distance
from physadv.parts.scenes.category_names import label_among
from physadv.parts.scenes.checked import CheckedPhoto, checked
from physadv.parts.scenes.marked import Annotation, MarkedPhoto, MarkedSet
from physadv.parts.scenes.masks import Masks, masks_in
from physadv.parts.scenes.options import MarkedConfig
from physadv.parts.scenes.photo_estimates import Reading
from physadv.parts.scenes.photos import PhotoStore
from physadv.parts.scenes.remarks import shortened

logger = logging.getLogger(__name__)


def marked_scenes(config: MarkedConfig, marked: MarkedSet) -> AnnotatedPhotos:
    """Check the annotations against the photos, and dress the chosen label.

    Raises :class:`BadOption` for masks together with resampled distances.
    """
    label = label_among(config.label, marked.categories, str(marked.source))
    tall_mm = object_height_mm(config.label, config.object_height_mm)
    wear = dressing(config.label, tall_mm, config.min_height_px, config.wear_on)
    reading = Reading(config.field_of_view_deg, config.relight, config.match_camera)
    photos = sorted(checked(replace(marked, photos=_chosen(marked, label, config.limit))), key=lambda one: one.name)
    _tell_counts(photos, marked, config.limit)
    store = PhotoStore(
        [one.file for one in photos], config.long_side_px, config.memory_mb,
        [one.name for one in photos], [one.size_px for one in photos],
    )  # fmt: skip
    things = [[_thing(mark, label) for mark in one.marks] for one in photos]
    if not config.distance_m:
        masks = _masks(config, store, photos, label)
        return AnnotatedPhotos(store, things, marked.categories, wear, reading, masks)
    if config.masks:
        raise BadOption("masks belong to photos as they are: leave out scenes.masks, or scenes.distance_m.")
    distant, placed = at_distance(
        store, things, config.distance_m, tall_mm, config.field_of_view_deg, config.memory_mb, config.label
    )
    return AnnotatedPhotos(distant, placed, marked.categories, wear, reading)


def _tell_counts(photos: Sequence[CheckedPhoto], marked: MarkedSet, limit: int) -> None:
    """Log the counts that are normal and still good to know."""
    bare = [one.name for one in photos if not one.marks]
    if bare:
        logger.info("%s: %d of %d photos show no object: %s", marked.source, len(bare), len(photos), shortened(bare))
    rest = [] if limit else marked.files.unlisted({one.file for one in photos})
    if rest:
        logger.info("%s does not list %d photo(s) of the folder: %s", marked.source, len(rest), shortened(rest))


def _thing(mark: Annotation, label: int) -> PhotoObject:
    return PhotoObject(mark.box_xyxy_px, mark.category, mark.category == label and not mark.crowd, mark.crowd)


def _chosen(marked: MarkedSet, label: int, limit: int) -> tuple[MarkedPhoto, ...]:
    """All photos; with a limit, those with the label first so that few photos still show it."""
    if not marked.photos:
        raise BadInput(f"{marked.source} lists no images. Choose another annotation file.")
    if limit < 0:
        raise BadOption(f"limit must not be negative, got {limit}. 0 takes all images.")
    if not limit:
        return marked.photos
    with_label = {photo.name for photo in marked.photos if any(mark.category == label for mark in photo.marks)}
    names = {photo.name for photo in marked.photos}
    taken = set(sorted(names, key=lambda name: (name not in with_label, name))[:limit])
    return tuple(photo for photo in marked.photos if photo.name in taken)


def _masks(config: MarkedConfig, store: PhotoStore, photos: Sequence[CheckedPhoto], label: int) -> Masks | None:
    """Of every image in which something may wear the patch; from ``root`` where it has such a folder."""
    if not config.masks:
        return None
    within = Path(config.root) / config.masks
    folder = within if within.is_dir() else Path(config.masks)
    wearing = [index for index, one in enumerate(photos) if any(_thing(mark, label).may_wear for mark in one.marks)]
    return Masks(store, masks_in(folder, store, wearing))
