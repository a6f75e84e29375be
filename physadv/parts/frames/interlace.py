"""Interlaced film: two fields of different times woven into one frame become one whole frame of the first field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.filter import Graph
    from av.video.frame import VideoFrame


class Deinterlacer:
    """FFmpeg's bwdif, once a frame is marked as interlaced. Frames that are not marked pass unchanged."""

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._form: tuple[object, ...] = ()
        self.used = False

    def pushed(self, frame: VideoFrame) -> Iterator[VideoFrame]:
        """Frames that are ready: the filter holds one back, because it looks at the next."""
        form = (frame.width, frame.height, frame.format.name, frame.time_base)
        if self._graph is None and not frame.interlaced_frame:
            yield frame
            return
        if self._graph is not None and form != self._form:
            yield from self.rest()
        if self._graph is None:
            self._graph, self._form, self.used = _graph(frame), form, True
        self._graph.push(frame)
        yield from self._ready()

    def rest(self) -> Iterator[VideoFrame]:
        """The frames held back, at the end."""
        if self._graph is not None:
            self._graph.push(None)
            yield from self._ready()
            self._graph = None

    def _ready(self) -> Iterator[VideoFrame]:
        import av

        assert self._graph is not None
        while True:
            try:
                frame = self._graph.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            assert isinstance(frame, av.VideoFrame)
            yield frame


def _graph(frame: VideoFrame) -> Graph:
    from av.filter import Graph

    graph = Graph()
    entry = graph.add_buffer(template=None, width=frame.width, height=frame.height, format=frame.format,
                             time_base=frame.time_base)  # fmt: skip
    between = graph.add("bwdif", "mode=send_frame:deint=interlaced")
    end = graph.add("buffersink")
    entry.link_to(between)
    between.link_to(end)
    graph.configure()
    return graph
