"""Reads any picture a user may have into sRGB tensors; what cannot be read is refused in a line that names the file."""

from __future__ import annotations

import io
import logging
import os
import struct
import warnings
import zlib
from functools import cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError
from torch import Tensor

from physadv.core.errors import BadInput
from physadv.library.colour.conversion import rgb_u8_from_srgb, srgb_from_rgb_u8
from physadv.library.files.atomic import write_bytes
from physadv.library.files.hdr_stills import COMMAND, hdr_curve

logger = logging.getLogger(__name__)

MAX_MEGAPIXELS = 100
"""A larger picture is refused before it is decoded: a few bytes can ask for gigabytes."""

_NO_PHOTOS = {"BUFR", "EPS", "FITS", "GRIB", "HDF5", "IPTC", "MPEG", "WMF"}
"""Formats that Pillow names but hands to other programs (EPS to Ghostscript) or does not decode at all."""

# what Pillow's decoders raise on broken files
_UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error, zlib.error)


@cache
def picture_formats() -> dict[str, str]:
    """Suffix (lower-case, with its dot) → format, of all pictures that can be read; HEIC where pillow-heif is there."""
    Image.init()
    try:
        import pillow_heif

        pillow_heif.register_heif_opener()
    except ImportError:  # an extra
        pass
    known = Image.registered_extensions().items()
    return {suffix: kind for suffix, kind in known if kind in Image.OPEN and kind not in _NO_PHOTOS}


def unreadable(path: Path) -> str:
    """Why Pillow knows no such picture and what to do, in the words that follow the file's name."""
    if path.suffix.lower() in (".heic", ".heif", ".hif") and ".heic" not in picture_formats():
        return 'is a HEIC photo: pip install "physadv[heic]", or save it as JPEG'
    return "is not an image that can be read. Save it as PNG or JPEG"


def opened(source: Path | io.BytesIO) -> Image.Image:
    """``Image.open`` for the formats of :func:`picture_formats`, without its own warning of large pictures."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit follows
        return Image.open(source, formats=sorted(set(picture_formats().values())))


def load_srgb(path: str | os.PathLike[str]) -> Tensor:
    """Read a picture as ``(3,H,W)`` float32 sRGB in [0, 1], upright. What is transparent shows white paper.

    Grey, palette, 16-bit and CMYK pictures are converted; an embedded ICC profile is honoured.
    """
    picture, _ = _decode(Path(path))
    if picture.mode == "RGBA":
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    return srgb_from_rgb_u8(np.array(picture))


def load_rgba(path: str | os.PathLike[str]) -> Tensor:
    """Read a picture as ``(4,H,W)`` float32: straight (not premultiplied) sRGB and alpha; opaque where it has none."""
    picture, _ = _decode(Path(path))
    codes = np.array(picture.convert("RGBA"))
    return torch.from_numpy(codes).permute(2, 0, 1).float() / 255


def load_mask(path: str | os.PathLike[str]) -> Tensor:
    """Read a picture as a mask ``(1,H,W)`` in [0, 1]: its alpha or, where it has none, its luminance (white = 1)."""
    picture, has_alpha = _decode(Path(path))
    band = picture.getchannel("A") if has_alpha else picture.convert("L")
    return torch.from_numpy(np.array(band))[None].float() / 255


def save_png(srgb: Tensor, path: str | os.PathLike[str]) -> Path:
    """Write ``(3,H,W)`` sRGB as an 8-bit PNG with its profile."""
    stream = io.BytesIO()
    Image.fromarray(rgb_u8_from_srgb(srgb)).save(stream, "PNG", icc_profile=srgb_profile())
    return write_bytes(path, stream.getvalue())


@cache
def srgb_profile() -> bytes:
    """The sRGB ICC profile to embed in what is written; always the same bytes."""
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    creation_date = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)  # bytes 24 to 36 of the header (ICC.1, 7.2)
    return icc[:24] + creation_date + icc[36:]


def _decode(path: Path) -> tuple[Image.Image, bool]:
    """The picture in mode RGB or RGBA, and whether it came with transparency."""
    picture = _open(path)
    has_alpha = picture.has_transparency_data
    icc: bytes | None = picture.info.get("icc_profile")
    try:
        if picture.mode.startswith(("I", "F")):
            picture, icc = _grey_u8(picture, path), None
        alpha = picture.convert("RGBA").getchannel("A") if has_alpha else None
        colours = _to_srgb(picture, icc, path)
    except _UNREADABLE as error:
        raise BadInput(f"cannot convert {str(path)!r} to RGB: {error}. Save it as 8-bit RGB.") from error
    if alpha is not None:
        colours.putalpha(alpha)
    return colours, has_alpha


def _open(path: Path) -> Image.Image:
    """Decode the file completely and turn it upright, or say what is wrong with it."""
    if not path.exists():
        raise BadInput(f"no such image file: {str(path)!r}. Check the path.")
    if path.is_dir():
        raise BadInput(f"{str(path)!r} is a folder, not an image. Name a file in it.")
    if not path.is_file():  # a device may have no end, a pipe no writer
        raise BadInput(f"{str(path)!r} is not a regular file. Copy the picture into one.")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot read {str(path)!r}: {error.strerror}. Check its permissions.") from error
    if not data:
        raise BadInput(f"{str(path)!r} is empty (0 bytes). Make or download it again.")
    if curve := hdr_curve(data):
        raise BadInput(f"{str(path)!r} is an HDR picture ({curve}), whose codes are not sRGB's. Convert it: {COMMAND}")
    try:
        picture = opened(io.BytesIO(data))
        _refuse_huge(path, *picture.size)
        picture.load()
        return ImageOps.exif_transpose(picture)
    except Image.DecompressionBombError as error:
        raise BadInput(f"{str(path)!r} is far too large ({error}). Scale it down below {MAX_MEGAPIXELS} MP.") from error
    except UnidentifiedImageError as error:
        raise BadInput(f"{str(path)!r} {unreadable(path)}.") from error
    except _UNREADABLE as error:
        raise BadInput(f"{str(path)!r} is damaged: {error}. Make or download it again.") from error


def _refuse_huge(path: Path, width: int, height: int) -> None:
    if width * height > MAX_MEGAPIXELS * 1_000_000:
        raise BadInput(
            f"{str(path)!r} has {width}x{height} pixels ({width * height / 1e6:.0f} MP). "
            f"Scale it down below {MAX_MEGAPIXELS} MP."
        )


def _grey_u8(picture: Image.Image, path: Path) -> Image.Image:
    """Scale 16-bit grey to 8 bits; Pillow's own conversion would clip it at 255."""
    values = np.asarray(picture).astype(np.float64)
    if picture.mode == "F" or values.min() < 0 or values.max() > 65535:
        raise BadInput(f"{str(path)!r} has {picture.mode!r} samples without a known white. Save it as 8- or 16-bit.")
    return Image.fromarray((values / 257).round().astype(np.uint8))


def _to_srgb(picture: Image.Image, icc: bytes | None, path: Path) -> Image.Image:
    """Colours as sRGB in mode RGB. A profile that cannot be used is reported in the log and ignored."""
    base = {"RGBA": "RGB", "RGBX": "RGB", "LA": "L", "P": "RGB", "PA": "RGB"}.get(picture.mode, picture.mode)
    flat = picture if picture.mode == base else picture.convert("RGBA").convert(base)
    if icc:
        try:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
            if "sRGB" not in ImageCms.getProfileDescription(profile):
                return _convert(flat, profile)
        except (ImageCms.PyCMSError, OSError) as error:
            logger.warning("%s: its colour profile cannot be used (%s); read as sRGB", path, error)
    return flat.convert("RGB")


def _convert(flat: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    converted = ImageCms.profileToProfile(
        flat,
        profile,
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    assert converted is not None  # only in-place conversion returns nothing
    return converted
