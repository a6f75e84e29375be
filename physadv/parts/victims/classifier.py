"""Any image classifier as a victim: it says logits over its labels, and reports the best class of the picture.

>>> from physadv.api import Classifier
>>> Classifier(network, ("stop", "yield"), name="acme/signs", size_px=32)  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from physadv.core.access import AccessLevel, Task
from physadv.core.answers import ClassLogits, TopClasses
from physadv.core.errors import BadShape, IncompatibleParts
from physadv.core.types import expect
from physadv.library.files.digests import digest_of_state


class Classifier(nn.Module):
    """Wraps ``network``, which maps ``(B, 3, h, w)`` to ``(B, K)`` logits, or log-probabilities.

    Where victims are detectors it is seen as one through :class:`~physadv.parts.victims.whole_picture.WholePicture`,
    which the program does for every classifier that a plugin offers.

    Images of any size are stretched to ``size_px`` (height and width, or one side of a square). With ``shorter_px`` the
    shorter side is brought to that many pixels instead and the middle is taken, as torchvision's presets do. Then
    ``(x - mean) / std`` on sRGB in [0, 1], in the order red, green, blue; with ``bgr`` turned round.
    The weights are frozen, in place; ``digest`` defaults to a hash of them.
    """

    task = Task.classification
    mean: Tensor
    std: Tensor

    def __init__(
        self,
        network: nn.Module,
        labels: Sequence[str],
        *,
        name: str,
        size_px: int | tuple[int, int],
        mean: Sequence[float] = (0.0, 0.0, 0.0),
        std: Sequence[float] = (1.0, 1.0, 1.0),
        shorter_px: int = 0,
        bicubic: bool = False,
        bgr: bool = False,
        confidence: float = 0.0,
        digest: str = "",
        access: AccessLevel = AccessLevel.gradients,
        bf16: bool = False,
    ) -> None:
        super().__init__()
        if len(labels) < 2:
            raise IncompatibleParts(f"classifier {name} needs two labels or more to choose from, got {list(labels)}")
        self.name, self.labels, self.confidence = name, tuple(labels), confidence
        self.size_px = (size_px, size_px) if isinstance(size_px, int) else size_px
        self.shorter_px, self.bicubic, self.bgr = shorter_px, bicubic, bgr
        self.access, self.bf16 = access, bf16
        self.digest = digest or digest_of_state(network.state_dict())
        self.network = network
        self.register_buffer("mean", torch.tensor(mean).reshape(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).reshape(3, 1, 1), persistent=False)
        self.eval().requires_grad_(False)

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        """Itself."""
        return (self,)

    def outputs(self, images: Tensor) -> ClassLogits:
        """``(B, K)``: what the network says of the images after they were resized and normalised.

        Raises :class:`BadShape` where the network puts out anything else.
        """
        expect("images", images, ("B", 3, "H", "W"))
        pixels = (self._fitted(images) - self.mean) / self.std
        with torch.autocast(images.device.type, dtype=torch.bfloat16, enabled=self.bf16):
            logits: Tensor = self.network(pixels.flip(1) if self.bgr else pixels)
        if tuple(logits.shape) != (len(images), len(self.labels)):
            raise BadShape(
                f"{self.name} puts out {tuple(logits.shape)} for {len(images)} images and {len(self.labels)} labels; "
                f"expected ({len(images)}, {len(self.labels)})"
            )
        return ClassLogits(logits.float())

    def decide(self, outputs: ClassLogits, confidence: float | None = None) -> TopClasses:
        """The best class of each image; not reported where it scores less than ``confidence``."""
        return TopClasses.of(outputs, self.confidence if confidence is None else confidence)

    def _fitted(self, images: Tensor) -> Tensor:
        height, width = images.shape[-2:]
        if not self.shorter_px:
            return self._resized(images, self.size_px)
        shorter, longer = min(height, width), max(height, width)
        long_px = int(self.shorter_px * longer / shorter)
        whole = (long_px, self.shorter_px) if height > width else (self.shorter_px, long_px)
        return _middle(self._resized(images, whole), self.size_px)

    def _resized(self, images: Tensor, size_px: tuple[int, int]) -> Tensor:
        height, width = images.shape[-2:]
        if (height, width) == size_px:
            return images
        if self.bicubic:  # with antialiasing the kernel is Pillow's also where it enlarges
            sized = functional.interpolate(images, size=size_px, mode="bicubic", align_corners=False, antialias=True)
            return sized.clamp(0, 1)
        shrinks = size_px[0] < height or size_px[1] < width
        return functional.interpolate(images, size=size_px, mode="bilinear", align_corners=False, antialias=shrinks)


def _middle(images: Tensor, size_px: tuple[int, int]) -> Tensor:
    """The central part; black is added where the image is smaller, as torchvision's ``center_crop`` does."""
    spare = [have - want for have, want in zip(images.shape[-2:], size_px, strict=True)]
    if min(spare) < 0:
        short = [max(-each, 0) for each in spare]
        images = functional.pad(
            images, (short[1] // 2, (short[1] + 1) // 2, short[0] // 2, (short[0] + 1) // 2)
        )  # fmt: skip
        spare = [max(each, 0) for each in spare]
    top, left = (round(each / 2) for each in spare)
    return images[..., top : top + size_px[0], left : left + size_px[1]]
