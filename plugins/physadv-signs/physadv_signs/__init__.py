"""Traffic-sign classifiers of the literature as victims of physadv."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from importlib import resources
from typing import TYPE_CHECKING, Any

from physadv.api import BadOption, Entry, hookimpl

if TYPE_CHECKING:  # it would import torch, and ``physadv --help`` would wait for it
    from physadv.api import Victim

physadv_api = 2
physadv_permissions: tuple[str, ...] = ()


@dataclass
class SignsConfig:
    weights: str = ""  # a .safetensors file with the network's state dict
    confidence: float = 0.0  # a best class that scores less is not reported


def names_of(data_set: str) -> tuple[str, ...]:
    """The classes of ``gtsrb`` or ``lisa`` by index."""
    return tuple((resources.files(__name__) / f"{data_set}.txt").read_text(encoding="utf-8").splitlines())


def build(name: str, config: SignsConfig) -> Victim:
    """Make the victim; torch is imported here, so that ``physadv --help`` stays fast."""
    if not config.weights:
        raise BadOption(f"victim {name} comes without weights: give victim.weights=FILE.safetensors")
    if not 0 <= config.confidence <= 1:
        raise BadOption(f"victim.confidence must be within 0 and 1, got {config.confidence}")
    from physadv.api import Classifier
    from physadv_signs import networks

    make, data_set, mean, std = {
        "signs/gtsrb-stn": (networks.GtsrbStn, "gtsrb", networks.GTSRB_MEAN, networks.GTSRB_STD),
        "signs/lisa-cnn": (networks.LisaCnn, "lisa", (0.0,) * 3, (1.0,) * 3),
    }[name]
    network = networks.filled(make(), config.weights)
    return Classifier(
        network, names_of(data_set), name=name, size_px=32, mean=mean, std=std, confidence=config.confidence
    )


@hookimpl
def physadv_victims() -> Iterable[Entry[Any, Victim]]:
    """Offer both as ``victim=signs/gtsrb-stn`` and ``victim=signs/lisa-cnn``."""
    rows = {
        "signs/gtsrb-stn": "43 German traffic signs: convolutions behind a spatial transformer; bring the weights",
        "signs/lisa-cnn": "17 US traffic signs: the small network that RP2 was shown on; bring the weights",
    }
    sources = {"signs/gtsrb-stn": "arXiv:1506.02025", "signs/lisa-cnn": "arXiv:1707.08945"}
    return [Entry(name, SignsConfig, partial(build, name), text, sources[name]) for name, text in rows.items()]
