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


@dataclass
class DriveNanoConfig:
    weights: str = field(default="", metadata=OPENS)  # a run of `physadv train policy`, or its file; empty = built in


@dataclass
class BrakeConfig:
    label: str = "stop sign"  # of the detector
    confidence: float = 0.75  # of reports that count; higher than a detector's own: signs at the roadside pass for STOP
    sign_mm: float = 750.0  # how tall the sign is
    line_before_sign_m: float = 7.0  # where to stop, before the sign
    field_of_view_deg: float = 42.0  # of the camera, across the picture
    hits: int = 2  # pictures in which a sign must have been reported, ...
    of: int = 3  # ... of the last so many, to be believed
    brake_m_s2: float = 4.0  # by how much the brake slows down
    reaction_s: float = 0.25  # that pass before it does
    margin_m: float = 2.0  # to stop before the line
    cruise_m_s: float = 7.5  # it accelerates up to this
    step_s: float = 0.25  # between two decisions


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


def check_brake(config: BrakeConfig) -> None:
    """Refuse what cannot be. Raises :class:`BadOption`."""
    if not 1 <= config.hits <= config.of:
        raise BadOption(f"policy.hits must be from 1 to policy.of ({config.of}), got {config.hits}")
    if not 5 <= config.field_of_view_deg <= 160:
        raise BadOption(f"policy.field_of_view_deg must be from 5 to 160, got {config.field_of_view_deg:g}")
    if not 0 <= config.confidence <= 1:
        raise BadOption(f"policy.confidence must be from 0 to 1, got {config.confidence:g}")
    for name in ("sign_mm", "brake_m_s2", "step_s", "cruise_m_s"):
        if getattr(config, name) <= 0:
            raise BadOption(f"policy.{name} must be above 0, got {getattr(config, name):g}")
    for name in ("line_before_sign_m", "reaction_s", "margin_m"):
        if getattr(config, name) < 0:
            raise BadOption(f"policy.{name} must not be negative, got {getattr(config, name):g}")


def check_path(policy: str, path: str, holds: str) -> None:
    """Raise :class:`BadOption` where no file was named."""
    if not path:
        raise BadOption(f"policy={policy} needs a file: policy.path=FILE ({holds})")
