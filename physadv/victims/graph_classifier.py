"""A graph with one vector an image is a classifier: logits or probabilities over its classes."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from physadv.classifier import Classifier
from physadv.errors import BadOption
from physadv.victims.class_names import IMAGENET, imagenet_names, names_for
from physadv.victims.entries import OnnxConfig
from physadv.victims.onnx_file import OnnxFile

logger = logging.getLogger(__name__)

_IMAGENET_MEAN, _IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_IMAGENET_CROP = 0.875  # the network's side as a share of the shorter side before cropping
_LEAST = 1e-30  # probability; its logarithm is finite


def is_classifier(outputs: Sequence[Tensor]) -> bool:
    """One output ``(1, K)`` or ``(1, K, 1, 1)``."""
    shape = tuple(outputs[0].shape) if len(outputs) == 1 else ()
    return len(shape) >= 2 and shape[1] > 1 and shape[2:] in ((), (1, 1))


def classifier_of(
    file: OnnxFile,
    config: OnnxConfig,
    network: nn.Module,
    output: Tensor,
    wanted: tuple[str, ...] | None,
    *,
    name: str,
    differentiable: bool,
) -> Classifier:
    """Fed as ImageNet's classifiers are when there are 1000 classes, else stretched and in [0, 1]; options say else."""
    classes, probabilities = output.shape[1], _are_probabilities(output.flatten(1))
    imagenet = classes == IMAGENET
    mean = tuple(config.mean) or (_IMAGENET_MEAN if imagenet else (0.0,) * 3)
    std = tuple(config.std) or (_IMAGENET_STD if imagenet else (1.0,) * 3)
    white, bgr = config.value_range or 1.0, config.channels == "bgr"
    if bgr and (config.mean or config.std):  # given in the network's order
        mean, std = (mean[::-1] if config.mean else mean), (std[::-1] if config.std else std)
    logger.info(
        "%s: classifier of %d classes, %s, fed with %s", file.path.name, classes,
        "probabilities" if probabilities else "logits",
        "ImageNet's mean and std" if imagenet and not config.mean else f"mean {list(mean)} and std {list(std)}",
    )  # fmt: skip
    return Classifier(
        Vector(network, probabilities=probabilities),
        names_for(classes, wanted, str(file.path), imagenet_names() if imagenet else (), coco=False),
        name=name,
        size_px=file.input_hw,
        shorter_px=_shorter_px(config.resize, file.input_hw, imagenet=imagenet),
        mean=[value / white for value in mean],
        std=[value / white for value in std],
        bgr=bgr,
        confidence=config.confidence or 0.0,
        digest=file.digest,
        differentiable=differentiable,
    )


class Vector(nn.Module):
    """The only output of a network as logits ``(B, K)``; probabilities become their logarithms."""

    def __init__(self, network: nn.Module, *, probabilities: bool) -> None:
        super().__init__()
        self.network, self.probabilities = network, probabilities

    def forward(self, pixels: Tensor) -> Tensor:
        output: Tensor = self.network(pixels)[0].flatten(1)
        return output.clamp_min(_LEAST).log() if self.probabilities else output


def _are_probabilities(scores: Tensor) -> bool:
    return bool((scores >= 0).all()) and bool(torch.allclose(scores.sum(dim=1), scores.new_ones(1), atol=1e-3))


def _shorter_px(resize: str, input_hw: tuple[int, int], *, imagenet: bool) -> int:
    """Of the image before its middle is cut out; 0 where it is stretched."""
    if resize.startswith("letterbox"):
        raise BadOption(f"victim.resize={resize} is for detectors; a classifier takes stretch or crop")
    crops = resize == "crop" or (resize == "auto" and imagenet)
    return round(min(input_hw) / _IMAGENET_CROP) if crops else 0
