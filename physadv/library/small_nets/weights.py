"""A small network and what it was trained on, as a file of weights: nothing in it is executed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from physadv.core.errors import BadInput
from physadv.library.files import atomic, reading
from physadv.library.small_nets.fitting import untrained
from physadv.library.small_nets.networks import MODELS

FILE = "classifier.safetensors"
"""Its name in the folder of a run that trained it."""
_KEY = "physadv small net 1"
"""Of the metadata: data, model, side in px, then the labels, a line each. One key only, for the order of several is
random, and with it the file's hash."""
_LIMIT = 16 * reading.MB
_LARGEST_SIDE_PX = 1024


@dataclass(frozen=True)
class SmallNet:
    """A trained network with all that is needed to ask it."""

    net: nn.Module  # (B, 3, side, side) sRGB in [0, 1] → (B, K) logits
    data: str  # "mnist"
    model: str  # a key of MODELS
    side_px: int
    labels: tuple[str, ...]


def write_net(path: Path, one: SmallNet) -> None:
    """Whole or not at all."""
    about = "\n".join((one.data, one.model, str(one.side_px), *one.labels))
    state = {name: value.detach().cpu().contiguous() for name, value in one.net.state_dict().items()}
    atomic.write_bytes(path, save(state, metadata={_KEY: about}))


def read_net(place: Path) -> SmallNet:
    """A file, or the one in the folder of a run. Raises :class:`BadInput` for what is not such a network."""
    path = place / FILE if place.is_dir() else place
    reading.check_file(path, _LIMIT)
    try:
        with safe_open(path, framework="pt") as file:
            about = (file.metadata() or {}).get(_KEY, "").split("\n")
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except SafetensorError as error:
        raise BadInput(f"{str(path)!r} is not a readable safetensors file ({error})") from error
    data, model, side, *labels = about if len(about) > 4 else ("", "", "", "")
    if model not in MODELS or not all(labels) or not (side.isdecimal() and 1 <= int(side) <= _LARGEST_SIDE_PX):
        raise BadInput(
            f"{str(path)!r} does not say that it is a small classifier of physadv. Train one, or leave it out"
        )
    net = untrained(MODELS[model], int(side), len(labels), 0)
    _fill(net, state, path)
    return SmallNet(net.eval().requires_grad_(False), data, model, int(side), tuple(labels))


def _fill(net: nn.Module, state: dict[str, torch.Tensor], path: Path) -> None:
    wanted = {name: value.shape for name, value in net.state_dict().items()}
    if wanted != {name: value.shape for name, value in state.items()}:
        raise BadInput(f"{str(path)!r} holds the weights of another network than it says. Train it again")
    if not all(bool(value.isfinite().all()) for value in state.values()):
        raise BadInput(f"{str(path)!r} holds weights that are not finite. Train it again")
    net.load_state_dict(state)
