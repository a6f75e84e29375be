"""Who names nothing but a camera sees people and a print; who says more gets what was said."""

from __future__ import annotations

import pytest

from physadv.app.commands import Command
from physadv.app.config.first_minute import FIRST, first_minute
from tests.running import physadv

WATCH, GENERATE = Command("watch", "", ""), Command("generate", "", "")


@pytest.mark.parametrize(
    "typed", [["source=0"], ["source=/dev/video1", "window=false"], ["source=demo", "max_frames=3"]]
)
def test_a_camera_alone_comes_with_a_person_detector_and_a_print(typed: list[str]) -> None:
    assert first_minute(WATCH, typed) == [*typed, *FIRST]


@pytest.mark.parametrize(
    "more",
    [
        "patch=runs/mine",
        "victim=sign-nano",
        "victim.confidence=0.3",
        "victims=[sign-nano]",
        "board=b.json",
        "object=dog",
    ],
)
def test_whatever_says_what_is_watched_leaves_it_at_that(more: str) -> None:
    assert first_minute(WATCH, ["source=0", more]) == ["source=0", more]


def test_films_and_other_commands_are_left_alone() -> None:
    assert first_minute(WATCH, ["source=walk.mp4"]) == ["source=walk.mp4"]
    assert first_minute(WATCH, ["source=world"]) == ["source=world"]
    assert first_minute(GENERATE, ["source=0"]) == ["source=0"]


def test_without_a_camera_the_drawn_film_is_named() -> None:
    done = physadv("watch", "source=77", "window=false", "out=none")
    assert done.returncode == 2
    assert "source=demo" in done.stderr.splitlines()[-1]
