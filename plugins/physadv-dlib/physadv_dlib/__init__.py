"""dlib's recogniser for physadv. Importing this loads neither dlib nor torch."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from physadv.api import OPENS, BadOption, Entry, hookimpl

if TYPE_CHECKING:
    from physadv.api import SceneSource, Victim

physadv_api = 2
physadv_permissions = ()
SOURCE = "dlib.net/face_recognition.py.html"


@dataclass
class DlibConfig:
    gallery: str = field(default="", metadata=OPENS)  # folder of people: a subfolder a person, or NAME.jpg
    threshold: float = 0.6  # distance up to which two faces are one person's, as dlib advises


@dataclass
class DlibPortraitsConfig:
    """People by name, found by dlib: as scenes=portraits, without a file for the finder."""

    root: str = ""  # folder with a subfolder of pictures a person, or pictures called NAME.jpg
    wear_on: str = "glasses"  # glasses, forehead, or shirt: what the print's middle lies on
    label: str = ""  # the person who wears it; empty = everybody
    eye_distance_mm: float = 63.0  # between the middles of the eyes, which gives the scale
    relight: bool = True  # read the light on the face off the picture; false: a white patch is pasted at full white
    match_camera: bool = True  # read the picture's blur and noise off it, for the patch to have them too
    long_side_px: int = 640  # larger pictures are shrunk to this when read


def _build(config: DlibConfig, *, deployed: bool) -> Victim[Any, Any]:
    if not config.gallery:
        raise BadOption("this victim needs a folder with a subfolder of pictures a person: give victim.gallery=…")
    if not config.threshold > 0:
        raise BadOption(f"victim.threshold must be positive, got {config.threshold}")
    from physadv_dlib.victims import build

    return build(config, deployed=deployed)


def _build_deployed(config: DlibConfig) -> Victim[Any, Any]:
    return _build(config, deployed=True)


def _build_twin(config: DlibConfig) -> Victim[Any, Any]:
    return _build(config, deployed=False)


def _build_portraits(config: DlibPortraitsConfig) -> SceneSource:
    from physadv.api import PortraitsConfig, portraits
    from physadv_dlib.finder import DlibFinder

    return portraits(PortraitsConfig(**{one.name: getattr(config, one.name) for one in fields(config)}), DlibFinder())


@hookimpl
def physadv_victims() -> list[Entry[Any, Victim[Any, Any]]]:
    """The recogniser twice."""
    return [
        Entry("dlib", DlibConfig, _build_deployed, "dlib's face recogniser as deployed: a black box", SOURCE),
        Entry("dlib/twin", DlibConfig, _build_twin, "the same weights as a torch network: with gradients", SOURCE),
    ]


@hookimpl
def physadv_scenes() -> list[Entry[Any, SceneSource]]:
    """Portraits whose faces dlib finds."""
    return [Entry("dlib/portraits", DlibPortraitsConfig, _build_portraits, "people by name, faces found by dlib")]


@hookimpl
def physadv_config_dirs() -> list[str]:
    """Presets: glasses that dodge or impersonate, and the shirt."""
    return [str(Path(__file__).parent / "conf")]
