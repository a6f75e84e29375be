"""Classifiers from model libraries, with the weights that were asked for: downloaded, the user's, or random ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from physadv.core.errors import BadInput, BadOption
from physadv.core.seeding import fenced, generator
from physadv.library.files.digests import digest_of_state
from physadv.library.files.state_dicts import read_state
from physadv.parts.victims.class_names import names_for, read_names
from physadv.parts.victims.classifier import Classifier
from physadv.parts.victims.frozen import fold_norms_, freeze
from physadv.parts.victims.onnx.graph_victim import RUN_ERRORS
from physadv.parts.victims.options import ClassifierConfig
from physadv.parts.victims.torchvision_weights import settled


@dataclass(frozen=True)
class Preprocessing:
    """The input that a model was trained to see."""

    size_px: tuple[int, int]
    shorter_px: int  # before the middle is cut out; 0: stretched
    mean: tuple[float, ...]
    std: tuple[float, ...]
    bicubic: bool

    def resized(self, side_px: int) -> Preprocessing:
        """The same for another size; the share that is cut away stays."""
        if not side_px:
            return self
        shorter = round(self.shorter_px * side_px / min(self.size_px))
        return Preprocessing((side_px, side_px), shorter, self.mean, self.std, self.bicubic)


@dataclass(frozen=True)
class Recipe:
    """How a library makes a model."""

    name: str  # "timm/resnet18"
    untrained: Callable[[int], nn.Module]  # for so many classes
    pretrained: Callable[[], nn.Module]  # raises BadInput where the weights cannot be had
    feed: Callable[[nn.Module], Preprocessing]
    usual_names: tuple[str, ...]  # of the pretrained classes


def classifier_from(recipe: Recipe, config: ClassifierConfig) -> Classifier:
    """The model, frozen, with names for its classes; one dull image is run through it to see that it works."""
    wanted = read_names(config.labels)
    usual = len(recipe.usual_names)
    if not config.weights:
        model, classes = recipe.pretrained(), usual
    elif config.weights == "random":
        classes = len(wanted) if wanted else usual
        model = _untrained(recipe, classes, config.seed)
    else:
        model, classes = _filled(recipe, read_state(Path(config.weights)), config)
    feed = recipe.feed(model).resized(config.size_px)
    _try(model.eval(), recipe.name, feed.size_px)
    if config.weights == "random":
        images = torch.rand(2, 3, *feed.size_px, generator=generator(config.seed, "batch norms"))
        settled(model, lambda: model(images))
    digest = digest_of_state(model.state_dict())
    fold_norms_(model)
    return Classifier(
        freeze(model), names_for(classes, wanted, recipe.name, recipe.usual_names, coco=False), name=recipe.name,
        size_px=feed.size_px, shorter_px=feed.shorter_px, mean=feed.mean, std=feed.std, bicubic=feed.bicubic,
        confidence=config.confidence, digest=digest, bf16=config.bf16,
    )  # fmt: skip


def _untrained(recipe: Recipe, classes: int, seed: int) -> nn.Module:
    with fenced(seed):
        return recipe.untrained(classes)


def _filled(recipe: Recipe, state: dict[str, Tensor], config: ClassifierConfig) -> tuple[nn.Module, int]:
    """The number of classes is read off the layers that do not fit the usual one."""
    usual = len(recipe.usual_names)
    own = _untrained(recipe, usual, config.seed)
    shapes = {name: value.shape for name, value in own.state_dict().items()}
    other = {
        value.shape[0]
        for name, value in state.items()
        if name in shapes and value.shape[1:] == shapes[name][1:] and value.shape != shapes[name]
    }
    classes = other.pop() if len(other) == 1 else usual
    model = own if classes == usual else _untrained(recipe, classes, config.seed)
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        detail = " ".join(str(error).split())[:200]
        raise BadInput(f"{config.weights} does not hold weights of {recipe.name}: {detail}") from error
    return model, classes


@torch.no_grad()
def _try(model: nn.Module, name: str, size_px: tuple[int, int]) -> None:
    try:
        model(torch.full((1, 3, *size_px), 0.5))
    except RUN_ERRORS as error:
        line, size = " ".join(str(error).split())[:200], " x ".join(map(str, size_px))
        raise BadOption(f"{name} cannot be run at {size} px: {line}. Leave victim.size_px out") from error
