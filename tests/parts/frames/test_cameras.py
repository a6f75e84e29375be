from __future__ import annotations

from pathlib import Path

import pytest

from physadv.parts.frames.cameras import CameraFound, CamerasHere, build_of_opencv, cameras_here

TWO = CamerasHere((CameraFound(0, "/dev/video0", "Desk"), CameraFound(2, "/dev/video2", "Door")))


def test_cameras_are_listed_without_their_metadata_nodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    for number, index, name in ((10, 0, "Door"), (2, 0, "Desk"), (3, 1, "Desk")):
        (tmp_path / f"video{number}").touch()
        about = tmp_path / "class" / f"video{number}"
        about.mkdir(parents=True)
        (about / "index").write_text(f"{index}\n")
        (about / "name").write_text(f"{name}\n")
    found = cameras_here(tmp_path, tmp_path / "class").found
    assert found is not None
    assert [(c.index, c.name) for c in found] == [(2, "Desk"), (10, "Door")]


def test_a_wrong_number_names_the_right_ones() -> None:
    assert "there are 0 (/dev/video0, Desk), 2 (/dev/video2, Door)" in str(TWO.refuse(1))


def test_a_camera_that_is_there_but_shut_says_how_to_get_it() -> None:
    assert "Close what else uses it" in str(TWO.refuse(2))
    assert "group video" in str(TWO.refuse("/dev/video2"))


def test_no_camera_at_all_is_said() -> None:
    assert "there is no camera" in str(CamerasHere(()).refuse(0))
    assert "does not tell" in str(CamerasHere(None).refuse(0))


def test_the_build_of_opencv_tells_about_video() -> None:
    build = build_of_opencv()
    assert build["FFMPEG"] == "YES"
    assert set(build) == {"FFMPEG", "v4l/v4l2", "GStreamer", "GUI"}
