"""From a decoded frame to a picture as it is to be seen: square pixels, upright, in sRGB.

A file's geometry and light stand beside its pixels. They are honoured here, or the film is refused with the command
that mends it; nothing is passed over in silence.
"""

from __future__ import annotations

import logging
import math
import struct
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt

from physadv.core.errors import BadInput
from physadv.parts.frames.colour_description import REFERENCE_WHITE_NITS, ColourDescription, Converter

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

logger = logging.getLogger(__name__)

U8 = npt.NDArray[np.uint8]
MAX_STRETCH = 4  # beyond, a ratio is taken for nonsense
_TURNS = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}

_PAIRS = {1: "sbsl", 2: "abl", 6: "irl"}  # FFmpeg's kinds of two views in one frame, as its filter spells them


class FrameConverter:
    """Turns the frames of one film or stream into pictures, and says once what it does to them."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._said: set[str] = set()
        self._converter: tuple[ColourDescription, Converter] | None = None
        self.white_nits = REFERENCE_WHITE_NITS

    def bgr_u8(self, frame: VideoFrame, pixel_aspect: Fraction | None) -> U8:
        """The picture ``(H,W,3)``. Raises ``BadInput`` for what no pinhole camera took, or in unknown light."""
        self._refuse_worlds(frame)
        picture = self._stretched(self._light(frame), pixel_aspect)
        return self._turned(picture, frame)

    def light_of(self, frame: VideoFrame) -> ColourDescription:
        """The meaning of its codes. Raises ``BadInput`` where it cannot be turned into sRGB."""
        light = ColourDescription(int(frame.color_primaries), int(frame.color_trc), int(frame.colorspace))
        if light.unknown:
            raise BadInput(
                f"{self._name} is in {light.unknown}, which is not converted here. Convert it: "
                "ffmpeg -i FILE -vf zscale=m=bt709:p=bt709:t=bt709:r=tv,format=yuv420p -crf 10 sdr.mp4"
            )
        return light

    def _light(self, frame: VideoFrame) -> U8:
        light = self.light_of(frame)
        if light.plain:
            return np.asarray(frame.to_ndarray(format="bgr24", threads=1), dtype=np.uint8)
        if self._converter is None or self._converter[0] != light:
            self._converter = light, Converter(light, self.white_nits)
            white = f", {self.white_nits:.0f} cd/m² being code 255" if light.hdr else ""
            self._say(f"the film is {light.words}; it is converted to sRGB{white}")
        return self._converter[1].bgr_u8(np.asarray(frame.to_ndarray(format="rgb48le", threads=1), dtype=np.uint16))

    def _stretched(self, picture: U8, aspect: Fraction | None) -> U8:
        """Square pixels; the side that is too short grows, so that nothing is lost."""
        if not aspect or aspect <= 0 or not 1 / MAX_STRETCH <= aspect <= MAX_STRETCH:
            return picture
        height, width = picture.shape[:2]
        size = (round(width * aspect), height) if aspect > 1 else (width, round(height / aspect))
        if size == (width, height):
            return picture
        self._say(f"its pixels are not square ({aspect.numerator}:{aspect.denominator}): frames of {width}x{height} px "
                  f"are stretched to {size[0]}x{size[1]}")  # fmt: skip
        stretched: U8 = cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC)
        return stretched

    def _turned(self, picture: U8, frame: VideoFrame) -> U8:
        """By the film's display matrix; a film may also ask to be shown mirrored."""
        matrix = _beside(frame).get("DISPLAYMATRIX")
        if matrix is None:
            return picture
        a, b, _, c, d = struct.unpack_from("=5i", matrix)
        if a * d - b * c < 0:  # flipped left to right before it is turned
            picture, a, b = picture[:, ::-1], -a, -b
        angle_deg = math.degrees(math.atan2(-b, a)) % 360  # counter-clockwise, as seen
        quarter = round(angle_deg / 90) * 90
        if abs(angle_deg - quarter) > 1:
            raise BadInput(f"{self._name} is to be shown turned by {angle_deg:.0f}°, which is no quarter turn. "
                           "Turn it: ffmpeg -i FILE -crf 10 upright.mp4")  # fmt: skip
        if quarter % 360:
            picture = cv2.rotate(picture, _TURNS[quarter % 360])
        return np.ascontiguousarray(picture)

    def _refuse_worlds(self, frame: VideoFrame) -> None:
        beside = _beside(frame)
        if "SPHERICAL" in beside:
            raise BadInput(f"{self._name} is a spherical film (360°), which is no picture of a lens. Take a flat "
                           "view: ffmpeg -i FILE -vf v360=e:flat:h_fov=90:v_fov=60 -q:v 2 flat.avi")  # fmt: skip
        kind = struct.unpack_from("=i", beside["STEREO3D"])[0] if "STEREO3D" in beside else 0
        if kind in _PAIRS:
            raise BadInput(f"{self._name} holds two views in every frame (3D). Take the left one: "
                           f"ffmpeg -i FILE -vf stereo3d={_PAIRS[kind]}:ml -q:v 2 left.avi")  # fmt: skip

    def _say(self, words: str) -> None:
        if words not in self._said:
            self._said.add(words)
            logger.warning("%s: %s", self._name, words)


def _beside(frame: VideoFrame) -> dict[str, bytes]:
    """The data that a frame carries beside its pixels, by FFmpeg's names."""
    found: list[Any] = list(frame.side_data)  # types of PyAV call them text
    return {data.type.name: bytes(data) for data in found}
