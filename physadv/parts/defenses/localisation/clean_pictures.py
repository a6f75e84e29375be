"""Thresholds from a user's own photos without patches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from physadv.core.errors import BadInput
from physadv.library.files.images import load_srgb, picture_formats
from physadv.parts.defenses.localisation.localised import Localiser
from physadv.parts.defenses.localisation.masks import Thresholds, fitted


def thresholds_from(folder: str, size_px: int, localiser: Localiser) -> Thresholds:
    """Those that :func:`fitted` sets on the photos in ``folder``, their longer side at most ``size_px``.

    Raises :class:`BadInput` where there is no such folder, or no photo in it.
    """
    with torch.no_grad():
        return fitted(localiser.localise(photo) for photo in clean_photos(folder, size_px))


def clean_photos(folder: str, size_px: int) -> Iterator[Tensor]:
    """``(1,3,H,W)`` each, by name, the longer side at most ``size_px``.

    Raises :class:`BadInput` where there is no such folder, or no photo in it.
    """
    place = Path(folder)
    if not place.is_dir():
        raise BadInput(f"defense.clean: no such folder: {folder!r}. Name one with photos without patches")
    paths = sorted(path for path in place.iterdir() if path.suffix.lower() in picture_formats())
    if not paths:
        raise BadInput(
            f"defense.clean: no photo in {folder!r} to set thresholds on. Put 100 or more without patches there, or "
            "give thresholds as numbers"
        )
    for path in paths:
        photo = load_srgb(path)[None]
        shrink = size_px / max(photo.shape[-2:])
        if shrink < 1:
            size = [max(1, round(side * shrink)) for side in photo.shape[-2:]]
            photo = F.interpolate(photo, size, mode="bilinear", align_corners=False, antialias=True)
        yield photo
