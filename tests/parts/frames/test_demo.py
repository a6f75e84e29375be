"""The drawn film: a camera that everybody has, with somebody in it who walks up."""

from __future__ import annotations

import numpy as np
import pytest

from physadv.core.errors import BadOption
from physadv.parts.frames.demo import FPS, DrawnCamera
from physadv.parts.frames.open import open_source
from physadv.parts.frames.options import FrameOptions


@pytest.fixture(scope="module")
def camera() -> DrawnCamera:
    return DrawnCamera()


def changed(camera: DrawnCamera, a: int, b: int) -> float:
    """Share of the pixels that differ by more than noise."""
    first, second = (camera.frame(i).astype(int) for i in (a, b))
    return float((np.abs(first - second).max(-1) > 40).mean())


def test_the_same_number_gives_the_same_frame_also_after_a_round(camera: DrawnCamera) -> None:
    assert camera.frame(30).shape == (480, 640, 3)
    assert np.array_equal(camera.frame(30), DrawnCamera().frame(30))
    assert np.array_equal(camera.frame(30), camera.frame(30 + int(14 * FPS)))


def test_somebody_comes_nearer_and_the_background_stands_still(camera: DrawnCamera) -> None:
    empty = int(13.4 * FPS)
    far, near = changed(camera, 10, empty), changed(camera, int(6 * FPS), empty)
    assert 0.002 < far < near < 0.3
    assert np.abs(camera.frame(10)[:100].astype(int) - camera.frame(200)[:100]).mean() < 4


def test_it_opens_as_a_source_and_ends_where_it_is_told() -> None:
    with open_source("demo", options=FrameOptions(stop_s=0.12, drop="none")) as feed:  # type: ignore[attr-defined]
        frames = list(feed)
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert feed.live


def test_a_size_cannot_be_asked_of_it() -> None:
    with pytest.raises(BadOption, match="width"):
        open_source("demo", options=FrameOptions(width=100, height=100))
