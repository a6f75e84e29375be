"""PNGs of a picture and of its change, small ones enlarged texel by texel."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

F32 = npt.NDArray[np.floating[Any]]
SIDE_PX = 192  # that small pictures are enlarged to
LARGEST_PX = 320  # that large ones are made smaller to
STEPS = (1, 2, 5, 10, 20, 50, 100, 200)


def factor_of(change: F32) -> int:
    """The largest round number by which the change ``(3, H, W)`` can be multiplied without leaving ±0.5."""
    largest = float(np.abs(change).max(initial=0.0))
    fitting = [step for step in STEPS if step * largest <= 0.5 + 1e-6]
    return fitting[-1] if fitting and largest else 1


def picture_png(srgb: F32) -> bytes:
    """Of ``(3, H, W)``, or ``(1, H, W)``, in [0, 1]."""
    codes = (
        (np.clip(np.broadcast_to(srgb, (3, *srgb.shape[1:])), 0, 1) * 255).round().astype(np.uint8).transpose(1, 2, 0)
    )
    image = Image.fromarray(codes)
    longer = max(image.size)
    if longer < SIDE_PX:
        times = -(-SIDE_PX // longer)
        image = image.resize((image.width * times, image.height * times), Image.Resampling.NEAREST)
    elif longer > LARGEST_PX:
        image.thumbnail((LARGEST_PX, LARGEST_PX))
    stream = io.BytesIO()
    image.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def magnified_png(change: F32, times: float) -> bytes:
    """The change ``(3, H, W)`` times so much, on grey: grey is where nothing changed."""
    return picture_png(0.5 + change * times)
