from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from physadv.core.errors import BadOption, BadOutput
from physadv.parts.frames.open import open_source
from physadv.parts.frames.options import FrameOptions
from physadv.parts.frames.record import Recorder, writable_codecs
from tests.parts.frames.barcode import drawn, number_in


def numbers(path: Path) -> list[int]:
    return [number_in(frame.bgr_u8) for frame in open_source(str(path), options=FrameOptions())]


@pytest.mark.parametrize("name", ["a.avi", "a.mkv", "a.mp4"])
def test_what_is_recorded_is_read_again(tmp_path: Path, name: str) -> None:
    with Recorder(tmp_path / "new" / name, fps=25) as recorder:
        for number in range(12):
            recorder.write(drawn(number))
    assert numbers(tmp_path / "new" / name) == list(range(12))
    assert [p.name for p in (tmp_path / "new").iterdir()] == [name]


def test_ffv1_loses_nothing(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    with Recorder(tmp_path / "a.mkv", fps=10) as recorder:
        recorder.write(noise)
    (frame,) = open_source(str(tmp_path / "a.mkv"), options=FrameOptions())
    assert np.array_equal(frame.bgr_u8, noise)


def test_frames_of_another_size_go_on_in_a_second_file(tmp_path: Path) -> None:
    with Recorder(tmp_path / "a.avi", fps=10) as recorder:
        for number in range(4):
            recorder.write(drawn(number) if number < 2 else drawn(number, 480, 200))
    assert [p.name for p in recorder.paths] == ["a.avi", "a-2.avi"]
    assert numbers(tmp_path / "a.avi") == [0, 1]
    assert numbers(tmp_path / "a-2.avi") == [2, 3]


def test_a_full_disk_stops_the_recording_and_keeps_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(tmp_path / "a.avi", fps=10)
    for number in range(3):
        recorder.write(drawn(number))
    monkeypatch.setattr("physadv.parts.frames.record.shutil.disk_usage", lambda _: _Full())
    with pytest.raises(BadOutput, match=r"disk is full .* holds 3 frames"):
        recorder.write(drawn(3))
    assert numbers(tmp_path / "a.avi") == [0, 1, 2]


class _Full:
    free = 1000


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.avi", "a.mkv"])
def test_a_file_that_may_not_grow_is_noticed_at_the_end(tmp_path: Path, name: str) -> None:
    """A quota, say; OpenCV itself says nothing."""
    code = (
        "import resource, signal, sys, pathlib, numpy as np\n"
        "from physadv.parts.frames.record import Recorder\n"
        "from physadv.core.errors import BadOutput\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))\n"
        "noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)\n"
        "recorder = Recorder(pathlib.Path(sys.argv[1]), fps=10)\n"
        "for _ in range(40): recorder.write(noise)\n"
        "try: recorder.close()\n"
        "except BadOutput as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / name)], capture_output=True, text=True, timeout=100
    )
    assert "of 40 frames" in done.stdout, done.stderr


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.avi").write_bytes(b"mine")
    with pytest.raises(BadOutput, match="exists"):
        Recorder(tmp_path / "a.avi", fps=10)
    assert (tmp_path / "a.avi").read_bytes() == b"mine"


@pytest.mark.parametrize(("name", "codec"), [("a.txt", ""), ("a", ""), ("a.avi", "zzzz"), ("a.avi", "toolong")])
def test_a_codec_that_does_not_open_is_refused_at_once(tmp_path: Path, name: str, codec: str) -> None:
    with pytest.raises(BadOption):
        Recorder(tmp_path / name, fps=10, codec=codec)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("fps", [0.0, -1.0, float("nan"), 1e9])
def test_a_rate_out_of_range_is_refused(tmp_path: Path, fps: float) -> None:
    with pytest.raises(BadOption, match="frames a second"):
        Recorder(tmp_path / "a.avi", fps=fps)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BadOutput):
        Recorder(tmp_path / "file" / "a.avi", fps=10)


def test_this_opencv_records_mjpg_and_ffv1(tmp_path: Path) -> None:
    assert {"MJPG (.avi)", "FFV1 (.mkv)"} <= set(writable_codecs(tmp_path))
    assert not list(tmp_path.iterdir())
