"""Films made in a moment by PyAV's own encoders, with all that a file may say about its pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

U8 = npt.NDArray[np.uint8]


def film(
    path: Path, pictures: Sequence[U8], *, codec: str = "libx264", fps: int = 25, pix_fmt: str = "yuv420p",
    options: dict[str, str] | None = None, aspect: Fraction | None = None, turn_deg: int = 0,
    tags: tuple[int, int, int] | None = None, shift: int = 0, change: Callable[[U8, int], U8] = lambda p, _: p,
) -> Path:  # fmt: skip
    """A film of RGB pictures; ``tags`` are H.273's primaries, curve and matrix; ``shift`` hides so many frames."""
    if codec not in av.codecs_available:
        pytest.skip(f"this PyAV cannot encode {codec}")
    height, width = pictures[0].shape[:2]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps, options=options or {"crf": "12", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        context = stream.codec_context
        if aspect:
            context.sample_aspect_ratio = aspect
        if tags:
            context.color_primaries, context.color_trc, context.colorspace = tags
        if turn_deg:
            stream.set_display_rotation(turn_deg)
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(change(picture, number)), "rgb24")
            frame = frame.reformat(format=pix_fmt, dst_colorspace=tags[2] if tags else None)
            frame.pts, frame.time_base = number - shift, Fraction(1, fps)
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return path
