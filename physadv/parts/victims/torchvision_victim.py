"""torchvision's detectors with raw candidates: decoded, but neither thresholded nor suppressed."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.ssd import SSD

from physadv.core.access import AccessLevel, Task
from physadv.core.types import Candidates, Detections, expect
from physadv.library.files.digests import digest_of_state
from physadv.parts.victims.class_names import names_for, read_names
from physadv.parts.victims.coco import COCO_91
from physadv.parts.victims.detections import decide
from physadv.parts.victims.frozen import fold_norms_, freeze
from physadv.parts.victims.letterbox import LetterboxFit
from physadv.parts.victims.options import TorchvisionConfig
from physadv.parts.victims.torchvision_heads import head_of
from physadv.parts.victims.torchvision_weights import make_model


def build(name: str, config: TorchvisionConfig) -> TorchvisionVictim:
    """The model by torchvision's name; labels are COCO's unless the weights are the user's own."""
    wanted = read_names(config.labels)
    labels = COCO_91[1:] if wanted is None else names_for(len(wanted), wanted, name)
    return TorchvisionVictim(name, make_model(name, config, len(labels)), labels, config)


class TorchvisionVictim(nn.Module):
    """Resizes as the model does (bilinear without antialiasing) and reports as the model does (each class that passes).

    Two-stage models report each proposal as its best class only; see :func:`torchvision_heads.second_stage`.
    """

    task, access = Task.detection, AccessLevel.gradients
    model: Any

    def __init__(self, name: str, model: nn.Module, labels: tuple[str, ...], config: TorchvisionConfig) -> None:
        super().__init__()
        self.name, self.labels, self.confidence = f"torchvision/{name}", labels, config.confidence
        self.digest = digest_of_state(model.state_dict())
        fold_norms_(model.eval())
        self.model, self.bf16 = model, config.bf16
        self._head, settings = head_of(model)
        self._iou = config.iou or float(settings.nms_thresh)
        self._top, self._every_class = int(settings.detections_per_img), settings is model
        freeze(self)

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        """Itself."""
        return (self,)

    def outputs(self, images: Tensor) -> Candidates:
        """All anchors, places or proposals of the model on ``images`` ``(B,3,H,W)``."""
        expect("images", images, ("B", 3, "H", "W"))
        canvas, fit = self._prepared(images)
        with torch.autocast(images.device.type, dtype=torch.bfloat16, enabled=self.bf16):
            features = self.model.backbone(canvas.tensors)
            boxes, scores = self._head(self.model, canvas, features)
        return Candidates(fit.boxes_in_image(boxes.float()), scores.float())

    def decide(self, outputs: Candidates, confidence: float | None = None) -> tuple[Detections, ...]:
        """As the model itself: its overlap threshold and its limit of detections."""
        threshold = self.confidence if confidence is None else confidence
        return decide(outputs, threshold, self._iou, self._top, every_class=self._every_class)

    def _prepared(self, images: Tensor) -> tuple[ImageList, LetterboxFit]:
        """Normalise, resize and pad as the model's own transform, for a batch of one size."""
        batch, _, height, width = images.shape
        transform = self.model.transform
        inner_h, inner_w = self._inner_hw(height, width)
        channels = zip(images.unbind(1), transform.image_mean, transform.image_std, strict=True)
        canvas = torch.stack([(channel - mean) / std for channel, mean, std in channels], dim=1)
        canvas = nn.functional.interpolate(canvas, size=(inner_h, inner_w), mode="bilinear", align_corners=False)
        step = transform.size_divisible
        canvas = nn.functional.pad(canvas, (0, -inner_w % step, 0, -inner_h % step))
        fit = LetterboxFit((height, width), (inner_w / width, inner_h / height))
        tensors = canvas.contiguous(memory_format=torch.channels_last)
        return ImageList(tensors, [(inner_h, inner_w)] * batch), fit

    def _inner_hw(self, height: int, width: int) -> tuple[int, int]:
        transform = self.model.transform
        if isinstance(self.model, SSD):
            return transform.fixed_size[1], transform.fixed_size[0]
        scale = min(transform.min_size[-1] / min(height, width), transform.max_size / max(height, width))
        return max(1, math.floor(height * scale)), max(1, math.floor(width * scale))
