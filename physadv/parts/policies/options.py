"""Options of the policies. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, field

from physadv.core.errors import BadOption
from physadv.core.reach import OPENS, STAYS


@dataclass
class TorchPolicyConfig:
    path: str = field(default="", metadata=OPENS)  # weights: .safetensors, or a torch file that holds tensors only
    layers: list[str] = field(default_factory=list, metadata=STAYS)  # in the file, picture to actions; empty: guessed
    strides: list[int] = field(default_factory=lambda: [4, 2, 1])  # of the convolutions
    size_px: list[int] = field(default_factory=lambda: [84, 84])  # height and width of the pictures
    activation: str = "relu"  # between layers: relu, tanh or elu
    white: float = 1.0  # what the network was trained to see for white: 1 or 255
    actions: list[str] = field(default_factory=list, metadata=STAYS)  # in the order of the outputs; empty: the world's


@dataclass
class Sb3Config:
    path: str = field(default="", metadata=OPENS)  # the .zip that model.save() wrote
    actions: list[str] = field(default_factory=list, metadata=STAYS)  # in the order of the outputs; empty: the world's
    points: list[list[float]] = field(default_factory=list)  # of SAC and others with continuous actions: one an action


ACTIVATIONS = ("relu", "tanh", "elu")


def check_torch_policy(config: TorchPolicyConfig) -> None:
    """Refuse what cannot be. Raises :class:`BadOption`."""
    check_path("torch", config.path, "weights as .safetensors, or a .pth of tensors")
    if not config.strides or min(config.strides) < 1:
        raise BadOption(f"policy.strides must be whole numbers of 1 or more, one a convolution, got {config.strides}")
    if len(config.size_px) != 2 or min(config.size_px) < 1:
        raise BadOption(f"policy.size_px must be [height, width], got {config.size_px}")
    if config.activation not in ACTIVATIONS:
        raise BadOption(f"policy.activation must be one of {', '.join(ACTIVATIONS)}, got {config.activation!r}")
    if config.white <= 0:
        raise BadOption(f"policy.white must be above 0, usually 1 or 255, got {config.white:g}")


def check_path(policy: str, path: str, holds: str) -> None:
    """Raise :class:`BadOption` where no file was named."""
    if not path:
        raise BadOption(f"policy={policy} needs a file: policy.path=FILE ({holds})")
