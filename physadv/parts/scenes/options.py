"""Options of the scenes. Imports no torch."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from physadv.core.errors import BadOption


@dataclass
class RoadConfig:
    """A road in metres, seen by a pinhole camera; one sign in every picture wears the patch."""

    sign: str = "stop"  # who wears the patch: stop, speed-limit, yield, warning, crosswalk or traffic-light
    images: int = 320  # pictures in the fixed sweep; judging takes its share of them
    seed: int = 0  # of the fixed sweep
    width_px: int = 640  # picture width
    height_px: int = 384  # picture height
    field_of_view_deg: float = 50.0  # horizontal
    camera_height_m: list[float] = field(default_factory=lambda: [1.2, 1.6])  # above the road
    distance_m: list[float] = field(default_factory=lambda: [4.0, 40.0])  # camera to sign, log-uniform
    yaw_deg: list[float] = field(default_factory=lambda: [-45.0, 45.0])  # 0 faces the camera; triangular, peak halfway
    roll_deg: list[float] = field(
        default_factory=lambda: [-4.0, 4.0]
    )  # a sign that leans; the camera rolls a quarter of it
    lateral_m: list[float] = field(default_factory=lambda: [1.2, 5.0])  # sign right of the camera, kept in view
    mount_height_m: list[float] = field(default_factory=lambda: [1.6, 2.8])  # sign centre above the road, kept in view
    exposure_ev: list[float] = field(default_factory=lambda: [-1.0, 0.5])  # 0: white in full light is just white
    temperature_k: list[float] = field(default_factory=lambda: [4500.0, 8500.0])  # of the light, 6500 is neutral
    distractors: list[int] = field(default_factory=lambda: [0, 2])  # other signs, which never wear the patch
    blur_px: list[float] = field(default_factory=lambda: [0.4, 0.8])  # standard deviation of the optics
    noise: list[float] = field(default_factory=lambda: [0.002, 0.012])  # read and shot noise, in linear light at white


@dataclass
class MarkedConfig:
    """Options that all photos with annotations take."""

    root: str = ""  # folder of the data set
    masks: str = ""  # folder, e.g. in root, of a PNG per image, of its name: black where something is in front
    label: str = "person"  # the category that wears the patch, in any spelling
    object_height_mm: float = 0.0  # how tall such an object is; 0 = the usual height of its label
    min_height_px: float = 0.0  # objects smaller than this in the shrunk image neither wear the patch nor count
    wear_on: str = "object"  # object: about the middle of its box; torso: on the chest of a person, or below a face
    field_of_view_deg: float = 60.0  # across the longer side; an assumption: phones see 65 to 75, webcams 60 to 90
    relight: bool = True  # read the light on the object off the photo; false: a white patch is pasted at full white
    match_camera: bool = True  # read the photo's blur and noise off it, for the patch to have them too
    long_side_px: int = 640  # larger images are shrunk to this when read
    distance_m: list[float] = field(
        default_factory=list
    )  # [nearest, farthest]: photos resampled so that the object is as tall as from there; empty = as they are
    limit: int = 0  # use at most this many images, those with the label first; 0 = all
    memory_mb: int = 1024  # decoded images are kept up to this much


@dataclass
class CocoConfig(MarkedConfig):
    """A folder of images with COCO annotations; every object of one label wears the patch."""

    root: str = ""  # folder with images/ and annotations.json, or with photos and _annotations.coco.json
    annotations: str = ""  # the annotation file, where it is not in root
    images: str = ""  # the image folder, where it is not in root


@dataclass
class YoloConfig(MarkedConfig):
    """A YOLO data set: data.yaml, images/ and labels/ of text files; every object of one label wears the patch."""

    root: str = ""  # folder with data.yaml, that file itself, or a folder with images/ and labels/
    split: str = ""  # a part that data.yaml names: train, val or test; empty = all parts together
    names: Any = ""  # class names where no data.yaml or classes.txt says them: a list, or a file with one a line


@dataclass
class VocConfig(MarkedConfig):
    """A Pascal VOC data set: one XML file per photo; every object of one label wears the patch."""

    root: str = ""  # folder with Annotations/ and JPEGImages/, or with each XML file beside its photo
    split: str = ""  # a part, as ImageSets/Main/NAME.txt lists it; empty = all


@dataclass
class FolderConfig:
    """Bare photos: surfaces measured by hand, or objects as a detector sees them in the clean photo."""

    root: str = ""  # folder of photos
    quads: str = (
        ""  # JSON file: photo → corners (TL, TR, BR, BL in px), width_mm, height_mm, mask; empty = a detector looks
    )
    label: str = "person"  # what wears the patch
    object_height_mm: float = 0.0  # how tall such an object is; 0 = the usual height of its label
    min_height_px: float = 0.0  # objects smaller than this in the shrunk photo neither wear the patch nor count
    wear_on: str = "object"  # object: about the middle of its box; torso: on the chest of a person, or below a face
    field_of_view_deg: float = 60.0  # across the longer side; an assumption: phones see 65 to 75, webcams 60 to 90
    relight: bool = True  # read the light on the object off the photo; false: a white patch is pasted at full white
    match_camera: bool = True  # read the photo's blur and noise off it, for the patch to have them too
    long_side_px: int = 640  # larger photos are shrunk to this when read
    limit: int = 0  # use at most this many photos; 0 = all
    memory_mb: int = 1024  # decoded photos are kept up to this much


@dataclass
class PortraitsConfig:
    """People by name: a subfolder a person. The print lies on face or shirt, placed by the landmarks."""

    root: str = ""  # folder with a subfolder of pictures a person, or pictures called NAME.jpg
    finder: str = ""  # the .onnx file of YuNet, which finds faces and landmarks
    wear_on: str = "glasses"  # glasses, forehead, or shirt: what the print's middle lies on
    label: str = ""  # the person who wears it; empty = everybody
    eye_distance_mm: float = 63.0  # between the middles of the eyes, which gives the scale
    field_of_view_deg: float = 60.0  # across the longer side; an assumption, which flat prints do not feel
    relight: bool = True  # read the light on the face off the picture; false: a white patch is pasted at full white
    match_camera: bool = True  # read the picture's blur and noise off it, for the patch to have them too
    long_side_px: int = 640  # larger pictures are shrunk to this when read
    memory_mb: int = 1024  # decoded pictures are kept up to this much


@dataclass
class ClassesConfig:
    """Pictures for classifiers: each is one object, and wears the patch if it is of the label."""

    root: str = ""  # folder with one sub-folder of pictures per class, or a .npz with x (N,H,W,3) uint8 and y (N,)
    names: Any = ""  # class names of a .npz: a list or a file; empty = its array "names", else class0, class1, …
    label: str = ""  # the class that wears the patch; empty = every picture
    object_height_mm: float = 0.0  # how tall what fills the picture is; 0 = the usual height of its label, else 1 m
    fills: float = 1.0  # share of the picture's height that the object takes, about the middle
    size_px: int = 0  # side of the square that pictures are brought to; 0 = as they are if all are equal, else 224
    fit: str = "crop"  # how: crop (the middle part) or stretch
    field_of_view_deg: float = 60.0  # across the longer side; an assumption, which flat prints do not feel
    relight: bool = True  # read the light on the object off the picture; false: a white patch is pasted at full white
    match_camera: bool = True  # read the picture's blur and noise off it, for the patch to have them too
    limit: int = 0  # use at most this many pictures, those of the label first, else of all classes; 0 = all
    memory_mb: int = 1024  # decoded pictures are kept up to this much


def check_road(config: RoadConfig) -> None:
    """Raise :class:`BadOption` unless ranges are ordered and the picture is large enough to see something."""
    ranges = ("camera_height_m", "distance_m", "yaw_deg", "roll_deg", "lateral_m", "mount_height_m", "exposure_ev",
              "temperature_k", "distractors", "blur_px", "noise")  # fmt: skip
    for name in ranges:
        values = getattr(config, name)
        if len(values) != 2 or not -math.inf < values[0] <= values[1] < math.inf:
            raise BadOption(f"scenes.{name} must be [low, high] with low <= high, got {list(values)}.")
    if config.distance_m[0] < 1:
        raise BadOption(f"scenes.distance_m must start at 1 m or more, got {config.distance_m[0]}.")
    if max(abs(angle) for angle in config.yaw_deg) > 80:
        raise BadOption(f"scenes.yaw_deg must stay within ±80, got {list(config.yaw_deg)}.")
    for name, minimum in (("images", 1), ("width_px", 64), ("height_px", 64)):
        if getattr(config, name) < minimum:
            raise BadOption(f"scenes.{name} must be at least {minimum}, got {getattr(config, name)}.")
    if not 5 <= config.field_of_view_deg <= 120:
        raise BadOption(f"scenes.field_of_view_deg must be between 5 and 120, got {config.field_of_view_deg}.")


def check_classes(config: ClassesConfig) -> None:
    """Raise :class:`BadOption` for what cannot be."""
    if not config.root:
        raise BadOption(
            "classes scenes need scenes.root: a folder with one sub-folder of pictures per class, or a .npz."
        )
    if config.fit not in ("crop", "stretch"):
        raise BadOption(f"scenes.fit must be crop or stretch, got {config.fit!r}.")
    if not 0 < config.fills <= 1:
        raise BadOption(f"scenes.fills must lie in (0, 1], got {config.fills:g}. 1: the object fills the picture.")
    for name in ("size_px", "limit", "object_height_mm"):
        if getattr(config, name) < 0:
            raise BadOption(f"scenes.{name} must not be negative, got {getattr(config, name):g}.")
