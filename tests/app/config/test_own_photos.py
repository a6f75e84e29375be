"""The T-shirt runs on drawn people by itself, and on photos as soon as photos are named."""

from __future__ import annotations

import pytest

from physadv.app.commands import COMMANDS
from physadv.app.config.own_photos import own_photos

SHIRT = "experiment=tshirt_hide_person"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ([SHIRT], [SHIRT]),
        ([SHIRT, "scenes.root=people"], [f"{SHIRT}_photos", "scenes.root=people"]),
        ([SHIRT, "scenes.annotations=a.json"], [f"{SHIRT}_photos", "scenes.annotations=a.json"]),
        ([SHIRT, "scenes.images=48"], [SHIRT, "scenes.images=48"]),
        ([SHIRT, "scenes=yolo"], [f"{SHIRT}_photos", "scenes=yolo"]),
        ([SHIRT, "scenes=road", "scenes.images=8"], [SHIRT, "scenes=road", "scenes.images=8"]),
        ([f"{SHIRT}_screen", "scenes.root=p"], [f"{SHIRT}_screen_photos", "scenes.root=p"]),
        ([SHIRT, "victim.path=d.onnx"], [SHIRT, "victim.path=d.onnx", "victim=onnx"]),
        ([SHIRT, "victim=opencv-dnn", "victim.path=d"], [SHIRT, "victim=opencv-dnn", "victim.path=d"]),
        (["experiment=stop_sign_hide", "scenes.root=p"], ["experiment=stop_sign_hide", "scenes.root=p"]),
        (["scenes.root=p"], ["scenes.root=p"]),
        (["experiment=../x", "scenes.root=p"], ["experiment=../x", "scenes.root=p"]),
    ],
)
def test_photos_choose_the_preset_for_photos(typed: list[str], meant: list[str]) -> None:
    assert own_photos(COMMANDS["generate"], typed) == meant


def test_other_commands_are_left_alone() -> None:
    assert own_photos(COMMANDS["perturb"], [SHIRT, "scenes.root=p"]) == [SHIRT, "scenes.root=p"]
