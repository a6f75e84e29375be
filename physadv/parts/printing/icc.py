"""A printer's ICC profile becomes a soft-proof table, through littleCMS."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageCms
from torch import Tensor

from physadv.core.errors import BadInput

NODES = 33
FINE = 3  # every third code on each axis: 86³ colours, so that the fit averages the rounding of an 8-bit proof
MAX_BYTES = 64_000_000
_HEADER = 128  # bytes (ICC.1, 7.2)
_KINDS = {
    "scnr": "a scanner's or camera's",
    "mntr": "a screen's or working space's",
    "link": "a device link",
    "spac": "a colour space",
    "abst": "an abstract",
    "nmcl": "a named-colour",
}


def load_profile_table(path: Path) -> tuple[Tensor, str]:
    """The soft proof ``(n,n,n,3)`` by an output profile (CMYK, RGB or grey), and the profile's own description.

    Screen and working-space profiles are refused: proofing by them would say that everything can be printed.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise BadInput(f"no such ICC profile: {str(path)!r} ({error.strerror}). Check ink.path.") from error
    return _table(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=8)
def _table(path: Path, changed_ns: int, size: int) -> tuple[Tensor, str]:
    """Once a process for each version of the file."""
    profile = _output_profile(path, size)
    try:
        proofed = proof_colours(profile, FINE)
        description = ImageCms.getProfileDescription(profile).strip() or "printer"
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        raise BadInput(
            f"{str(path)!r} cannot be used for soft proofing: {error}. It needs tables in both directions."
        ) from error
    return torch.from_numpy(fit_table(proofed).astype(np.float32) / 255), description


def _output_profile(path: Path, size: int) -> ImageCms.ImageCmsProfile:
    """Read the file, and refuse what is no printer's profile."""
    if path.is_dir():
        raise BadInput(f"{str(path)!r} is a folder, not an ICC profile. Name a file in it.")
    if not _HEADER <= size <= MAX_BYTES:
        raise BadInput(f"{str(path)!r} is not an ICC profile: it has {size} bytes.")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot read {str(path)!r}: {error.strerror}. Check its permissions.") from error
    if data[36:40] != b"acsp":
        raise BadInput(f"{str(path)!r} is not an ICC profile. Get the printer's profile from its maker or print shop.")
    if (promised := int.from_bytes(data[:4], "big")) > len(data):
        raise BadInput(f"{str(path)!r} is cut off: {len(data)} of {promised} bytes. Copy or download it again.")
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        kind, space = profile.profile.device_class, profile.profile.xcolor_space
    except (OSError, ValueError, ImageCms.PyCMSError) as error:  # ValueError: text in a tag that is not ASCII
        raise BadInput(f"{str(path)!r} is a damaged ICC profile: {error}. Copy or download it again.") from error
    if kind != "prtr":
        raise BadInput(
            f"{str(path)!r} is {_KINDS.get(kind, f'a {kind!r}')} profile ({space.strip()}), not a printer's. "
            "Name an output profile of class 'prtr', or use ink=coated-offset or ink=none."
        )
    return profile


def proof_colours(profile: ImageCms.ImageCmsProfile, step: int) -> npt.NDArray[np.float64]:
    """The look of sRGB colours in print: ``(n,n,n,3)`` sRGB in [0, 1] at every ``step``-th of the 256 codes.

    Relative colorimetric with black-point compensation; indexed red, green, blue. ``step`` divides 255.
    """
    srgb = ImageCms.createProfile("sRGB")
    transform = ImageCms.buildProofTransform(
        srgb, srgb, profile, "RGB", "RGB",
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        proofRenderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=ImageCms.Flags.SOFTPROOFING | ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.NOOPTIMIZE,
    )  # fmt: skip
    codes = np.arange(0, 256, step, dtype=np.uint8)
    count = len(codes)
    lattice = np.stack(np.meshgrid(codes, codes, codes, indexing="ij"), -1).reshape(count, count * count, 3)
    proofed = ImageCms.applyTransform(Image.fromarray(lattice), transform)
    assert proofed is not None
    return np.asarray(proofed).reshape(count, count, count, 3) / 255.0


def fit_table(proofed: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """The table ``(NODES,NODES,NODES,3)`` whose trilinear interpolation is nearest to ``proofed`` ``(n,n,n,3)``; the
    fit separates by axis.
    """
    position = np.linspace(0, NODES - 1, len(proofed))
    hats = np.clip(1 - np.abs(position[:, None] - np.arange(NODES)), 0, None)
    fit = np.linalg.pinv(hats)
    table: npt.NDArray[np.float64] = np.einsum("ir,rgbc->igbc", fit, proofed)
    table = np.einsum("jg,igbc->ijbc", fit, table)
    table = np.einsum("kb,ijbc->ijkc", fit, table)
    table[-1, -1, -1] = 1.0  # bare paper is bare paper
    return (np.clip(table, 0, 1) * 255).round().astype(np.uint8)
