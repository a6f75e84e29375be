"""The weights files of ``sign-nano``: those of the package, and what ``physadv train`` writes.

Only tensors are read, nothing in a file is executed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor

from physadv.core.errors import BadInput
from physadv.parts.victims.options import SignNanoConfig
from physadv.parts.victims.sign_nano_net import SignNanoNet

_LARGEST_FILE = 64 * 2**20  # bytes; ours is 2 MB
METADATA_KEY = "physadv sign-nano 1"
"""Of the labels, a name a line. One key only: the order of several is random, and with it the file's hash."""


@dataclass(frozen=True, eq=False)
class SignNanoWeights:
    """A file that was found to fit."""

    state: Mapping[str, Tensor]  # as stored, half precision
    labels: tuple[str, ...]
    digest: str  # SHA-256 of the file

    def net(self) -> SignNanoNet:
        """A network with these weights."""
        net = SignNanoNet(len(self.labels))
        net.load_state_dict(self.state)
        return net


def read_sign_nano(config: SignNanoConfig, name: str = "sign-nano") -> SignNanoWeights:
    """Read the weights of the package that bear this ``name``, or the user's file.

    Raises :class:`BadInput` for a file of anything else.
    """
    if config.weights:
        return _read(Path(config.weights), name)
    packaged = resources.files("physadv.parts.victims") / "weights" / f"{name}.safetensors"
    with resources.as_file(packaged) as path:
        return _read(path, name)


def _read(path: Path, name: str) -> SignNanoWeights:
    if not path.is_file():
        raise BadInput(f"victim {name}: no file {path}. Leave victim.weights empty for the built-in weights.")
    if path.stat().st_size > _LARGEST_FILE:
        raise BadInput(f"victim {name}: {path} has {path.stat().st_size} bytes; its weights have some 2 MB.")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a mapping
    except SafetensorError as error:
        raise BadInput(f"victim {name}: {path} is not a readable safetensors file ({error}).") from error
    labels = tuple(metadata.get(METADATA_KEY, "").split("\n"))
    if not all(labels):
        raise BadInput(f"victim {name}: {path} is not of `physadv train detector`: its metadata is missing.")
    _check(state, SignNanoNet(len(labels)).state_dict(), f"victim {name}: {path}")
    return SignNanoWeights(state, labels, hashlib.sha256(path.read_bytes()).hexdigest())


def _check(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor], where: str) -> None:
    """Names, shapes and finiteness, so that the error says which tensor is wrong."""
    if set(wanted) != set(state):
        odd = sorted(set(wanted) ^ set(state))
        raise BadInput(f"{where} holds another network: {len(odd)} names differ, first {odd[0]!r}.")
    for key, value in state.items():
        if value.shape != wanted[key].shape:
            shapes = f"{tuple(value.shape)}, expected {tuple(wanted[key].shape)}"
            raise BadInput(f"{where}: tensor {key!r} has shape {shapes}.")
        if not value.isfinite().all():
            raise BadInput(f"{where}: tensor {key!r} holds values that are not finite.")
