"""Non-local means before the victim: Xu, Evans and Qi, "Feature Squeezing", NDSS 2018 (arXiv:1704.01155).

Every pixel becomes the mean of those around it whose own surroundings look like its own (Buades et al. 2005). The paper
calls its settings by window, patch and strength: 11-3-4 for ImageNet, 13-3-2 for CIFAR-10. Forward is OpenCV's; it has
no gradient, so the kind is ``quantising`` and the gradient passes straight through (Bengio et al. 2013).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from physadv.api import BadOption, Entry, hookimpl

if TYPE_CHECKING:  # it would import torch, and ``physadv --help`` would wait for it
    from torch import Tensor

    from physadv.api import Defense, Victim

physadv_api = 2
physadv_permissions: tuple[str, ...] = ()


@dataclass
class NlMeansConfig:
    window_px: int = 11  # in which alike pixels are looked for, odd
    patch_px: int = 3  # of a pixel's surroundings, by which it is compared, odd
    strength: float = 4.0  # of the smoothing, in 8-bit codes


def build_nl_means(config: NlMeansConfig) -> Defense:
    """Make the defence; torch is imported here, so that ``physadv --help`` stays fast."""
    for option, size in (("window_px", config.window_px), ("patch_px", config.patch_px)):
        if size < 3 or size % 2 == 0:
            raise BadOption(f"defense.{option} of nl-means must be 3, 5, 7 …: it has a centre, got {size}")
    if not config.strength > 0:
        raise BadOption(f"defense.strength of nl-means must be positive, got {config.strength:g}")
    from physadv.api import DefenseKind, Filtered

    class NlMeans:
        kind = DefenseKind.quantising
        name = f"nl-means-{config.window_px}-{config.patch_px}-{config.strength:g}"

        def around(self, victim: Victim[Any, Any]) -> Victim[Any, Any]:
            return Filtered(victim, self, asdict(config), lambda images: squeezed(images, config))

    return NlMeans()


def squeezed(images: Tensor, config: NlMeansConfig) -> Tensor:
    """``images`` ``(B,3,H,W)`` sRGB in [0, 1], smoothed by OpenCV on the CPU; the gradient is the identity."""
    import cv2
    import torch

    def smooth(image: Tensor) -> Tensor:
        codes = (image * 255).round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).flip(2).cpu().contiguous().numpy()
        made = cv2.fastNlMeansDenoisingColored(
            codes, None, config.strength, config.strength, config.patch_px, config.window_px
        )
        return torch.from_numpy(made).flip(2).permute(2, 0, 1).to(image) / 255

    smoothed = torch.stack([smooth(image) for image in images.detach()])
    return smoothed + (images - images.detach())


@hookimpl
def physadv_defenses() -> Iterable[Entry[Any, Defense]]:
    """Offer it as ``defense=example/nl-means``."""
    text = "each pixel becomes the mean of alike ones nearby; the gradient passes straight through"
    return [Entry("example/nl-means", NlMeansConfig, build_nl_means, text, "arXiv:1704.01155")]
