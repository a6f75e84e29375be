"""A story told on drawn people is told on the user's photos as soon as photos are named.

``experiment=tshirt_hide_person`` runs on the drawn street. With ``scenes.root=FOLDER`` it becomes the preset
``tshirt_hide_person_photos``, which holds what photos need: who wears the patch, and where.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from physadv.app.commands import Command
from physadv.app.config.locate import conf_dir
from physadv.app.config.typed import key_and_value, text_of

_OF_PHOTOS = ("scenes.root", "scenes.annotations", "scenes.images")
_SCENES = ("coco", "yolo", "voc")
_SUFFIX = "_photos"


def own_photos(command: Command, typed: Sequence[str]) -> list[str]:
    """The options, with the preset for photos where photos are named, and with ``victim=onnx`` where its file is."""
    given = {key: text_of(value) for key, value in map(key_and_value, typed)}
    story = given.get("experiment", "")
    if command.words != "generate" or not _is_drawn(story):
        return list(typed)
    words = list(typed)
    if "victim" not in given and "victims" not in given and "victim.path" in given:
        words.append("victim=onnx")
    if given.get("scenes.images", "").isdecimal():  # of drawn scenes a count, of photos a folder
        del given["scenes.images"]
    named = any(key in given for key in _OF_PHOTOS) if "scenes" not in given else given["scenes"] in _SCENES
    if not named:
        return words
    return [f"experiment={story}{_SUFFIX}" if key_and_value(word)[0] == "experiment" else word for word in words]


def _is_drawn(story: str) -> bool:
    """Whether the preset has a twin for photos."""
    plain = bool(story) and Path(story).name == story
    return plain and (conf_dir() / "experiment" / f"{story}{_SUFFIX}.yaml").is_file()
