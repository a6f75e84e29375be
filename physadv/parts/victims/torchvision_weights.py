"""A torchvision detector with the weights that were asked for: torchvision's, the user's, or random ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models import get_model_builder, get_model_weights

from physadv.core.errors import BadInput, BadOption
from physadv.core.seeding import fenced, generator
from physadv.library.files.state_dicts import read_state
from physadv.parts.victims.options import TorchvisionConfig

_TWO_STAGES = ("fasterrcnn", "maskrcnn")
_EPS_ZERO = ("fasterrcnn_resnet50_fpn", "maskrcnn_resnet50_fpn", "retinanet_resnet50_fpn")


def make_model(name: str, config: TorchvisionConfig, classes: int) -> nn.Module:
    """Build, fill, and set what the config sets. ``classes`` counts without background.

    Raises :class:`BadOption` for a size where the model's is fixed.
    """
    if config.size_px and name.startswith("ssd"):
        raise BadOption(f"torchvision/{name} has a fixed size; leave victim.size_px out")
    extra = {"rpn_post_nms_top_n_test": config.proposals} if name.startswith(_TWO_STAGES) else {}
    if not config.weights:
        model = _downloaded(name, extra)
    elif config.weights == "random":
        model = _untrained(name, config.seed, classes, extra)
        _settle_norms_(model, config.seed)
    else:
        state = read_state(Path(config.weights))
        model = _untrained(name, config.seed, classes, extra)
        _fill_(model, name, state, config.weights)
    if config.size_px:
        model.get_submodule("transform").min_size = (config.size_px,)  # type: ignore[assignment]
    return model


def _untrained(name: str, seed: int, classes: int, extra: dict[str, int]) -> nn.Module:
    with fenced(seed):
        model: nn.Module = get_model_builder(name)(
            weights=None, weights_backbone=None, num_classes=classes + 1, **extra
        )
    return model


def _downloaded(name: str, extra: dict[str, int]) -> nn.Module:
    try:
        model: nn.Module = get_model_builder(name)(
            weights=get_model_weights(name).DEFAULT, weights_backbone=None, progress=False, **extra
        )
    except (OSError, RuntimeError) as error:  # no network, no room, or a file that is not what it should be
        raise BadInput(
            f"weights for torchvision/{name} could not be downloaded ({error}); "
            "pass victim.weights=PATH or victim.weights=random for a dry run"
        ) from error
    return model


def _settle_norms_(model: nn.Module, seed: int) -> None:
    transform: Any = model.transform
    usual_size, transform.min_size = transform.min_size, (160,)
    settled(model, lambda: model(list(torch.rand(2, 3, 160, 160, generator=generator(seed, "batch norms")))))
    transform.min_size = usual_size


@torch.no_grad()
def settled(model: nn.Module, run: Callable[[], object]) -> None:
    """Let the batch norms of an untrained model measure noise once: without, signal and gradient fade to nothing."""
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    usual = [norm.momentum for norm in norms]
    model.eval()
    for norm in norms:
        norm.train()
        norm.momentum = 1.0
    run()
    for norm, momentum in zip(norms, usual, strict=True):
        norm.momentum = momentum
    model.eval()


def _fill_(model: nn.Module, name: str, state: dict[str, Tensor], path: str) -> None:
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        detail = " ".join(str(error).split())[:200]
        raise BadInput(f"{path} does not hold weights of torchvision/{name}: {detail}") from error
    if name in _EPS_ZERO and not any(key.endswith("num_batches_tracked") for key in state):
        for module in model.modules():  # weights of frozen batch norms were trained without epsilon
            if isinstance(module, nn.BatchNorm2d):
                module.eps = 0.0
