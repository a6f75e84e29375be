"""Every candidate of torchvision's detectors, before threshold and suppression, on the canvas the model resizes to.

A head maps the model, its input and its features to ``(B, A, 4)`` corners in canvas pixels and ``(B, A, K)`` scores.
Column 0 of the models is background (or, for sigmoid heads, unused) and is dropped, so ``K`` counts real classes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models.detection.faster_rcnn import FasterRCNN
from torchvision.models.detection.fcos import FCOS
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.retinanet import RetinaNet
from torchvision.models.detection.ssd import SSD
from torchvision.ops import clip_boxes_to_image

SMALLEST_PX = 1e-2  # of a box that the second stage keeps

Features = dict[str, Tensor]
Head = Callable[[Any, ImageList, Features], tuple[Tensor, Tensor]]


def head_of(model: nn.Module) -> tuple[Head, Any]:
    """The head for a model's family, and the part of the model that holds its suppression settings."""
    if isinstance(model, SSD):
        return ssd, model
    if isinstance(model, RetinaNet):
        return retinanet, model
    if isinstance(model, FCOS):
        return fcos, model
    assert isinstance(model, FasterRCNN)
    return second_stage, model.roi_heads


def ssd(model: SSD, images: ImageList, features: Features) -> tuple[Tensor, Tensor]:
    """Boxes ``(B,A,4)`` and softmax over classes ``(B,A,K)``, at every default box."""
    raw = model.head(list(features.values()))
    anchors = model.anchor_generator(images, list(features.values()))[0]
    scores = raw["cls_logits"].float().softmax(dim=-1)[..., 1:]
    return _decoded(model, raw["bbox_regression"], anchors), scores


def retinanet(model: RetinaNet, images: ImageList, features: Features) -> tuple[Tensor, Tensor]:
    """Boxes ``(B,A,4)`` and a sigmoid per class ``(B,A,K)``, at every anchor."""
    raw = model.head(list(features.values()))
    anchors = model.anchor_generator(images, list(features.values()))[0]
    return _decoded(model, raw["bbox_regression"], anchors), raw["cls_logits"].float().sigmoid()[..., 1:]


def fcos(model: FCOS, images: ImageList, features: Features) -> tuple[Tensor, Tensor]:
    """Boxes ``(B,A,4)`` and scores ``(B,A,K)``: class and centre-ness sigmoids, combined by their geometric mean, at
    every place.
    """
    raw = model.head(list(features.values()))
    anchors = model.anchor_generator(images, list(features.values()))[0]
    boxes = model.box_coder.decode(raw["bbox_regression"].float(), anchors.expand(len(images.tensors), -1, -1))
    product = raw["cls_logits"].float().sigmoid() * raw["bbox_ctrness"].float().sigmoid()
    return boxes, product.clamp_min(1e-12).sqrt()[..., 1:]  # the root has no finite gradient at zero


def second_stage(model: FasterRCNN, images: ImageList, features: Features) -> tuple[Tensor, Tensor]:
    """Boxes ``(B,P,4)`` and scores ``(B,P,K)``: one candidate a proposal, with the box of its best class.

    The model has one box for each class; ``Candidates`` has one a row, so the scores of lesser classes stand beside the
    best class's box. Proposals carry no gradient (as in training). What lies outside the image scores zero, because the
    model drops it. Images with fewer proposals are filled with zeros.
    """
    proposals, _ = model.rpn(images, features)
    counts = [len(found) for found in proposals]
    pooled = model.roi_heads.box_roi_pool(features, proposals, images.image_sizes)
    logits, offsets = model.roi_heads.box_predictor(model.roi_heads.box_head(pooled))
    scores = logits.float().softmax(dim=-1)[:, 1:]
    boxes = model.roi_heads.box_coder.decode(offsets.float(), proposals)[:, 1:]
    best = scores.argmax(dim=1)[:, None, None].expand(-1, 1, 4)
    boxes = clip_boxes_to_image(boxes.gather(1, best)[:, 0], images.image_sizes[0])
    in_image = (boxes[:, 2:] - boxes[:, :2] >= SMALLEST_PX).all(dim=1, keepdim=True)
    return _filled(boxes, counts), _filled(scores * in_image, counts)


def _decoded(model: SSD | RetinaNet, offsets: Tensor, anchors: Tensor) -> Tensor:
    batch, count, _ = offsets.shape
    boxes: Tensor = model.box_coder.decode_single(offsets.float().reshape(-1, 4), anchors.repeat(batch, 1))
    return boxes.reshape(batch, count, 4)


def _filled(rows: Tensor, counts: list[int]) -> Tensor:
    """Ragged rows of all images → ``(B, most, columns)``, zeros where an image has fewer."""
    return nn.utils.rnn.pad_sequence(list(torch.split(rows, counts)), batch_first=True)
