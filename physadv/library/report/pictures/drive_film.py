"""Films of episodes as animated WebP: what the policy saw, what it did, and whether it was attacked then."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

MIN_WIDTH_PX = 288
MAX_FRAMES = 160  # more are thinned out
CAPTION_PX = 26
LAST_MS = 1500  # for which the last frame stands
FASTEST_MS, SLOWEST_MS = 40, 250  # a frame
ATTACKED, CALM, INK = (213, 94, 0), (32, 36, 42), (245, 245, 245)


@dataclass(frozen=True, slots=True)
class FilmShot:
    """One moment."""

    rgb_u8: npt.NDArray[np.uint8]  # (H, W, 3)
    words: str
    attacked: bool


def film_webp(shots: Sequence[FilmShot], step_s: float) -> bytes:
    """The film, enlarged in whole steps so that every pixel is seen; an orange caption where it was attacked."""
    stride = -(-len(shots) // MAX_FRAMES)
    kept = [*shots[:-1:stride], shots[-1]]
    frames = [_frame(shot) for shot in kept]
    pace = int(min(max(1000 * step_s * stride / 2, FASTEST_MS), SLOWEST_MS))  # twice as fast as life, within reason
    stream = io.BytesIO()
    frames[0].save(stream, "WEBP", save_all=True, append_images=frames[1:], loop=0, quality=55, method=4,
                   duration=[*[pace] * (len(frames) - 1), LAST_MS])  # fmt: skip
    return stream.getvalue()


def _frame(shot: FilmShot) -> Image.Image:
    height, width = shot.rgb_u8.shape[:2]
    times = max(1, -(-MIN_WIDTH_PX // width))
    picture = Image.fromarray(shot.rgb_u8).resize((width * times, height * times), Image.Resampling.NEAREST)
    frame = Image.new("RGB", (picture.width, picture.height + CAPTION_PX), ATTACKED if shot.attacked else CALM)
    frame.paste(picture, (0, 0))
    words = f"{shot.words}{'  ·  attacked' if shot.attacked else ''}"
    ImageDraw.Draw(frame).text((8, picture.height + 5), words, fill=INK, font=ImageFont.load_default(14))
    return frame
