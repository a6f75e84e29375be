"""A patch for stop signs looks for stop signs, whichever scenes it is put into."""

from __future__ import annotations

from pathlib import Path

import pytest

from physadv.app.commands import COMMANDS
from physadv.app.config.compose import Composer
from physadv.app.config.wearer import carried_over
from physadv.app.registry import Registry


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry(discover=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "label"),
    [
        (["experiment=stop_sign_hide", "scenes=coco"], ["scenes.label=stop"]),
        (["experiment=stop_sign_conjure", "scenes=yolo"], ["scenes.label=warning"]),
        (["experiment=stop_sign_hide"], []),
        (["scenes=coco"], []),
        (["experiment=stop_sign_hide", "scenes=coco", "scenes.label=yield"], []),
        (["experiment=tshirt_hide_person", "scenes=road"], []),
        (["experiment=nope", "scenes=coco"], []),
        (["experiment=stop_sign_hide", "scenes=nope"], []),
    ],
)
def test_photos_take_the_label_of_the_experiment(typed: list[str], label: list[str], registry: Registry) -> None:
    assert carried_over(Composer(COMMANDS["generate"], registry), typed) == label


def test_photos_take_the_label_of_the_run_that_made_the_patch(registry: Registry, tmp_path: Path) -> None:
    composer = Composer(COMMANDS["evaluate"], registry)
    (tmp_path / "config").mkdir()
    for text, label in (
        ("scenes: {sign: stop}", ["scenes.label=stop"]),
        ("scenes: {label: face}", ["scenes.label=face"]),
        ("scenes: {label: '${oc.env:HOME}'}", []),
        ("scenes: 3", []),
        ("[", []),
    ):
        (tmp_path / "config" / "config.yaml").write_text(text)
        assert carried_over(composer, [f"patch={tmp_path}", "scenes=coco"]) == label
