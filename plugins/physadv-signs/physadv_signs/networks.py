"""The two networks, with the names that their published weights have, and the weights' reader."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from physadv.api import BadInput

GTSRB_MEAN, GTSRB_STD = (0.3337, 0.3064, 0.3171), (0.2672, 0.2564, 0.2629)


class GtsrbStn(nn.Module):
    """``(B,3,32,32)`` normalised → ``(B,43)`` logits; the picture is first straightened by an affine map of its own.

    The spatial transformer is Jaderberg et al. 2015 (arXiv:1506.02025).
    """

    def __init__(self) -> None:
        super().__init__()
        self.localization = nn.Sequential(
            nn.Conv2d(3, 8, 7), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(8, 10, 5), nn.MaxPool2d(2), nn.ReLU()
        )
        self.fc_loc = nn.Sequential(nn.Linear(10 * 4 * 4, 32), nn.ReLU(), nn.Linear(32, 6))
        self.conv1, self.bn1 = nn.Conv2d(3, 100, 5), nn.BatchNorm2d(100)
        self.conv2, self.bn2 = nn.Conv2d(100, 150, 3), nn.BatchNorm2d(150)
        self.conv3, self.bn3 = nn.Conv2d(150, 250, 3), nn.BatchNorm2d(250)
        self.fc1, self.fc2 = nn.Linear(250 * 2 * 2, 350), nn.Linear(350, 43)

    def forward(self, pixels: Tensor) -> Tensor:
        affine = self.fc_loc(self.localization(pixels).flatten(1)).view(-1, 2, 3)
        grid = functional.affine_grid(affine, list(pixels.shape), align_corners=False)
        features = functional.grid_sample(pixels, grid, align_corners=False)
        for convolution, norm in ((self.conv1, self.bn1), (self.conv2, self.bn2), (self.conv3, self.bn3)):
            features = norm(functional.max_pool2d(functional.leaky_relu(convolution(features)), 2))
        logits: Tensor = self.fc2(functional.relu(self.fc1(features.flatten(1))))
        return logits


class LisaCnn(nn.Module):
    """``(B,3,32,32)`` sRGB in [0, 1] → ``(B,18)`` logits. Trained in TensorFlow, so features are flattened HWC."""

    def __init__(self) -> None:
        super().__init__()
        self.c1 = nn.Conv2d(3, 64, 8, stride=2, padding=3)
        self.c2 = nn.Conv2d(64, 128, 6, stride=2)
        self.c3 = nn.Conv2d(128, 128, 5)
        self.fc = nn.Linear(512, 18)

    def forward(self, pixels: Tensor) -> Tensor:
        for convolution in (self.c1, self.c2, self.c3):
            pixels = functional.relu(convolution(pixels))
        logits: Tensor = self.fc(pixels.permute(0, 2, 3, 1).flatten(1))
        return logits


def filled(network: nn.Module, path: str) -> nn.Module:
    """The network with the weights of a .safetensors file."""
    try:
        state = load_file(Path(path))
        network.load_state_dict(state)
    except (OSError, SafetensorError) as error:
        raise BadInput(f"victim.weights={path} cannot be read: {error}. Give a .safetensors file") from error
    except RuntimeError as error:
        detail = " ".join(str(error).split())[:160]
        raise BadInput(f"victim.weights={path} is of another network: {detail}") from error
    if not all(bool(torch.isfinite(value).all()) for value in state.values()):
        raise BadInput(f"victim.weights={path} holds values that are not finite")
    return network
