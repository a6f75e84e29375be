from __future__ import annotations

import threading
import time
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import cv2
import pytest

from physadv.core.errors import DeadFeed
from physadv.core.types import Frame
from physadv.parts.frames.open import open_source
from physadv.parts.frames.options import FrameOptions
from physadv.parts.frames.source import FrameSource, SourceState
from tests.parts.frames.barcode import clip, drawn, millis, number_in
from tests.parts.frames.senders import H264, ffmpeg, free_port, jpeg_parts, playing, taken, until, virtual_camera

pytestmark = pytest.mark.slow

PATIENT = FrameOptions(open_timeout_s=20, read_timeout_s=10)


def first(source: FrameSource, count: int) -> list[Frame]:
    """So many frames, or fewer if no more come in 20 s."""
    frames: list[Frame] = []
    end = time.monotonic() + 20
    while len(frames) < count and time.monotonic() < end and not source.over:
        if (frame := source.read(0.5)) is not None:
            frames.append(frame)
    return frames


def readers() -> list[str]:
    """Threads of feeds that are alive."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("feed ")]


@pytest.fixture(scope="module")
def numbered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clip(tmp_path_factory.mktemp("clip") / "numbered.avi", 300)


def test_our_own_stream_is_a_camera() -> None:
    with virtual_camera() as camera:
        source = open_source(camera.url, options=PATIENT)
        frames = first(source, 10)
        assert source.live
        assert source.size_px == (320, 240)
        source.close()
    assert [f.index for f in frames] == sorted({f.index for f in frames})
    assert all(a.time_s < b.time_s for a, b in pairwise(frames))
    assert frames[-1].index == frames[0].index + sum(f.dropped for f in frames[1:]) + len(frames) - 1
    assert not readers()


def test_a_slow_consumer_sees_the_present() -> None:
    """100 ms of work a frame at 30 frames a second: the picture itself says when it was made."""
    ages, dropped = [], 0
    with virtual_camera() as camera:
        source = open_source(camera.url, options=PATIENT)
        first(source, 20)
        while len(ages) < 12:
            frame = first(source, 1)[0]
            ages.append((millis() - number_in(frame.bgr_u8)) % 2**16 / 1000)
            known = source.age_s(frame)
            assert known is not None
            assert known < 1
            dropped += frame.dropped
            time.sleep(0.1)
        source.close()
    assert sorted(ages)[len(ages) // 2] < 0.2  # two periods of the consumer
    assert dropped > 6


def test_without_dropping_every_frame_comes() -> None:
    with virtual_camera() as camera:
        source = open_source(camera.url, options=FrameOptions(drop="none", open_timeout_s=20, read_timeout_s=10))
        frames = []
        for _ in range(10):
            frames += first(source, 1)
            time.sleep(0.1)
        source.close()
    assert [f.dropped for f in frames] == [0] * 10
    assert [f.index for f in frames] == list(range(10))


def test_a_stream_that_stalls_is_lost_and_dies_in_time() -> None:
    with virtual_camera() as camera:
        source = open_source(camera.url, options=FrameOptions(read_timeout_s=0.5, open_timeout_s=2, reconnect_s=1))
        assert first(source, 3)
        camera.stalled.set()
        begun = time.monotonic()
        assert sum(1 for _ in source) >= 0
        assert source.state is SourceState.DIED
        assert "did not come back" in source.reason
        assert time.monotonic() - begun < 15
    assert not readers()


def test_a_stream_that_ends_died_at_once_without_reconnecting() -> None:
    with virtual_camera() as camera:
        source = open_source(camera.url, options=FrameOptions(reconnect_s=0, read_timeout_s=10))
        assert first(source, 2)
        camera.close()
        assert until(lambda: source.state is SourceState.DIED)
        source.close()
        assert source.state is SourceState.DIED


def test_what_is_unplugged_and_returns_goes_on() -> None:
    port = free_port()
    with virtual_camera(port):
        source = open_source(f"http://127.0.0.1:{port}/t/live.mjpg",
                             options=FrameOptions(reconnect_s=60, read_timeout_s=10))  # fmt: skip
        before = first(source, 3)
    assert until(lambda: source.state is SourceState.LOST)
    assert "sends nothing" in source.reason
    with virtual_camera(port):
        assert until(lambda: source.state is SourceState.RUNNING)
        after = first(source, 10)
        assert len(after) == 10
        assert after[-1].index > before[-1].index
        assert after[-1].time_s > before[-1].time_s
        source.close()
    assert not readers()


def test_frames_of_another_size_are_delivered_with_their_size() -> None:
    with virtual_camera() as camera:
        source = open_source(camera.url, options=PATIENT)
        assert first(source, 2)
        camera.size = (480, 200)
        assert until(lambda: any(f.bgr_u8.shape == (200, 480, 3) for f in first(source, 1)))
        assert source.size_px == (480, 200)
        assert source.state is SourceState.RUNNING
        source.close()


def test_a_broken_frame_is_passed_over_and_counted() -> None:
    parts = [cv2.imencode(".jpg", drawn(number))[1].tobytes() for number in range(20)]
    parts[10] = b"\xff\xd8 this is no picture"
    with jpeg_parts(parts) as url:
        source = open_source(url, options=replace(PATIENT, drop="none"))
        frames = first(source, 19)
        source.close()
    assert [number_in(f.bgr_u8) for f in frames] == [n for n in range(20) if n != 10]
    assert [f.index for f in frames if f.dropped] == [11]


def test_leaving_the_loop_closes_the_feed() -> None:
    with virtual_camera() as camera:
        source = open_source(camera.url, options=PATIENT)
        for _ in source:
            break
        assert until(lambda: not readers(), 5)
        assert source.over


def test_ctrl_c_leaves_no_thread_behind() -> None:
    with virtual_camera() as camera:
        source = open_source(camera.url, options=PATIENT)
        with pytest.raises(KeyboardInterrupt):
            interrupted(source)
        assert until(lambda: not readers(), 5)


def test_a_server_that_accepts_but_sends_nothing_is_refused_in_time() -> None:
    with virtual_camera() as camera:
        camera.stalled.set()
        time.sleep(0.1)
        begun = time.monotonic()
        silent = camera.server.url("other.mjpg")
        camera.server.stream("other.mjpg")
        with pytest.raises(DeadFeed, match="gave no picture in 1 s"):
            open_source(silent, options=FrameOptions(open_timeout_s=1))
        assert time.monotonic() - begun < 10
    assert not readers()


def test_mjpeg_over_http_from_ffmpeg_arrives_in_order(numbered: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}/feed.mjpg"
    with ffmpeg(*playing(numbered), "-c:v", "mjpeg", "-q:v", "4", "-f", "mpjpeg", "-listen", "1", url):
        source = retried(url)
        numbers = [number_in(f.bgr_u8) for f in first(source, 15)]
        source.close()
    assert len(numbers) == 15
    assert in_order(numbers)


def test_mpeg_ts_over_udp_arrives_in_order(numbered: Path) -> None:
    url = f"udp://127.0.0.1:{free_port()}"
    with ffmpeg(*playing(numbered), *H264, "-f", "mpegts", f"{url}?pkt_size=1316"):
        source = retried(url, PATIENT)
        numbers = [number_in(f.bgr_u8) for f in first(source, 15)]
        source.close()
    assert len(numbers) == 15
    assert in_order(numbers)


def test_a_sender_of_h264_that_changes_its_size_is_noticed(numbered: Path, tmp_path: Path) -> None:
    """OpenCV alone would squeeze the new frames into the old size."""
    wide = clip(tmp_path / "wide.avi", 300, size=(480, 200))
    url = f"udp://127.0.0.1:{free_port()}"
    with ffmpeg(*playing(numbered), *H264, "-f", "mpegts", f"{url}?pkt_size=1316"):
        source = retried(url, PATIENT)
        assert first(source, 2)[0].bgr_u8.shape == (240, 320, 3)
    with ffmpeg(*playing(wide), *H264, "-f", "mpegts", f"{url}?pkt_size=1316"):
        assert until(lambda: any(f.bgr_u8.shape == (200, 480, 3) for f in first(source, 1)))
        source.close()


def test_rtsp_waits_for_a_sender_and_its_frames_arrive_in_order(numbered: Path) -> None:
    port = free_port()
    url = f"rtsp://127.0.0.1:{port}/x"
    opened: list[FrameSource] = []
    waiting = threading.Thread(target=lambda: opened.append(open_source(f"{url}?listen", options=PATIENT)))
    waiting.start()
    assert until(lambda: taken(port))  # a sender that finds nobody listening gives up at once
    with ffmpeg(*playing(numbered), *H264, "-f", "rtsp", "-rtsp_transport", "tcp", url):
        waiting.join(30)
        assert opened
        numbers = [number_in(f.bgr_u8) for f in first(opened[0], 15)]
        opened[0].close()
    assert len(numbers) == 15
    assert in_order(numbers)


def test_a_sender_that_is_killed_died(numbered: Path) -> None:
    url = f"udp://127.0.0.1:{free_port()}"
    options = replace(PATIENT, open_timeout_s=1, read_timeout_s=0.7, reconnect_s=1)
    with ffmpeg(*playing(numbered), *H264, "-f", "mpegts", f"{url}?pkt_size=1316") as sender:
        source = retried(url, options)
        assert first(source, 2)
        sender.kill()
        assert until(lambda: source.state is SourceState.DIED)
        source.close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def test_a_file_on_a_server_is_a_file_not_a_camera(numbered: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(numbered.parent)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        source = open_source(f"http://127.0.0.1:{server.server_port}/{numbered.name}", options=PATIENT)
        numbers = [number_in(f.bgr_u8) for f in source]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert numbers == list(range(300))
    assert not source.live
    assert source.state is SourceState.ENDED


def interrupted(source: FrameSource) -> None:
    """What Ctrl-C does to whoever consumes."""
    for _ in source:
        raise KeyboardInterrupt


def retried(url: str, options: FrameOptions = PATIENT) -> FrameSource:
    """Open as soon as the sender is up."""
    end = time.monotonic() + 20
    while True:
        try:
            return open_source(url, options=options)
        except DeadFeed:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def in_order(numbers: list[int]) -> bool:
    """Rising, but for the clip's beginning anew."""
    return sum(b <= a for a, b in pairwise(numbers)) <= 1
