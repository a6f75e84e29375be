"""Weights of ``drive-nano``: those of the package, and what ``physadv train policy`` writes. Only tensors are read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from physadv.core.errors import BadInput
from physadv.library.files import reading
from physadv.parts.policies.drive_nano_net import DriveNanoNet

FILE = "policy.safetensors"
"""Its name in the folder of a run that trained it."""
_KEY = "physadv drive-nano 1"
"""Of the metadata: channels, height and width, then the actions, a line each. One key only, for the order of several is
random, and with it the file's hash."""
_LIMIT = 16 * reading.MB
_LARGEST_SIDE_PX = 1024


@dataclass(frozen=True, eq=False)
class DriveNanoWeights:
    """A network with all that is needed to ask it."""

    state: Mapping[str, Tensor]  # as stored, half precision
    shape: tuple[int, int, int]  # (C, H, W)
    actions: tuple[str, ...]
    digest: str  # SHA-256 of the file

    def net(self) -> DriveNanoNet:
        """A network with these weights."""
        net = DriveNanoNet(self.shape, len(self.actions))
        net.load_state_dict(self.state)
        return net


def written(net: DriveNanoNet, shape: tuple[int, int, int], actions: Sequence[str]) -> bytes:
    """The file, in half precision."""
    state = {name: value.detach().cpu().half().contiguous() for name, value in net.state_dict().items()}
    return save(state, metadata={_KEY: "\n".join((*map(str, shape), *actions))})


def read_drive_nano(name: str, place: str) -> DriveNanoWeights:
    """Read the weights of the package that bear this ``name``, or the user's file, or that of a run.

    Raises :class:`BadInput` for a file of anything else.
    """
    if place:
        return _read(Path(place) / FILE if Path(place).is_dir() else Path(place))
    packaged = resources.files("physadv.parts.policies") / "weights" / f"{name}.safetensors"
    with resources.as_file(packaged) as path:
        return _read(path)


def _read(path: Path) -> DriveNanoWeights:
    reading.check_file(path, _LIMIT)
    try:
        with safe_open(path, framework="pt") as file:
            about = (file.metadata() or {}).get(_KEY, "").split("\n")
            state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a mapping
    except SafetensorError as error:
        raise BadInput(f"{str(path)!r} is not a readable safetensors file ({error})") from error
    sides, actions = about[:3], tuple(about[3:])
    fine = all(side.isdecimal() and 1 <= int(side) <= _LARGEST_SIDE_PX for side in sides)
    if not fine or len(actions) < 2 or not all(actions):
        raise BadInput(
            f"{str(path)!r} is not of `physadv train policy`: its metadata is missing. Give it with policy=torch"
        )
    shape = (int(sides[0]), int(sides[1]), int(sides[2]))
    _check(state, DriveNanoNet(shape, len(actions)).state_dict(), path)
    return DriveNanoWeights(state, shape, actions, hashlib.sha256(path.read_bytes()).hexdigest())


def _check(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor], path: Path) -> None:
    """Names, shapes and finiteness, so that the error says which tensor is wrong."""
    if odd := sorted(set(wanted) ^ set(state)):
        raise BadInput(f"{str(path)!r} holds another network: {len(odd)} names differ, first {odd[0]!r}")
    for key, value in state.items():
        if value.shape != wanted[key].shape:
            shapes = f"{tuple(value.shape)}, expected {tuple(wanted[key].shape)}"
            raise BadInput(f"{str(path)!r}: tensor {key!r} has shape {shapes}")
        if not value.isfinite().all():
            raise BadInput(f"{str(path)!r}: tensor {key!r} holds values that are not finite")
