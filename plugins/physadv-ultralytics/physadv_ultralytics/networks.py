"""A detection network of ultralytics from what the user wrote: a checkpoint, a published name, or an architecture."""

from __future__ import annotations

import math
import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from ultralytics.nn.modules.head import Detect, v10Detect
from ultralytics.nn.tasks import DetectionModel, torch_safe_load, yaml_model_load
from ultralytics.utils import ROOT, YAML
from ultralytics.utils.downloads import GITHUB_ASSETS_NAMES

from physadv.api import BadInput, generator
from physadv_ultralytics import UltralyticsConfig

PUBLISHED = "https://github.com/ultralytics/assets/releases/download/v8.4.0"
RANDOM = "random:"
UNREADABLE = (
    pickle.UnpicklingError,
    RuntimeError,  # broken archives
    EOFError,
    TypeError,  # the package's own word for a file it refuses
    ValueError,
    LookupError,
    AttributeError,
    AssertionError,
    ImportError,
)
"""Errors of the readers on files of other kinds and on architectures that do not fit together."""


def load(config: UltralyticsConfig, classes: int | None) -> DetectionModel:
    """The network in evaluation mode. ``classes`` sets the number for an untrained one."""
    if config.weights.startswith(RANDOM):
        return _untrained(config.weights.removeprefix(RANDOM), classes, config.seed)
    path = Path(config.weights)
    if path.suffix in (".yaml", ".yml"):
        raise BadInput(f"{path} describes a network but holds no weights; for untrained ones write {RANDOM}{path}")
    if path.suffix != ".pt":
        raise BadInput(f"victim.weights={path} is not a .pt file; write yolo11n.pt, or for .onnx choose victim=onnx")
    return _read(path if path.exists() else _downloaded(path), trust=config.trust)


def class_names(network: DetectionModel) -> tuple[str, ...]:
    """As the checkpoint says; COCO's where it only counts to 80."""
    names = tuple(str(name) for name in dict(network.names).values())
    if len(names) == 80 and names == tuple(map(str, range(80))):
        return tuple(YAML.load(ROOT / "cfg" / "datasets" / "coco.yaml")["names"].values())
    return names


def trained_size_px(network: DetectionModel) -> int:
    """The image size that the checkpoint was trained at, 640 when it does not say."""
    args = getattr(network, "args", None)
    size = args.get("imgsz") if isinstance(args, dict) else getattr(args, "imgsz", None)
    size = max(size) if isinstance(size, list | tuple) and size else size
    return size if isinstance(size, int) and size > 0 else 640


def _read(path: Path, *, trust: bool) -> DetectionModel:
    if not path.is_file():
        raise BadInput(f"victim.weights={path} is a folder; name the .pt file in it")
    if not zipfile.is_zipfile(path):
        raise BadInput(
            f"victim.weights={path} is not a checkpoint of ultralytics: it is empty, cut off or something else"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd pickles, which are refused below or turn out fine
            checkpoint, _ = torch_safe_load(str(path), safe_only=not trust)
    except OSError as error:
        raise BadInput(f"victim.weights={path} cannot be read: {error.strerror or error}") from error
    except UNREADABLE as error:
        if isinstance(error.__cause__, pickle.UnpicklingError):
            raise BadInput(
                f"{path} holds more than a network of ultralytics, and loading it could run code; "
                "if you made it yourself or trust its author, add victim.trust=true"
            ) from error
        raise BadInput(f"victim.weights={path} is not a checkpoint of ultralytics: {_line(error)}") from error
    network = (checkpoint.get("ema") or checkpoint.get("model")) if isinstance(checkpoint, dict) else None
    if not isinstance(network, nn.Module):
        raise BadInput(f"{path} holds no network; store a checkpoint as ultralytics writes it, with the key 'model'")
    network = network.float()
    network.args = checkpoint.get("train_args") or getattr(network, "args", None)
    return _detection(network, str(path))


def _downloaded(path: Path) -> Path:
    """A published checkpoint from torch's cache, fetched on first use like those of torchvision."""
    if path.name not in GITHUB_ASSETS_NAMES or path.parent != Path():
        raise BadInput(
            f"victim.weights={path} does not exist, and ultralytics publishes no such checkpoint; "
            "give a .pt file, yolo11n.pt, or random:yolo11n.yaml"
        )
    cached = Path(torch.hub.get_dir()) / "checkpoints" / path.name
    if not cached.exists():
        try:
            cached.parent.mkdir(parents=True, exist_ok=True)
            torch.hub.download_url_to_file(f"{PUBLISHED}/{path.name}", str(cached), progress=False)
        except (OSError, RuntimeError) as error:
            raise BadInput(
                f"{path} is not here and could not be downloaded ({_line(error)}); "
                f"fetch {PUBLISHED}/{path.name} and give its path, or use random:{path.stem}.yaml for a dry run"
            ) from error
    return cached


def _untrained(architecture: str, classes: int | None, seed: int) -> DetectionModel:
    try:
        description = yaml_model_load(architecture)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = DetectionModel(description, nc=classes, verbose=False)
    except OSError as error:
        raise BadInput(
            f"ultralytics knows no architecture {architecture!r}; write for example {RANDOM}yolo11n.yaml"
        ) from error
    except UNREADABLE as error:
        raise BadInput(f"{architecture} does not describe a network of ultralytics: {_line(error)}") from error
    network = _detection(network, architecture)
    _settle_(network, seed)
    return network


def _detection(network: nn.Module, source: str) -> DetectionModel:
    head: Any = network.model[-1] if isinstance(network, DetectionModel) else None
    if type(head) not in (Detect, v10Detect):
        what = (
            type(network).__name__ if head is None else f"{type(network).__name__} with the head {type(head).__name__}"
        )
        raise BadInput(f"{source} is a {what}; victim=ultralytics attacks plain detection networks only")
    return network.eval()


@torch.no_grad()
def _settle_(network: DetectionModel, seed: int) -> None:
    """Make an untrained network answer: its norms have measured pictures, its scores are spread."""
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    usual = [norm.momentum for norm in norms]
    for norm in norms:
        norm.train()
        norm.momentum = 1.0
    pictures = _made_up_pictures(generator(seed, "pictures"))
    network(pictures)
    for norm, momentum in zip(norms, usual, strict=True):
        norm.momentum = momentum
    _, raw = network.eval()(pictures)
    branches = {"cv3": raw.get("one2many", raw), "one2one_cv3": raw.get("one2one")}
    for name, answers in branches.items():
        for layers in getattr(network.model[-1], name, ()):
            _spread_(layers[-1], answers["scores"])


def _spread_(last: nn.Conv2d, logits: Tensor) -> None:
    """Scale what gave these class logits, so that a twentieth is usual for a score and a half is rare."""
    scale = 1.2 / float(logits.std())
    last.weight.mul_(scale)
    last.bias.sub_(float(logits.mean())).mul_(scale).add_(math.log(0.05))


def _made_up_pictures(randomness: torch.Generator) -> Tensor:
    """``(4, 3, 256, 256)`` in [0, 1] with as much contrast at each scale, as pictures have it."""
    octaves = [
        nn.functional.interpolate(torch.rand(4, 3, side, side, generator=randomness), size=(256, 256), mode="bilinear")
        for side in (4, 16, 64, 256)
    ]
    return torch.stack(octaves).mean(dim=0).sub(0.5).mul(2).add(0.5).clamp(0, 1)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
