"""torchvision's and timm's classifiers, fed as their own presets say."""

from __future__ import annotations

import logging
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import torchvision
from torch import nn
from torchvision.transforms import InterpolationMode

from physadv.core.errors import BadInput, BadOption, MissingExtra
from physadv.library.datasets.imagenet20 import imagenet_names
from physadv.parts.victims.classifier import Classifier
from physadv.parts.victims.classifier_weights import Preprocessing, Recipe, classifier_from
from physadv.parts.victims.options import ClassifierConfig

if TYPE_CHECKING:
    from types import ModuleType

logger = logging.getLogger(__name__)

_SLOW_START = ("googlenet", "inception_v3")  # warn unless told how to start


def build_torchvision(config: ClassifierConfig) -> Classifier:
    """A model of ``torchvision.models`` by its name there.

    Raises :class:`BadOption` for another name, and :class:`BadInput` where weights cannot be had.
    """
    models = torchvision.models
    known = models.list_models(module=models)
    if config.model not in known:
        raise BadOption(_unknown("torchvision", config.model, known))
    weights: Any = models.get_model_weights(config.model).DEFAULT
    preset = weights.transforms()
    start = {"init_weights": True} if config.model in _SLOW_START else {}
    feed = Preprocessing(
        size_px=(preset.crop_size[0], preset.crop_size[-1]), shorter_px=preset.resize_size[0],
        mean=tuple(preset.mean), std=tuple(preset.std), bicubic=preset.interpolation is InterpolationMode.BICUBIC,
    )  # fmt: skip

    def pretrained() -> nn.Module:
        try:
            model: nn.Module = models.get_model(config.model, weights=weights, progress=False)
        except (OSError, RuntimeError) as error:  # no network, no room, or a file that is not what it should be
            raise BadInput(_not_had(f"torchvision/{config.model}", error)) from error
        return model

    recipe = Recipe(
        f"torchvision/{config.model}",
        lambda classes: models.get_model(config.model, weights=None, num_classes=classes, **start),
        pretrained, lambda model: feed, tuple(weights.meta["categories"]),
    )  # fmt: skip
    return classifier_from(recipe, config)


def build_timm(config: ClassifierConfig) -> Classifier:
    """A model of timm by its name there, fed by its own data config.

    Raises :class:`BadOption` for another name, and :class:`BadInput` where weights cannot be had.
    """
    timm = _timm()
    known = timm.list_models()
    if config.model.partition(".")[0] not in known:
        raise BadOption(_unknown("timm", config.model, known))

    def pretrained() -> nn.Module:
        logger.info("timm/%s: looking for its weights; they are downloaded on first use", config.model)
        try:
            model: nn.Module = timm.create_model(config.model, pretrained=True)
        except (OSError, RuntimeError, ValueError) as error:
            raise BadInput(_not_had(f"timm/{config.model}", error)) from error
        return model

    def feed(model: nn.Module) -> Preprocessing:
        data = timm.data.resolve_model_data_config(model)
        _, height, width = data["input_size"]
        if data["crop_mode"] not in ("center", "squash"):
            raise BadInput(f"timm/{config.model} pads pictures ({data['crop_mode']}), which is not known here")
        shorter = 0 if data["crop_mode"] == "squash" else int(min(height, width) / data["crop_pct"])
        bicubic = data["interpolation"] == "bicubic"
        return Preprocessing((height, width), shorter, tuple(data["mean"]), tuple(data["std"]), bicubic)

    recipe = Recipe(
        f"timm/{config.model}",
        lambda classes: timm.create_model(config.model, pretrained=False, num_classes=classes),
        pretrained, feed, imagenet_names(),
    )  # fmt: skip
    return classifier_from(recipe, config)


def _timm() -> ModuleType:
    try:
        import timm
    except ImportError as error:
        raise MissingExtra('victim=timm needs the package timm: pip install "physadv[timm]"') from error
    module: ModuleType = timm
    return module


def _unknown(library: str, name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"{library} has no classifier {name!r}." + (f" Did you mean {near[0]!r}?" if near else " See its docs.")


def _not_had(name: str, error: Exception) -> str:
    reason = " ".join(str(error).split())[:120]
    return (
        f"weights for {name} could not be downloaded ({reason}); "
        "pass victim.weights=PATH or victim.weights=random for a dry run"
    )
