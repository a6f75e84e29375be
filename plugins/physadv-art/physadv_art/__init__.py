"""ART's attacks on pictures, its patch and its preprocessing defences. Importing this imports neither torch nor ART."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from physadv.api import AccessLevel, BadOption, DefenseKind, Entry, hookimpl

if TYPE_CHECKING:  # it would import torch
    from torch import Tensor

    from physadv.api import Attack, Defense, PerturbationAttack, Victim

physadv_api = 2
physadv_permissions = ("writes",)  # ART keeps a settings file in ~/.art

SOURCE = "github.com/Trusted-AI/adversarial-robustness-toolbox"
PATCH_SOURCE = "Brown et al. 2017, arXiv:1712.09665, as in ART"


@dataclass(frozen=True)
class Method:
    """What one of ART's attacks can be asked for, and by which names."""

    norms: tuple[str, ...]
    bounded: bool = True  # takes eps; else it looks for a small change
    steps: str = "max_iter"  # its argument; empty: it takes one step
    eps_step: bool = False
    targets: bool = True
    needs: AccessLevel = AccessLevel.gradients


ALL = ("linf", "l2", "l1")
OPTIMIZERS = ("Adam", "pgd")
METHODS = {
    "FastGradientMethod": Method(ALL, steps=""),
    "BasicIterativeMethod": Method(("linf",), eps_step=True),
    "ProjectedGradientDescent": Method(ALL, eps_step=True),
    "MomentumIterativeMethod": Method(ALL, eps_step=True),
    "AutoProjectedGradientDescent": Method(("linf", "l2"), eps_step=True),
    "DeepFool": Method(("l2",), bounded=False, targets=False),
    "NewtonFool": Method(("l2",), bounded=False, targets=False),
    "CarliniL2Method": Method(("l2",), bounded=False),
    "ElasticNet": Method(("l1",), bounded=False),
    "SquareAttack": Method(("linf",), targets=False, needs=AccessLevel.scores),
}
"""Those that were tried and run as they should; the page says which do not."""


@dataclass
class ArtAttackConfig:
    method: str = "ProjectedGradientDescent"  # ART's name of the attack
    steps: int = 40  # at most
    arguments: list[str] = field(default_factory=list)  # further ones of ART's class, as name:value


@dataclass
class ArtPatchConfig:
    optimizer: str = "Adam"  # or pgd: steps of the gradient's signs
    lr: float = 5 / 255  # ART's learning_rate, for colours from 0 to 1
    rotation_deg: float = 22.5  # turned by up to this, either way
    distortion: float = 0.0  # of its corners, as a share of half a side
    spread: float = 0.2  # sizes vary by this share about the object's own


@dataclass
class ArtDefenseConfig:
    method: str = "FeatureSqueezing"  # or JpegCompression, SpatialSmoothing
    strength: int = 0  # bits a channel, quality, or window in pixels; 0 = ART's example: 4, 50, 3


DEFENSES = {"FeatureSqueezing": ("bit_depth", 4, 1, 8), "JpegCompression": ("quality", 50, 1, 95),
            "SpatialSmoothing": ("window_size", 3, 2, 31)}  # fmt: skip
"""ART's name → the argument that says how much, its usual value, the least and the most."""


def by_name(option: str, said: Iterable[str]) -> dict[str, Any]:
    """``["size:3", "path:weights.pt"]`` as keyword arguments; values are read as YAML. Raises :class:`BadOption`."""
    from omegaconf import OmegaConf
    from yaml import YAMLError

    read = {}
    for one in said:
        name, colon, value = one.partition(":")
        if not (colon and name.strip().isidentifier()):
            raise BadOption(f"{option} lists name:value, such as [size:3], got {one!r}")
        try:
            typed = OmegaConf.from_dotlist([f"value={value.strip()}"])  # knows 1e-6 for a number
        except YAMLError as error:
            raise BadOption(f"{option}: the value of {one!r} cannot be read. Put quotes around it") from error
        plain = OmegaConf.to_container(typed, resolve=False)
        read[name.strip()] = plain["value"]
    return read


def _build_attack(config: ArtAttackConfig) -> PerturbationAttack:
    if config.method not in METHODS:
        raise BadOption(f"attack.method={config.method} of art is not known here. Known: {', '.join(METHODS)}")
    if config.steps < 1:
        raise BadOption(f"attack.steps of art must be at least 1, got {config.steps}")
    arguments = by_name("attack.arguments", config.arguments)
    from physadv_art.attack import ArtAttack

    return ArtAttack(config.method, config.steps, arguments)


def _build_patch(config: ArtPatchConfig) -> Attack:
    if config.optimizer not in OPTIMIZERS:
        raise BadOption(f"attack.optimizer of art must be {' or '.join(OPTIMIZERS)}, got {config.optimizer!r}")
    if not config.lr > 0:
        raise BadOption(f"attack.lr of art must be above 0, got {config.lr:g}")
    if not (0 <= config.rotation_deg <= 180 and 0 <= config.distortion < 1 and 0 <= config.spread < 1):
        raise BadOption("attack.rotation_deg of art must be within 0 and 180, distortion and spread from 0 to below 1; "
                        f"got {config.rotation_deg:g}, {config.distortion:g}, {config.spread:g}")  # fmt: skip
    from physadv_art.patch_attack import ArtPatch

    options = {"optimizer": config.optimizer, "learning_rate": config.lr, "rotation_max": config.rotation_deg,
               "distortion_scale_max": config.distortion}  # fmt: skip
    return ArtPatch(options, config.spread)


def _build_defense(config: ArtDefenseConfig) -> Defense:
    if config.method not in DEFENSES:
        raise BadOption(f"defense.method={config.method} of art is not known here. Known: {', '.join(DEFENSES)}")
    argument, usual, least, most = DEFENSES[config.method]
    strength = config.strength or usual
    if not least <= strength <= most:
        raise BadOption(f"defense.strength of {config.method} is its {argument}: {least} to {most}, got {strength}")
    from physadv.api import Filtered
    from physadv_art.preprocessing import preprocessed

    class ArtPreprocessor:
        kind = DefenseKind.quantising
        name = f"art-{config.method}-{strength}"

        def around(self, victim: Victim[Any, Any]) -> Victim[Any, Any]:
            return Filtered(victim, self, {"method": config.method, argument: strength}, _filter)

    def _filter(images: Tensor) -> Tensor:
        return preprocessed(images, config.method, {argument: strength})

    return ArtPreprocessor()


@hookimpl
def physadv_perturbations() -> Iterable[Entry[Any, PerturbationAttack]]:
    """Offer the attacks as ``attack=art``."""
    return [Entry("art", ArtAttackConfig, _build_attack, "an attack of ART, by attack.method", SOURCE)]


@hookimpl
def physadv_attacks() -> Iterable[Entry[Any, Attack]]:
    """Offer the patch as ``attack=art`` of ``generate``."""
    return [Entry("art", ArtPatchConfig, _build_patch, "ART's adversarial patch, on our objects", PATCH_SOURCE)]


@hookimpl
def physadv_defenses() -> Iterable[Entry[Any, Defense]]:
    """Offer the preprocessors as ``defense=art``."""
    text = "a preprocessor of ART, by defense.method; the gradient passes straight through"
    return [Entry("art", ArtDefenseConfig, _build_defense, text, SOURCE)]
