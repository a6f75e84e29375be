"""Any detector as a victim: it says boxes and scores on its own canvas, and reports what is left after suppression.

>>> from physadv.api import Detector
>>> Detector(network, ("stop", "yield"), name="acme/signs", size_px=640)  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from physadv.core.access import AccessLevel, Task
from physadv.core.errors import BadOption, BadShape, IncompatibleParts
from physadv.core.types import Candidates, Detections, expect
from physadv.library.files.digests import digest_of_state
from physadv.parts.victims import detections
from physadv.parts.victims.frozen import freeze
from physadv.parts.victims.letterbox import GREY, letterbox, stretch


class Detector(nn.Module):
    """Wraps ``network``, which maps ``(B, 3, h, w)`` to boxes ``(B, N, 4)`` and scores ``(B, N, K)``.

    Boxes are ``x0 y0 x1 y1`` in pixels of that canvas, scores within 0 and 1: every candidate, before any threshold,
    because what is thrown away has no gradient. Images of any size are brought to ``size_px`` (height and width, or one
    side of a square) with their aspect kept, the rest filled with ``pad``: right and below, or around with ``centred``;
    ``keep_aspect=False`` stretches. Then ``(x - mean) / std`` on sRGB in [0, 1] in the order red, green, blue; with
    ``bgr`` turned round; for pixels in 0..255 ``std=(1 / 255,) * 3``. Boxes come back in the image's pixels.

    Reported is what scores ``confidence`` and has no better box of its class that overlaps it by more than ``iou``:
    ``iou=1`` for networks that suppress by themselves. The weights are frozen, in place; ``digest`` defaults to a hash.
    """

    task = Task.detection
    mean: Tensor
    std: Tensor

    def __init__(
        self,
        network: nn.Module,
        labels: Sequence[str],
        *,
        name: str,
        size_px: int | tuple[int, int],
        keep_aspect: bool = True,
        centred: bool = False,
        pad: float = GREY,
        mean: Sequence[float] = (0.0, 0.0, 0.0),
        std: Sequence[float] = (1.0, 1.0, 1.0),
        bgr: bool = False,
        confidence: float = 0.25,
        iou: float = 0.5,
        top: int = 300,
        every_class: bool = False,
        digest: str = "",
        access: AccessLevel = AccessLevel.gradients,
    ) -> None:
        super().__init__()
        if not labels:
            raise IncompatibleParts(f"detector {name} needs a label or more")
        if not (0 <= confidence <= 1 and 0 < iou <= 1 and top >= 1):
            raise BadOption(
                f"detector {name}: confidence must be within 0 and 1, iou above 0 and at most 1, top at least 1; "
                f"got {confidence:g}, {iou:g}, {top}"
            )
        self.name, self.labels, self.confidence, self.access = name, tuple(labels), confidence, access
        self.size_px = (size_px, size_px) if isinstance(size_px, int) else size_px
        self._keep_aspect, self._centred, self._pad, self._bgr = keep_aspect, centred, pad, bgr
        self._iou, self._top, self._every_class = iou, top, every_class
        self.digest = digest or digest_of_state(network.state_dict())
        self.network = network
        self.register_buffer("mean", torch.tensor(mean).reshape(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).reshape(3, 1, 1), persistent=False)
        freeze(self)

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        """Itself."""
        return (self,)

    def outputs(self, images: Tensor) -> Candidates:
        """All candidates, boxes in the image's pixels and cut at its edge.

        Raises :class:`BadShape` where the network puts out anything else than boxes and scores.
        """
        expect("images", images, ("B", 3, "H", "W"))
        if self._keep_aspect:
            canvas, fit = letterbox(images, self.size_px, pad=self._pad, centred=self._centred)
        else:
            canvas, fit = stretch(images, self.size_px)
        pixels = (canvas - self.mean) / self.std
        answer = self.network(pixels.flip(1) if self._bgr else pixels)
        boxes, scores = self._expected(answer, len(images))
        return Candidates(fit.boxes_in_image(boxes.float()), scores.float())

    def decide(self, outputs: Candidates, confidence: float | None = None) -> tuple[Detections, ...]:
        """Best first, one report an image."""
        bar = self.confidence if confidence is None else confidence
        return detections.decide(outputs, bar, self._iou, self._top, every_class=self._every_class)

    def _expected(self, answer: object, images: int) -> tuple[Tensor, Tensor]:
        match answer:
            case (Tensor() as boxes, Tensor() as scores):
                due = (images, boxes.shape[1] if boxes.ndim == 3 else -1, len(self.labels))
                if tuple(boxes.shape) == (*due[:2], 4) and tuple(scores.shape) == due:
                    return boxes, scores
                told = f"{tuple(boxes.shape)} and {tuple(scores.shape)}"
            case _:
                told = type(answer).__name__
        raise BadShape(
            f"{self.name} puts out {told} for {images} images; expected boxes ({images}, N, 4) and scores "
            f"({images}, N, {len(self.labels)})"
        )
