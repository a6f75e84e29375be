from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from physadv.core.errors import BadInput, DeadFeed
from physadv.core.types import Frame
from physadv.parts.frames import feed as feed_module
from physadv.parts.frames.feed import Feed
from physadv.parts.frames.options import FrameOptions
from physadv.parts.frames.slot import Slot
from physadv.parts.frames.source import Frames, SourceState, Status

PICTURE = np.zeros((4, 6, 3), np.uint8)


class Scripted:
    """A producer that does as it is told at every frame."""

    fps: float | None = None

    def __init__(self, count: int, *, live: bool = False, error: Exception | None = None) -> None:
        self.name = f"scripted {id(self)}"
        self.live = live
        self.go_on = threading.Event()
        self.closed = False
        self._count = count
        self._error = error

    def frames(self, status: Status) -> Frames:
        try:
            for index in range(self._count):
                status.beat()
                yield Frame(index, index / 10, PICTURE)
            if self._error is not None:
                raise self._error
        finally:
            self.closed = True


class Stuck(Scripted):
    """Its driver does not return after the first frame until it is let go."""

    def frames(self, status: Status) -> Frames:
        yield Frame(0, 0.0, PICTURE)
        self.go_on.wait(30)


def alive(name: str) -> bool:
    return any(thread.name == f"feed {name}" for thread in threading.enumerate())


def test_every_frame_of_what_waits_is_delivered() -> None:
    assert [f.index for f in Feed(Scripted(20), FrameOptions())] == list(range(20))


def test_leaving_the_loop_stops_the_producer() -> None:
    producer = Scripted(10**9)
    for frame in Feed(producer, FrameOptions()):
        if frame.index == 3:
            break
    assert producer.closed
    assert not alive(producer.name)


def test_closing_twice_is_no_mistake_and_ends_the_feed() -> None:
    feed = Feed(Scripted(10**9), FrameOptions())
    feed.close()
    feed.close()
    assert feed.over
    assert feed.read(0.1) is None
    assert feed.state is SourceState.ENDED


def test_a_live_feed_counts_what_it_passes_over() -> None:
    feed = Feed(Scripted(1000, live=True), FrameOptions())
    while feed.state is SourceState.RUNNING:
        time.sleep(0.01)
    frame = feed.read(1)
    assert frame is not None
    assert (frame.index, frame.dropped) == (999, 999)
    assert feed.over


def test_an_error_before_the_first_frame_is_raised() -> None:
    producer = Scripted(0, error=BadInput("nothing here. Look elsewhere."))
    with pytest.raises(BadInput, match="nothing here"):
        Feed(producer, FrameOptions())
    assert not alive(producer.name)


def test_an_error_after_frames_ends_the_feed_and_is_told() -> None:
    feed = Feed(Scripted(3, error=OSError("cable")), FrameOptions())
    assert len(list(feed)) == 3
    assert feed.state is SourceState.DIED
    assert "cable" in feed.reason


@pytest.mark.slow
def test_a_driver_that_does_not_return_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "PATIENCE_S", 0.2)
    producer = Stuck(1)
    feed = Feed(producer, FrameOptions(open_timeout_s=0.1, read_timeout_s=0.1))
    assert len(list(feed)) == 1
    assert feed.state is SourceState.DIED
    assert "has not returned" in feed.reason
    producer.go_on.set()


def test_no_first_frame_is_refused() -> None:
    with pytest.raises(DeadFeed, match="no frame"):
        Feed(Scripted(0), FrameOptions())


def test_the_newest_frame_wins() -> None:
    slot = Slot(latest=True)
    for index in range(5):
        slot.put(Frame(index, 0.0, PICTURE))
    newest = slot.get(0)
    assert newest is not None
    assert newest.index == 4
    assert slot.get(0) is None


def test_a_full_queue_makes_the_reader_wait_until_it_is_closed() -> None:
    slot = Slot(latest=False, ahead=1)
    slot.put(Frame(0, 0.0, PICTURE))
    answers: list[bool] = []
    waiting = threading.Thread(target=lambda: answers.append(slot.put(Frame(1, 0.0, PICTURE))))
    waiting.start()
    waiting.join(0.1)
    assert waiting.is_alive()
    slot.close()
    waiting.join(5)
    assert answers == [False]
