"""Recordings of a run: a file each time, and a full disk ends the recording alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from physadv.core.errors import BadOutput
from physadv.engines.watch import takes
from physadv.engines.watch.controls import Controls
from physadv.engines.watch.takes import Takes

PICTURE = np.zeros((4, 6, 3), np.uint8)


class Tape:
    """A recorder in memory."""

    made: list[Tape] = []  # noqa: RUF012 - emptied by every test
    full = False

    def __init__(self, path: Path, *, fps: float) -> None:
        self.path, self.frames, self.closed = path, 0, False
        self.made.append(self)

    def write(self, picture: object) -> None:
        if self.full:
            raise BadOutput("the disk is full")
        self.frames += 1

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Takes:
    monkeypatch.setattr(takes, "Recorder", Tape)
    monkeypatch.setattr(Tape, "made", [])
    return Takes(tmp_path / "film.avi", 10.0, shown=True, controls=Controls(overlay=False, recording=True))


def test_every_take_is_a_file_of_its_own(recording: Takes) -> None:
    recording.add(PICTURE)
    recording.add(PICTURE)
    recording.controls.recording = False
    recording.add(PICTURE)
    recording.controls.recording = True
    recording.add(PICTURE)
    recording.end()
    assert [(tape.path.name, tape.frames, tape.closed) for tape in Tape.made] == [
        ("film.avi", 2, True), ("film-take2.avi", 1, True),
    ]  # fmt: skip


def test_a_full_disk_ends_the_recording_and_not_the_run(
    recording: Takes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Tape, "full", True)
    recording.add(PICTURE)
    assert not recording.controls.recording
    assert "the disk is full" in caplog.text
