"""Every box of a detector of transformers with gradient, and the package's own way from there to what it reports."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.ops import box_convert

from physadv.api import AccessLevel, BadOption, Candidates, Detections, Task, expect
from physadv_transformers import TransformersConfig
from physadv_transformers.networks import RANDOM, Loaded, load


def build(config: TransformersConfig) -> TransformersVictim:
    """Load and name the network, and put the queries to it where it takes any."""
    loaded = load(config)
    if loaded.family.text and not config.queries:
        raise BadOption(f"{config.model} finds what it is told: add victim.queries=[stop sign,person]")
    if not loaded.family.text and config.queries:
        raise BadOption(f"{config.model} has classes of its own; leave victim.queries out")
    return TransformersVictim(config, loaded)


class TransformersVictim(nn.Module):
    """The package's image processor (which is differentiable), its network, and its rule of reporting.

    Several networks refine boxes in steps that the package itself detaches; the gradient is what the package leaves.
    """

    task, access = Task.detection, AccessLevel.gradients
    network: Any
    query_embeds: Tensor | None

    def __init__(self, config: TransformersConfig, loaded: Loaded) -> None:
        super().__init__()
        self.name = f"transformers/{Path(config.model.removeprefix(RANDOM)).name}"
        self.confidence, self._family, self._processor = config.confidence, loaded.family, loaded.processor
        self.labels = tuple(config.queries) or _class_names(loaded.network.config)
        texts = [config.prompt.format(query) for query in config.queries]
        self.digest = _digest(loaded.network, texts)
        self.network = loaded.network
        self.eval().requires_grad_(False)
        self.register_buffer("query_embeds", self._embedded(texts, loaded.tokenizer) if texts else None)

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        """Itself."""
        return (self,)

    def outputs(self, images: Tensor) -> Candidates:
        """Every query or patch of the network, scored as its ``post_process_object_detection`` scores it."""
        expect("images", images, ("B", 3, "H", "W"))
        height, width = images.shape[-2:]
        shown = self._padded(images)
        prepared = self._processor(
            images=list(shown), do_rescale=False, input_data_format="channels_first", return_tensors="pt"
        )
        logits, boxes = self._by_text(prepared["pixel_values"]) if self._family.text else self._by_class(prepared)
        scores = logits.softmax(dim=-1)[..., :-1] if self._family.softmax else logits.sigmoid()
        seen_h, seen_w = shown.shape[-2:]
        reach = (max(seen_h, seen_w),) * 2 if self._family.padded_square else (seen_w, seen_h)
        corners = box_convert(boxes, "cxcywh", "xyxy") * boxes.new_tensor(reach * 2)
        x0, y0, x1, y1 = corners.unbind(-1)
        cut = (x0.clamp(0, width), y0.clamp(0, height), x1.clamp(0, width), y1.clamp(0, height))
        return Candidates(torch.stack(cut, dim=-1), scores)

    @torch.no_grad()
    def decide(self, outputs: Candidates, confidence: float | None = None) -> tuple[Detections, ...]:
        """As the package's ``post_process_object_detection``, but boxes are cut at the edge of the image."""
        threshold = self.confidence if confidence is None else confidence
        reported = []
        for boxes, scores in zip(outputs.boxes_xyxy_px, outputs.scores, strict=True):
            row, label = self._best_pairs(scores) if self._family.pairs else _best_classes(scores)
            reported.append(Detections(boxes[row], scores[row, label], label).above(threshold))
        return tuple(reported)

    def _best_pairs(self, scores: Tensor) -> tuple[Tensor, Tensor]:
        count = min(self._family.max_reports or len(scores), scores.numel())
        pairs = scores.flatten().topk(count).indices
        return pairs // scores.shape[1], pairs % scores.shape[1]

    def _padded(self, images: Tensor) -> Tensor:
        """With black at the right or below where the package cannot take so narrow an image."""
        height, width = images.shape[-2:]
        min_side = math.ceil(max(height, width) * self._family.narrowest)
        return nn.functional.pad(images, (0, max(0, min_side - width), 0, max(0, min_side - height)))

    def _by_class(self, prepared: Any) -> tuple[Tensor, Tensor]:
        found = self.network(**prepared)
        return found.logits, found.pred_boxes

    def _by_text(self, pixel_values: Tensor) -> tuple[Tensor, Tensor]:
        """The network's own parts, without reading the same queries again for every image."""
        assert self.query_embeds is not None
        features, _ = self.network.image_embedder(pixel_values)[:2]
        rows = features.flatten(1, 2)
        queries = self.query_embeds.expand(len(rows), -1, -1)
        logits, _ = self.network.class_predictor(rows, queries, queries.new_ones(queries.shape[:2], dtype=torch.bool))
        return logits, self.network.box_predictor(rows, features)

    @torch.no_grad()
    def _embedded(self, texts: list[str], tokenizer: Any) -> Tensor:
        """``(1, K, D)``; each query alone is one text, padded to the length that the network was trained with."""
        tokens = tokenizer(
            texts, padding="max_length", truncation=True, max_length=self._text_length(), return_tensors="pt"
        )
        side = self.network.config.vision_config.image_size
        blank = torch.zeros(1, 3, side, side)
        embeds, *_ = self.network.image_text_embedder(tokens["input_ids"], blank, tokens["attention_mask"])
        return embeds.reshape(1, len(texts), -1).clone()

    def _text_length(self) -> int:
        return int(self.network.config.text_config.max_position_embeddings)


def _best_classes(scores: Tensor) -> tuple[Tensor, Tensor]:
    """Every box as its best class, best box first."""
    best, label = scores.max(dim=1)
    order = best.argsort(descending=True)
    return order, label[order]


def _class_names(description: Any) -> tuple[str, ...]:
    names = {int(number): str(name) for number, name in description.id2label.items()}
    return tuple(names.get(number) or f"class{number}" for number in range(max(names) + 1))


def _digest(network: nn.Module, texts: list[str]) -> str:
    """SHA-256 over the queries and over names, shapes and bytes of all weights, in the order of the names."""
    digest = hashlib.sha256("\n".join(texts).encode())
    for name, value in sorted(network.state_dict().items()):
        digest.update(f"{name} {tuple(value.shape)} {value.dtype}".encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
