"""ART's preprocessors as filters of pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from physadv.api import MissingExtra

try:
    from art.defences import preprocessor
except ImportError as error:
    raise MissingExtra("defense=art needs ART: pip install 'adversarial-robustness-toolbox>=1.20,<1.21'") from error

_MAKERS = {
    "FeatureSqueezing": lambda arguments: preprocessor.FeatureSqueezing(clip_values=(0, 1), **arguments),
    "JpegCompression": lambda arguments: preprocessor.JpegCompression(
        clip_values=(0, 1), channels_first=True, **arguments
    ),
    "SpatialSmoothing": lambda arguments: preprocessor.SpatialSmoothing(
        clip_values=(0, 1), channels_first=True, **arguments
    ),
}


def preprocessed(images: Tensor, method: str, arguments: Mapping[str, Any]) -> Tensor:
    """``images`` ``(B,3,H,W)`` through ART, each by itself; the gradient is the identity."""
    made = _MAKERS[method](arguments)
    alone = [made(image[None].cpu().numpy())[0][0] for image in images.detach()]
    passed = torch.stack([torch.from_numpy(one) for one in alone]).to(images).clamp(0, 1)
    return passed + (images - images.detach())
