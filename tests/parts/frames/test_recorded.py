from __future__ import annotations

import logging
import re
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from physadv.core.errors import BadInput, PhysadvError
from physadv.core.types import Frame
from physadv.parts.frames.open import open_source
from physadv.parts.frames.options import FrameOptions
from physadv.parts.frames.source import SourceState
from tests.parts.frames.barcode import clip, drawn, number_in


def all_of(path: Path, options: FrameOptions | None = None) -> list[Frame]:
    return list(open_source(str(path), options=options or FrameOptions()))


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clip(tmp_path_factory.mktemp("film") / "film.avi", 40, fps=20.0)


def folder_of(root: Path, count: int) -> Path:
    for number in range(count):
        cv2.imwrite(str(root / f"img{number}.png"), drawn(number))
    return root


def test_a_file_gives_every_frame_with_its_own_time(film: Path) -> None:
    source = open_source(str(film), options=FrameOptions())
    frames = list(source)
    assert [number_in(f.bgr_u8) for f in frames] == [f.index for f in frames] == list(range(40))
    assert [f.time_s for f in frames] == pytest.approx([i / 20 for i in range(40)], abs=1e-3)
    assert (source.live, source.fps, source.size_px) == (False, 20.0, (320, 240))
    assert source.state is SourceState.ENDED
    assert source.age_s(frames[0]) is None


def test_a_slow_consumer_of_a_file_loses_nothing(film: Path) -> None:
    numbers = []
    for frame in open_source(str(film), options=FrameOptions(stop_s=0.5)):
        numbers.append(number_in(frame.bgr_u8))
        time.sleep(0.02)
    assert numbers == list(range(10))


def test_a_file_twice_gives_the_same_bytes(film: Path) -> None:
    first, second = all_of(film), all_of(film)
    assert all(np.array_equal(a.bgr_u8, b.bgr_u8) for a, b in zip(first, second, strict=True))


def test_start_and_stop_keep_numbers_and_clock(film: Path) -> None:
    frames = all_of(film, FrameOptions(start_s=0.5, stop_s=1.0))
    assert [f.index for f in frames] == [number_in(f.bgr_u8) for f in frames] == list(range(10, 20))
    assert frames[0].time_s == pytest.approx(0.5)
    assert sum(f.dropped for f in frames) == 0


def test_a_start_behind_the_end_is_refused(film: Path) -> None:
    with pytest.raises(BadInput, match="no frame between start_s=9"):
        all_of(film, FrameOptions(start_s=9))


def test_a_loop_goes_on_counting(film: Path) -> None:
    with open_source(str(film), options=FrameOptions(loop=True)) as source:
        frames = [source.read(10) for _ in range(90)]
    assert [f.index for f in frames if f] == list(range(90))
    assert [number_in(f.bgr_u8) for f in frames if f] == [i % 40 for i in range(90)]
    assert [f.time_s for f in frames if f] == pytest.approx([i / 20 for i in range(90)], abs=1e-3)


@pytest.mark.slow
def test_a_file_that_may_drop_plays_at_its_own_pace(film: Path) -> None:
    frames = []
    begun = time.monotonic()
    with open_source(str(film), options=FrameOptions(drop="latest")) as source:
        for frame in source:
            frames.append(frame)
            age = source.age_s(frame)
            assert age is not None
            time.sleep(0.2)
    assert time.monotonic() - begun > 1.5
    assert len(frames) < 20
    assert sum(f.dropped for f in frames) > 20


def test_a_folder_is_read_in_the_order_of_its_numbers(tmp_path: Path) -> None:
    frames = all_of(folder_of(tmp_path, 12), FrameOptions(fps=10))
    assert [number_in(f.bgr_u8) for f in frames] == list(range(12))  # img2 before img10
    assert [f.time_s for f in frames] == pytest.approx([i / 10 for i in range(12)])


def test_images_of_another_size_keep_it(tmp_path: Path) -> None:
    folder_of(tmp_path, 2)
    cv2.imwrite(str(tmp_path / "img2.jpg"), drawn(2, 480, 200))
    with open_source(str(tmp_path), options=FrameOptions()) as source:
        shapes = [f.bgr_u8.shape for f in source]
        assert source.size_px == (480, 200)
    assert shapes == [(240, 320, 3), (240, 320, 3), (200, 480, 3)]


def test_a_broken_image_is_passed_over_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder_of(tmp_path, 4)
    (tmp_path / "img2.png").write_bytes(b"no image")
    with caplog.at_level(logging.WARNING):
        frames = all_of(tmp_path)
    assert [f.index for f in frames] == [0, 1, 3]
    assert [f.dropped for f in frames] == [0, 0, 1]
    assert "img2.png" in caplog.text


def test_a_single_image_is_one_frame(tmp_path: Path) -> None:
    folder_of(tmp_path, 1)
    assert [number_in(f.bgr_u8) for f in all_of(tmp_path / "img0.png")] == [0]


def test_grey_and_transparent_images_have_three_channels(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((8, 9), 77, np.uint8))
    cv2.imwrite(str(tmp_path / "b.png"), np.zeros((8, 9, 4), np.uint8))
    assert [f.bgr_u8[0, 0].tolist() for f in all_of(tmp_path)] == [[77] * 3, [255] * 3]


@pytest.mark.parametrize(("begin", "end"), [(0, 600), (700, 1500)], ids=["headers", "pixels"])
def test_broken_frames_in_the_middle_do_not_end_a_file(film: Path, tmp_path: Path, begin: int, end: int) -> None:
    data = bytearray(film.read_bytes())
    starts = [found.start() for found in re.finditer(b"\xff\xd8\xff", data)]
    assert len(starts) == 40
    for start in starts[15:18]:
        data[start + begin : start + end] = b"U" * (end - begin)
    broken = tmp_path / "broken.avi"
    broken.write_bytes(data)
    frames = all_of(broken)
    assert len(frames) >= 37
    assert frames[-1].index >= 38
    assert number_in(frames[-1].bgr_u8) == 39


def test_a_file_cut_short_gives_what_it_has_and_says_so(
    film: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cut = tmp_path / "cut.avi"
    cut.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    with caplog.at_level(logging.WARNING):
        frames = all_of(cut)
    assert 5 < len(frames) < 35
    assert f"cut short, {film.stat().st_size - cut.stat().st_size} bytes are missing" in caplog.text
    assert f"first {len(frames)} frames" in caplog.text


@pytest.mark.parametrize("content", [b"", b"text\n" * 100, bytes(range(256)) * 40, b"RIFF\x00\x00\x00\x00AVI LIST"])
def test_what_is_no_video_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.avi"
    path.write_bytes(content)
    with pytest.raises(PhysadvError, match=r"x\.avi"):
        all_of(path)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no images in"):
        all_of(tmp_path)


def test_a_folder_of_broken_images_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(BadInput, match="is empty"):
        all_of(tmp_path)


def test_a_real_video_plays_to_its_end(shared: Path) -> None:
    path = shared / "data" / "video" / "vtest_480x360.avi"
    if not path.exists():
        pytest.skip("needs vtest_480x360.avi in ../shared")
    frames = all_of(path, FrameOptions(stop_s=5))
    assert len(frames) == 50
    assert frames[-1].time_s == pytest.approx(4.9)
    assert frames[0].bgr_u8.shape == (360, 480, 3)
