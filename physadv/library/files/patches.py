"""Patches on disk: an exact ``patch.safetensors`` for programs, a ``patch.png`` of known size for people."""

from __future__ import annotations

import hashlib
import io
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from physadv.core.errors import BadInput, BadOption
from physadv.core.types import PatchImage
from physadv.library.colour.conversion import rgb_u8_from_srgb
from physadv.library.files.atomic import write_bytes
from physadv.library.files.images import load_rgba, opened, srgb_profile

EXACT = "patch.safetensors"
PICTURE = "patch.png"
SHORT_DIGEST = 8  # hexadecimal digits of a patch's digest on paper
_WIDTH = "width_mm"
_REPEATS = "repeats"


def save_patch(patch: PatchImage, folder: str | os.PathLike[str]) -> None:
    """Write ``patch.safetensors`` (exact) and ``patch.png`` (8-bit RGBA, sRGB, with its size) into ``folder``."""
    tensors = {"srgb": patch.srgb.detach().cpu().contiguous(), "alpha": patch.alpha.detach().cpu().contiguous()}
    write_bytes(Path(folder) / EXACT, save(tensors, metadata=_facts(patch)))
    write_bytes(Path(folder) / PICTURE, png_bytes(patch))


def patch_digest(patch: PatchImage) -> str:
    """The digest that tells patches apart, 64 hexadecimal digits: of the 8-bit colours, the mask and the width.

    The same for a patch and for its picture, so the one on a sheet and in its QR code (the first
    :data:`SHORT_DIGEST` digits) finds the run, its scores and its board.
    """
    content = hashlib.sha256(rgb_u8_from_srgb(patch.srgb).tobytes())
    content.update(rgb_u8_from_srgb(patch.alpha.expand(3, -1, -1))[..., 0].tobytes())
    content.update(f"{patch.width_mm:.3f}".encode())
    return content.hexdigest()


def png_bytes(patch: PatchImage) -> bytes:
    """The patch as an RGBA PNG with straight alpha, sRGB profile, resolution and its exact width as text."""
    alpha_u8 = rgb_u8_from_srgb(patch.alpha.expand(3, -1, -1))[..., :1]
    picture = Image.fromarray(np.concatenate((rgb_u8_from_srgb(patch.srgb), alpha_u8), axis=2))
    text = PngImagePlugin.PngInfo()
    for name, value in _facts(patch).items():
        text.add_text(name, value)
    dpi = patch.srgb.shape[2] / (patch.width_mm / 25.4)
    stream = io.BytesIO()
    picture.save(stream, "PNG", dpi=(dpi, dpi), icc_profile=srgb_profile(), pnginfo=text)
    return stream.getvalue()


def _facts(patch: PatchImage) -> dict[str, str]:
    """Facts that the pixels do not say."""
    facts = {_WIDTH: repr(float(patch.width_mm))}
    return facts | {_REPEATS: "true"} if patch.repeats else facts


def load_patch(path: str | os.PathLike[str], width_mm: float | None = None) -> PatchImage:
    """Read a patch from a run folder, a ``.safetensors`` file or any picture.

    ``width_mm`` overrides the size in the file. A picture without one in its text or resolution needs it. Raises
    :class:`BadOption` where nothing says how wide it is.
    """
    if width_mm is not None and not (width_mm > 0 and math.isfinite(width_mm)):
        raise BadOption(f"the patch's width_mm must be a positive number of millimetres, got {width_mm}.")
    source = _file_of(Path(path))
    if source.suffix == ".safetensors":
        srgb, alpha, facts = _read_exact(source)
        stored_mm = _positive(facts.get(_WIDTH))
    else:
        rgba = load_rgba(source)
        srgb, alpha, facts = rgba[:3], rgba[3:], _noted(source)
        stored_mm = _stored_width_mm(facts, rgba.shape[2])
    width = width_mm or stored_mm
    if width is None:
        hint = _why_no_size(facts, srgb.shape[2])
        raise BadOption(
            f"{str(source)!r} does not say how wide it is on paper{hint}. Give width_mm=... in millimetres."
        )
    return PatchImage(srgb, alpha, width, repeats=facts.get(_REPEATS) == "true")


def _file_of(path: Path) -> Path:
    if not path.exists():
        raise BadInput(f"no such patch: {str(path)!r}. Name a run folder, a patch.safetensors or a picture.")
    if not path.is_dir():
        return path
    found = next((path / name for name in (EXACT, PICTURE) if (path / name).is_file()), None)
    if found is None:
        raise BadInput(f"the folder {str(path)!r} holds neither {EXACT} nor {PICTURE}. Did its run finish?")
    return found


def _read_exact(path: Path) -> tuple[Tensor, Tensor, dict[str, Any]]:
    try:
        with safe_open(path, "pt") as file:
            srgb, alpha = file.get_tensor("srgb"), file.get_tensor("alpha")
            facts = file.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise BadInput(f"{str(path)!r} is not a patch: {error}.") from error
    for name, values in (("srgb", srgb), ("alpha", alpha)):
        if not values.is_floating_point() or not values.numel() or not ((values >= 0) & (values <= 1)).all():
            raise BadInput(f"{str(path)!r} is not a patch: {name} must be numbers in [0, 1].")
        channels = 3 if name == "srgb" else 1
        if values.ndim != 3 or values.shape[0] != channels:
            raise BadInput(
                f"{str(path)!r} is not a patch: {name} must be ({channels}, h, w), got {tuple(values.shape)}. "
                "Bring the channels to the front."
            )
    return srgb.float(), alpha.float(), facts


_UNCHOSEN_DPI = (1.0, 72.0, 96.0, 144.0)
"""Resolutions where nobody chose one: TIFF's default, EXIF's and Pillow's for "unknown", Windows', and
screenshots of high density. As sizes they are accidents."""


def _noted(path: Path) -> dict[str, Any]:
    """Notes in a picture's file: our own text, and its resolution."""
    with opened(path) as picture:
        return {str(name): picture.info[name] for name in (_WIDTH, _REPEATS, "dpi") if name in picture.info}


def _stored_width_mm(facts: dict[str, Any], width_px: int) -> float | None:
    """The width our own files note as text, else the one that a resolution implies which somebody chose."""
    if (width_mm := _positive(facts.get(_WIDTH))) is not None:
        return width_mm
    dpi = _dpi(facts)
    return width_px / dpi * 25.4 if dpi and not _unchosen(dpi) else None


def _dpi(facts: dict[str, Any]) -> float | None:
    """Dots per inch, where they are the same both ways."""
    stored = facts.get("dpi")
    across, down = (_positive(value) for value in stored[:2]) if stored and len(stored) > 1 else (None, None)
    return across if across and down and abs(across / down - 1) < 0.01 else None


def _unchosen(dpi: float) -> bool:
    """Within 1, because some files store whole dots per centimetre: 28 are 71.1 dpi."""
    return any(abs(dpi - made_up) < 1 for made_up in _UNCHOSEN_DPI)


def _why_no_size(facts: dict[str, Any], width_px: int) -> str:
    dpi = _dpi(facts)
    if not dpi or not _unchosen(dpi):
        return ""
    return f" ({dpi:.0f} dpi, {width_px / dpi * 25.4:.1f} mm, is what programs write when nobody chose a size)"


def _positive(value: object) -> float | None:
    """Read a number written by anyone; ``None`` unless it is positive and finite."""
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if number > 0 and math.isfinite(number) else None
