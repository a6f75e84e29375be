"""Losses of a picture on its way through a real encoder, with a gradient that passes straight through it."""

from __future__ import annotations

import warnings
from fractions import Fraction
from importlib.util import find_spec
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from physadv.core.errors import BadOption, MissingExtra

UNTOUCHED = 100  # the quality at which no encoder is asked
CRF_WORST = 51.0  # of x264 with 8 bits
CODECS = ("jpeg", "h264")


def check_codec(codec: str) -> None:
    """Raise an error that names the remedy, unless this machine has ``codec``."""
    if codec not in CODECS:
        raise BadOption(f"eot.camera.codec must be one of {', '.join(CODECS)}, got {codec!r}")
    if codec == "jpeg":
        return
    if find_spec("av") is None:
        raise MissingExtra("eot.camera.codec=h264 needs PyAV: pip install av, or use codec=jpeg")
    from av.codec import codecs_available

    if not {"libx264", "h264"} <= codecs_available:
        raise BadOption("eot.camera.codec=h264 needs an FFmpeg with libx264, which this PyAV lacks: use codec=jpeg")


def recompress_(images: Tensor, quality: Tensor, codec: str) -> Tensor:
    """``images`` ``(B,3,H,W)`` in [0, 1] as they come back from ``codec``; an image of ``quality`` 100 is untouched.

    ``quality`` ``(B,)`` in percent, rounded. ``jpeg``: libjpeg's scale, 4:2:0; on CUDA the images stay there (only the
    file's bytes do not) and nvJPEG encodes 4:4:4. ``h264``: one key frame by x264 at a constant rate factor of
    ``0.51 · (100 - quality)``, 4:2:0, always on the CPU. Either leaves 8-bit codes.

    The gradient is the identity (straight-through, Bengio et al. 2013): an encoder is a staircase, flat almost
    everywhere, but on the whole it follows its input.
    """
    out: Tensor = _StraightThrough.apply(images, quality, codec)
    return out


class _StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, images: Tensor, quality: Tensor, codec: str) -> Tensor:
        for image, percent in zip(images, quality.round().int().tolist(), strict=True):
            if percent >= UNTOUCHED:
                continue
            if codec == "jpeg" and not images.is_cuda:
                _jpeg_(image, max(percent, 1))
            else:
                through = _nvjpeg if codec == "jpeg" else _h264
                codes = (image * 255).round_().clamp_(0, 255).to(torch.uint8)
                image.copy_(through(codes, max(percent, 1))).div_(255)
        ctx.mark_dirty(images)
        return images

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        return gradient, None, None


def _jpeg_(image: Tensor, quality: int) -> None:
    """``(3,H,W)`` sRGB there and back, in place. torchvision's codec makes the same bits, but is deprecated."""
    planes = image.numpy()
    bgr = cv2.merge([cv2.convertScaleAbs(planes[channel], alpha=255) for channel in (2, 1, 0)])
    _, file = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    for channel, codes in zip((2, 1, 0), cv2.split(cv2.imdecode(file, cv2.IMREAD_COLOR)), strict=True):
        np.multiply(codes, 1 / 255, out=planes[channel], dtype=planes.dtype)


def _nvjpeg(codes: Tensor, quality: int) -> Tensor:
    from torchvision.io import decode_jpeg, encode_jpeg

    torch.cuda.current_stream(codes.device).synchronize()  # nvJPEG reads on a stream of its own
    with warnings.catch_warnings():
        # torchvision 0.29 announces the end of its codecs, but nothing else here encodes on the device
        warnings.simplefilter("ignore", DeprecationWarning)
        back: Tensor = decode_jpeg(encode_jpeg(codes, quality=quality).cpu(), device=codes.device)
    return back


def _h264(codes: Tensor, quality: int) -> Tensor:
    """``(3,H,W)`` uint8 there and back, as a stream of one key frame.

    PyAV is under the BSD licence and its wheels' FFmpeg under the LGPL, but the wheels contain x264, which is under
    the GPL: it is an extra for that reason, and nothing of it is shipped here.
    """
    import av
    from av.video.reformatter import Interpolation as How

    # swscale's defaults drop every other chroma sample and darken by a code
    well = How.BILINEAR | How.FULL_CHR_H_INP | How.FULL_CHR_H_INT | How.ACCURATE_RND
    height, width = codes.shape[1:]
    even = codes.permute(1, 2, 0).cpu().numpy()
    even = np.pad(even, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(even), "rgb24")
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, "yuv420p"
    encoder.time_base, encoder.thread_count = Fraction(1, 25), 1
    encoder.options = {"crf": f"{CRF_WORST * (1 - quality / 100):.2f}", "preset": "veryfast", "tune": "zerolatency"}
    packets = [*encoder.encode(frame.reformat(format="yuv420p", interpolation=well)), *encoder.encode(None)]
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    (shown,) = [shown for packet in (*packets, None) for shown in decoder.decode(packet)]
    back = torch.from_numpy(shown.reformat(format="rgb24", interpolation=well).to_ndarray())
    return back[:height, :width].permute(2, 0, 1).to(codes.device)
