"""The ``portraits`` scene: pictures of people whose names are known, with a print on face or shirt.

The object is the face as a finder boxes it, its label the person's name; the print is placed by the landmarks.
"""

from __future__ import annotations

import logging
from pathlib import Path

import torch

from physadv.core.errors import BadInput, BadOption
from physadv.library.faces.face import Face, FaceFinder
from physadv.library.faces.people import people_in
from physadv.library.faces.wear import check_worn_on, surface
from physadv.library.placement.objects import PatchPlacement, PhotoObject
from physadv.parts.scenes.annotated import AnnotatedPhotos
from physadv.parts.scenes.options import PortraitsConfig
from physadv.parts.scenes.photo_estimates import Reading
from physadv.parts.scenes.photos import PhotoStore
from physadv.parts.scenes.remarks import shortened

logger = logging.getLogger(__name__)


def build_portraits(config: PortraitsConfig) -> AnnotatedPhotos:
    """Find the faces with YuNet's file. Raises :class:`BadOption` where folder or file are not given."""
    if not config.finder:
        raise BadOption("scenes=portraits needs an .onnx file of YuNet, which finds faces: give scenes.finder=…")
    from physadv.library.faces.yunet import YuNetFinder

    return portraits(config, YuNetFinder(Path(config.finder)))


def portraits(config: PortraitsConfig, finder: FaceFinder) -> AnnotatedPhotos:
    """The scenes, with the largest face of each picture as its person's.

    Pictures without a face are told and left out. Raises :class:`BadInput` where none is left.
    """
    if not config.root:
        raise BadOption("scenes=portraits needs scenes.root: a folder with a subfolder of pictures a person.")
    check_worn_on(config.wear_on)
    if not config.eye_distance_mm > 0:
        raise BadOption(f"scenes.eye_distance_mm must be positive, got {config.eye_distance_mm:g}.")
    people = people_in(Path(config.root), "scenes.root")
    files = [(path, person) for person, (_, paths) in enumerate(people.items()) for path in paths]
    store = PhotoStore([path for path, _ in files], config.long_side_px, config.memory_mb, _names(files, config))
    names, empty = tuple(people), []
    things: list[list[PhotoObject]] = []
    for index, (path, person) in enumerate(files):
        faces = finder.find(store[index].float() / 255)
        if not faces:
            empty.append(path.name)
            things.append([])
            continue
        largest = max(faces, key=lambda face: face.eye_distance_px)
        worn = not config.label or names[person] == config.label
        things.append([_thing(largest, person, config, store, index, may_wear=worn)])
    if len(empty) == len(files):
        raise BadInput(f"{finder.name} finds no face in any of the {len(files)} pictures of {config.root!r}.")
    if empty:
        logger.warning("%s finds no face in %d picture(s): %s", finder.name, len(empty), shortened(empty))
    wear = PatchPlacement(config.label or "face", 190.0, 0.0)
    return AnnotatedPhotos(store, things, names, wear, Reading(config.field_of_view_deg, config.relight,
                                                               config.match_camera))  # fmt: skip


def _names(files: list[tuple[Path, int]], config: PortraitsConfig) -> list[str]:
    root = Path(config.root)
    return [str(path.relative_to(root)) for path, _ in files]


def _thing(
    face: Face, person: int, config: PortraitsConfig, store: PhotoStore, index: int, *, may_wear: bool
) -> PhotoObject:
    """In pixels of the file as stored, which is what scenes take."""
    (height, width), (tall, wide) = store.sizes_px[index], store.original_px[index]
    across, down = wide / width, tall / height
    left, top, right, bottom = face.box_xyxy_px.tolist()
    grow = torch.tensor([[across, 0, (across - 1) / 2], [0, down, (down - 1) / 2], [0, 0, 1]], dtype=torch.float64)
    placed = grow @ surface(face, config.wear_on, config.eye_distance_mm) if may_wear else None
    box = (left * across, top * down, right * across, bottom * down)
    return PhotoObject(box, person, may_wear, image_from_surface=placed)
