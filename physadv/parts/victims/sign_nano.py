"""``sign-nano`` and ``person-nano``: the detectors that come with the product, or the user's own training of one."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from physadv.core.access import AccessLevel, Task
from physadv.core.types import Candidates, Detections
from physadv.parts.victims.detections import decide
from physadv.parts.victims.frozen import fold_norms_, freeze
from physadv.parts.victims.letterbox import GREY, LetterboxFit, resize
from physadv.parts.victims.options import SignNanoConfig
from physadv.parts.victims.sign_nano_net import STRIDES, SignNanoNet
from physadv.parts.victims.sign_nano_weights import read_sign_nano

_USUAL = 0.5  # threshold where neither the user nor the weights name one


class SignNano:
    """Frozen weights; images are padded, not resized, unless ``size_px`` limits their longer side."""

    task, access = Task.detection, AccessLevel.gradients

    def __init__(
        self, net: SignNanoNet, labels: tuple[str, ...], digest: str, config: SignNanoConfig, name: str = "sign-nano",
        threshold: float | None = None,
    ) -> None:  # fmt: skip
        """``threshold`` holds where ``config`` names none."""
        fold_norms_(net.eval())
        self._net, self._labels, self._digest, self._config = freeze(net), labels, digest, config
        chosen = threshold if config.confidence is None else config.confidence
        self._confidence = _USUAL if chosen is None else chosen
        self.name = name

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names, by index."""
        return self._labels

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        """The one network."""
        return (self._net,)

    @property
    def confidence(self) -> float:
        """The operating threshold: whatever scores at least this is reported."""
        return self._confidence

    @property
    def digest(self) -> str:
        """SHA-256 of the weights file."""
        return self._digest

    def outputs(self, images: Tensor) -> Candidates:
        """Candidates on ``images`` ``(B,3,H,W)``.

        Scores are sigmoids of the class logits, the very ones that :meth:`decide` thresholds.
        """
        canvas, fit = self._on_canvas(images)
        boxes, logits = self._net(canvas.contiguous(memory_format=torch.channels_last))
        return Candidates(fit.boxes_in_image(boxes), logits.sigmoid())

    def decide(self, outputs: Candidates, confidence: float | None = None) -> tuple[Detections, ...]:
        """Threshold and suppress."""
        return decide(outputs, self.confidence if confidence is None else confidence, self._config.iou)

    def to(self, device: torch.device | str) -> SignNano:
        """The same victim, moved in place."""
        self._net.to(device)
        return self

    def _on_canvas(self, images: Tensor) -> tuple[Tensor, LetterboxFit]:
        """Shrink to the size limit, then pad right and below with grey to multiples of the coarsest stride."""
        height, width = images.shape[-2:]
        limit = self._config.size_px
        scale = min(1.0, limit / max(height, width)) if limit else 1.0
        inner = (max(1, round(height * scale)), max(1, round(width * scale)))
        canvas = resize(images, inner)
        spare_y, spare_x = -inner[0] % STRIDES[-1], -inner[1] % STRIDES[-1]
        if spare_y or spare_x:
            canvas = F.pad(canvas, (0, spare_x, 0, spare_y), value=GREY)
        return canvas, LetterboxFit((height, width), (inner[1] / width, inner[0] / height))


def load_sign_nano(config: SignNanoConfig, name: str = "sign-nano") -> SignNano:
    """With the weights of the package that bear this ``name``, or the user's file."""
    weights = read_sign_nano(config, name)
    return SignNano(weights.net(), weights.labels, weights.digest, config, name, weights.threshold)
