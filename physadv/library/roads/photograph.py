"""From a drawn world to a photo: signs laid in linear light, then exposure, optics, noise and 8 bits."""

from __future__ import annotations

import cv2
import numpy as np

from physadv.library.roads.background import Brush, noise_crop
from physadv.library.roads.pinhole import through
from physadv.library.roads.sign_canvas import F32, F64, LINEAR_FROM_U8, MM_PER_TEXEL, U8, SignFace

_TAPS, _MIN_BLUR = 5, 0.1  # of the optics' kernel: its width, and below what sigma it is left out
_SHOT = 0.9  # share of the noise's variance at white that grows with light
_CODES = np.arange(4096) / 4095
_U8_FROM_LINEAR: U8 = np.round(
    255 * np.where(_CODES <= 0.0031308, _CODES * 12.92, 1.055 * np.maximum(_CODES, 1e-4) ** (1 / 2.4) - 0.055)
).astype(np.uint8)


def exposed(brush: Brush, gain: F64) -> F32:
    """The painted world in linear light ``(H, W, 3)``, roughened by its fourth channel and scaled by ``gain`` (3,)."""
    height, width = brush.rgba.shape[:2]
    noise = noise_crop(brush.rng, 3, width, height, zoom=float(brush.rng.uniform(1, 1.6)))
    linear = np.empty((height, width, 3), np.float32)
    for rows in _bands(height):
        colours, rough = cv2.split(brush.rgba[rows])[:3], brush.rgba[rows, :, 3]
        grain = cv2.multiply(noise[rows].astype(np.float32) - 128, rough.astype(np.float32), scale=0.9 / (128 * 255))
        grain += 1
        shaded = [
            cv2.multiply(cv2.LUT(c, LINEAR_FROM_U8 * np.float32(g)), grain) for c, g in zip(colours, gain, strict=True)
        ]
        linear[rows] = cv2.merge(shaded)
    return linear


def _bands(height: int) -> list[slice]:
    """Rows that fit the processor's cache together: twice as fast as whole pictures."""
    return [slice(top, min(top + 48, height)) for top in range(0, height, 48)]


def lay_sign_(linear: F32, face: SignFace, image_from_surface: F64, light: F64) -> None:
    """Blend the sign over ``linear`` ``(H, W, 3)`` in place; area-averaged, so that it does not alias at any distance.
    ``image_from_surface`` ``(3, 3)``, ``light`` ``(3,)``.
    """
    corners = through(image_from_surface, face.outline_mm)
    height, width = linear.shape[:2]
    left, top = np.maximum(np.floor(corners.min(0)).astype(int) - 2, 0)
    right, bottom = np.minimum(np.ceil(corners.max(0)).astype(int) + 3, [width, height])
    if right <= left or bottom <= top:
        return
    size = max(right - left, bottom - top)
    fine = 4 if size < 64 else 2  # sub-pixels per pixel and axis
    mm_per_px = np.ptp(face.outline_mm, axis=0).max() / max(np.ptp(corners, axis=0).max(), 1)
    level = int(np.clip(np.floor(np.log2(max(mm_per_px / fine / MM_PER_TEXEL, 1))), 0, len(face.pyramid) - 1))
    texture = face.pyramid[level]
    step = MM_PER_TEXEL * 2**level
    tall, wide = texture.shape[:2]
    surface_from_texel = np.array([[step, 0, (0.5 - wide / 2) * step], [0, step, (0.5 - tall / 2) * step], [0, 0, 1.0]])
    offset = 0.5 * fine - 0.5
    fine_from_image = np.array([[fine, 0, offset - fine * left], [0, fine, offset - fine * top], [0, 0, 1.0]])
    patch = cv2.warpPerspective(
        texture, fine_from_image @ image_from_surface @ surface_from_texel,
        (int(right - left) * fine, int(bottom - top) * fine), flags=cv2.INTER_LINEAR,
    )  # fmt: skip
    patch = cv2.resize(patch, (int(right - left), int(bottom - top)), interpolation=cv2.INTER_AREA)
    region = linear[top:bottom, left:right]
    region *= 1 - patch[..., 3:]
    region += patch[..., :3] * light.astype(np.float32)


def blur_of(blur_px: float) -> float:
    """Standard deviation of the kernel that :func:`photographed` really uses: few samples, cut after two pixels."""
    if blur_px <= _MIN_BLUR:
        return 0.0
    kernel = cv2.getGaussianKernel(_TAPS, blur_px)[:, 0]
    return float(np.sqrt(kernel @ (np.arange(_TAPS) - _TAPS // 2) ** 2))


def noise_of(noise: float) -> tuple[float, float]:
    """Variance of :func:`photographed`'s noise per unit of linear light, and in the dark."""
    return _SHOT * noise**2, (1 - _SHOT) * noise**2


def photographed(linear: F32, rng: np.random.Generator, blur_px: float, noise: float) -> U8:
    """Optics, shot and read noise (standard deviation ``noise`` at white, in linear light), clipping, sRGB, 8 bits."""
    seen = cv2.GaussianBlur(linear, (_TAPS, _TAPS), blur_px) if blur_px > _MIN_BLUR else linear
    height, width = seen.shape[:2]
    grain = cv2.merge([noise_crop(rng, 1, width, height) for _ in range(3)])
    codes = np.empty((height, width, 3), np.uint8)
    for rows in _bands(height):
        light = np.clip(seen[rows], 0, 1)
        # variance grows with light (shot noise) above a floor of a tenth (read noise)
        spread = cv2.sqrt(light * np.float32(_SHOT) + np.float32(1 - _SHOT)) * np.float32(noise / 48)
        spread *= grain[rows].astype(np.float32) - 128
        spread += light
        codes[rows] = _U8_FROM_LINEAR.take((np.clip(spread, 0, 1, out=spread) * np.float32(4095)).astype(np.uint16))
    return codes
