"""A torchvision detector with the weights that were asked for: torchvision's, the user's, or random ones."""

from __future__ import annotations

import pickle
import struct
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torchvision.models import get_model_builder, get_model_weights

from physadv.core.errors import BadInput, BadOption
from physadv.core.seeding import fenced, generator
from physadv.library.files.reading import check_file
from physadv.parts.victims.options import TorchvisionConfig

UNREADABLE = (
    SafetensorError,
    RuntimeError,  # broken archives
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    struct.error,
)
"""Errors of the readers on files of other kinds; torch reads whatever is not an archive as a pickle."""

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


MAX_BYTES = 2**34  # the largest detectors have a tenth of it


def read_state(path: Path) -> dict[str, Tensor]:
    """A state dict, tensors of any shape by name, from .safetensors, or from a torch file without executing anything in
    it.

    Raises :class:`BadInput` for a file that holds anything else.
    """
    if path.exists() and not path.is_dir():
        check_file(path, MAX_BYTES)  # a pipe has no end
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd pickles, which are refused below or turn out fine
            state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise BadInput(
            f"{path} holds more than tensors, and loading it could run code; store its state dict as .safetensors"
        ) from error
    except OSError as error:
        raise BadInput(f"victim.weights={path} cannot be read: {error.strerror or error}") from error
    except UNREADABLE as error:
        raise BadInput(f"victim.weights={path} is not a readable weights file: {str(error)[:200]}") from error
    for key in ("model", "state_dict"):  # as training scripts wrap it
        if isinstance(state, dict) and isinstance(state.get(key), dict):
            state = state[key]
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise BadInput(f"{path} does not hold a state dict; store model.state_dict()")
    return state
