"""A network of transformers with its image processor: from the hub, a folder, or small and untrained."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from typing import Any

import torch
from safetensors import SafetensorError

from physadv.api import BadInput, BadOption, MissingExtra
from physadv_transformers import TransformersConfig
from physadv_transformers.families import FAMILIES, Family

for name, value in {"HF_HUB_DISABLE_TELEMETRY": "1", "DISABLE_SAFETENSORS_CONVERSION": "1"}.items():
    os.environ.setdefault(name, value)  # transformers reads these while it is imported

try:
    import transformers
except ImportError as error:
    raise MissingExtra("victim=transformers needs transformers: pip install 'transformers>=5.23,<6'") from error

RANDOM = "random:"
UNREADABLE = (OSError, ValueError, RuntimeError, LookupError, TypeError, AttributeError, SafetensorError)
"""Errors of the loader on missing, cut and foreign files."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """All it takes to look at a picture."""

    network: Any
    processor: Any  # images → pixel_values, with gradient
    tokenizer: Any  # None where classes are not text
    family: Family


def load(config: TransformersConfig) -> Loaded:
    """The network in evaluation mode with what prepares its input."""
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    if config.model.startswith(RANDOM):
        return _untrained(config.model.removeprefix(RANDOM), config.seed)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _fetched(config.model, config.revision)
    except ImportError as error:
        raise MissingExtra(f"{config.model} needs another package: {_line(error)}") from error
    except UNREADABLE as error:
        raise BadInput(
            f"victim.model={config.model} cannot be loaded ({_line(error)}); give a folder with config.json, "
            "preprocessor_config.json and model.safetensors, a hub id while online or after "
            f"`hf download {config.model}`, or random:detr for a dry run"
        ) from error


def _fetched(model: str, revision: str) -> Loaded:
    where = {"revision": revision, "trust_remote_code": False}
    description = transformers.AutoConfig.from_pretrained(model, **where)
    family = FAMILIES.get(description.model_type)
    if family is None:
        raise BadInput(f"{model} is a {description.model_type}; victim=transformers attacks {', '.join(FAMILIES)}")
    maker: Any = transformers.AutoModelForObjectDetection
    if family.text:
        maker = transformers.AutoModelForZeroShotObjectDetection
    network, report = maker.from_pretrained(
        model, config=description, use_safetensors=True, dtype=torch.float32, output_loading_info=True, **where
    )
    lacking = sorted(report["missing_keys"])
    if lacking:
        raise BadInput(f"{model} holds no whole detector: {len(lacking)} weights are missing, such as {lacking[0]}")
    processor = transformers.AutoImageProcessor.from_pretrained(model, backend="torchvision", **where)
    tokenizer = transformers.AutoTokenizer.from_pretrained(model, **where) if family.text else None
    return Loaded(network.eval(), processor, tokenizer, family)


def _untrained(name: str, seed: int) -> Loaded:
    if name not in FAMILIES:
        raise BadOption(f"victim.model={RANDOM}{name} is not known; write {RANDOM} and one of {', '.join(FAMILIES)}")
    from physadv_transformers.untrained import make

    network, processor, tokenizer = make(name, seed)
    return Loaded(network, processor, tokenizer, FAMILIES[name])


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:120]
