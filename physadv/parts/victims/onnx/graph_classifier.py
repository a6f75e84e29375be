"""A graph with one vector an image is a classifier: logits or probabilities over its classes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from physadv.core.access import AccessLevel
from physadv.core.errors import BadOption
from physadv.library.datasets.imagenet20 import imagenet_names
from physadv.parts.victims.class_names import IMAGENET, names_for
from physadv.parts.victims.classifier import Classifier
from physadv.parts.victims.onnx.file import OnnxFile
from physadv.parts.victims.onnx.graph_probe import suppressions
from physadv.parts.victims.options import OnnxConfig

logger = logging.getLogger(__name__)

_IMAGENET_MEAN, _IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_IMAGENET_CROP = 0.875  # the network's side as a share of the shorter side before cropping
_MIN_PROBABILITY = 1e-30  # probability; its logarithm is finite


def is_classifier(outputs: Sequence[Tensor], file: OnnxFile) -> bool:
    """One output ``(1, K)`` or ``(1, K, 1, 1)``, that is no list of detections."""
    if suppressions(file.operations):
        return False
    shape = tuple(outputs[0].shape) if len(outputs) == 1 else ()
    return len(shape) >= 2 and shape[1] > 1 and shape[2:] in ((), (1, 1))


@dataclass(frozen=True)
class Feeding:
    """How a classifier is fed, and who says so."""

    mean: tuple[float, ...]
    std: tuple[float, ...]
    shorter_px: int  # of the image before its middle is cut out; 0 where it is stretched
    source: str
    certain: bool

    @property
    def words(self) -> str:
        """For messages."""
        if (self.mean, self.std) == (_IMAGENET_MEAN, _IMAGENET_STD):
            return "ImageNet's mean and std"
        return f"mean {[round(v, 4) for v in self.mean]} and std {[round(v, 4) for v in self.std]}"


def feeding_of(file: OnnxFile, config: OnnxConfig, classes: int) -> Feeding:
    """The input as the user says, else as the file or the configuration beside it says, else as is usual.

    Raises :class:`BadOption` for a ``resize`` of detectors.
    """
    facts, white = file.facts, config.value_range or 1.0
    mean: tuple[float, ...] = (0.0,) * 3
    std: tuple[float, ...] = (1.0,) * 3
    share, source = 0.0, "stretched, values within 0 and 1"
    certain = bool(facts.fed)
    if facts.fed:
        mean, std = facts.mean or mean, facts.std or std
        share, source = facts.crop_share, facts.fed
    elif classes == IMAGENET and not file.grey:
        mean, std, share, source = (
            _IMAGENET_MEAN,
            _IMAGENET_STD,
            _IMAGENET_CROP,
            "as networks of 1000 classes are, with its crop",
        )
    if config.mean or config.std or config.value_range:
        given = [tuple(values) * (3 // len(values)) for values in (config.mean, config.std) if values]
        flip = -1 if config.channels == "bgr" else 1  # given in the network's order
        mean = given[0][::flip] if config.mean else mean
        std = given[-1][::flip] if config.std else std
        source, certain = "the options", True
    if config.resize.startswith("letterbox"):
        raise BadOption(f"victim.resize={config.resize} is for detectors; a classifier takes stretch or crop")
    share = {"crop": share or _IMAGENET_CROP, "stretch": 0.0}.get(config.resize, share)
    shorter_px = round(min(file.input_hw) / share) if share else 0
    return Feeding(tuple(v / white for v in mean), tuple(v / white for v in std), shorter_px, source, certain)


def classifier_of(
    file: OnnxFile,
    config: OnnxConfig,
    network: nn.Module,
    output: Tensor,
    wanted: tuple[str, ...] | None,
    *,
    name: str,
    access: AccessLevel,
) -> Classifier:
    """A classifier fed as options, file or configuration say; where all are silent, as is usual, and the log says what
    that is. ``output`` ``(1, K)`` is the probe's.
    """
    classes, probabilities = output.shape[1], _are_probabilities(output.flatten(1))
    feeding = feeding_of(file, config, classes)
    logger.info(
        "%s: classifier of %d classes, %s, fed with %s (%s)", file.path.name, classes,
        "probabilities" if probabilities else "logits", feeding.words, feeding.source,
    )  # fmt: skip
    if not feeding.certain:
        logger.warning(
            "victim %s: nothing says how this classifier is fed, so it is fed with %s. If it was trained "
            "otherwise, say victim.mean=[…] victim.std=[…], victim.value_range=255, victim.channels=bgr or "
            "victim.resize=crop", name, feeding.words,
        )  # fmt: skip
    return Classifier(
        Vector(network, probabilities=probabilities),
        names_for(classes, wanted, str(file.path), imagenet_names() if classes == IMAGENET else (), coco=False),
        name=name,
        size_px=file.input_hw,
        shorter_px=feeding.shorter_px,
        mean=feeding.mean,
        std=feeding.std,
        bgr=config.channels == "bgr",
        confidence=config.confidence or 0.0,
        digest=file.digest,
        access=access,
    )


class Vector(nn.Module):
    """The only output of a network as logits ``(B, K)``; probabilities become their logarithms."""

    def __init__(self, network: nn.Module, *, probabilities: bool) -> None:
        super().__init__()
        self.network, self.probabilities = network, probabilities

    def forward(self, pixels: Tensor) -> Tensor:
        """``(B,3,H,W)`` as the network wants it, to logits ``(B, K)``."""
        output: Tensor = self.network(pixels)[0].flatten(1)
        return output.clamp_min(_MIN_PROBABILITY).log() if self.probabilities else output


def _are_probabilities(scores: Tensor) -> bool:
    return bool((scores >= 0).all()) and bool(torch.allclose(scores.sum(dim=1), scores.new_ones(1), atol=1e-3))
