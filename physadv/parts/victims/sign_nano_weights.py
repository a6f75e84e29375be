"""The weights files of ``sign-nano``: those of the package, and what ``physadv train`` writes.

Only tensors are read, nothing in a file is executed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor

from physadv.core.errors import BadInput
from physadv.parts.victims.options import SignNanoConfig
from physadv.parts.victims.sign_nano_net import NetShape, SignNanoNet

_LARGEST_FILE = 64 * 2**20  # bytes; ours is 2 MB
METADATA_KEY = "physadv sign-nano 1"
"""Of the labels, a name a line. One key only: the order of several is random, and with it the file's hash."""
SHAPED_KEY = "physadv detector 1"
"""Of the labels, the net's shape and the threshold that suits it, as JSON; in place of the other key."""


@dataclass(frozen=True, eq=False)
class SignNanoWeights:
    """A file that was found to fit."""

    state: Mapping[str, Tensor]  # as stored, half precision
    labels: tuple[str, ...]
    digest: str  # SHA-256 of the file
    shape: NetShape = field(default_factory=NetShape)
    threshold: float | None = None  # chosen when it was trained

    def net(self) -> SignNanoNet:
        """A network with these weights."""
        net = SignNanoNet(len(self.labels), self.shape)
        net.load_state_dict(self.state)
        return net


def metadata_of(labels: tuple[str, ...], shape: NetShape, threshold: float | None) -> dict[str, str]:
    """What a weights file says of itself: the labels alone, where the rest is as in ``sign-nano``."""
    if shape == NetShape() and threshold is None:
        return {METADATA_KEY: "\n".join(labels)}
    facts = {"labels": labels, "widths": shape.widths, "blocks": shape.blocks, "threshold": threshold}
    return {SHAPED_KEY: json.dumps(facts)}


def read_sign_nano(config: SignNanoConfig, name: str = "sign-nano") -> SignNanoWeights:
    """Read the weights of the package that bear this ``name``, or the user's file.

    Raises :class:`BadInput` for a file of anything else.
    """
    if config.weights:
        return read_weights(Path(config.weights), f"victim {name}", "victim.weights")
    packaged = resources.files("physadv.parts.victims") / "weights" / f"{name}.safetensors"
    with resources.as_file(packaged) as path:
        return read_weights(path, f"victim {name}", "victim.weights")


def read_weights(path: Path, whose: str, option: str) -> SignNanoWeights:
    """Read a file for ``whose`` sake, that ``option`` named. Raises :class:`BadInput` for a file of anything else."""
    if not path.is_file():
        raise BadInput(f"{whose}: no file {path}. Leave {option} empty, or name weights of `physadv train detector`.")
    if path.stat().st_size > _LARGEST_FILE:
        raise BadInput(f"{whose}: {path} has {path.stat().st_size} bytes; its weights have some 2 MB.")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a mapping
    except SafetensorError as error:
        raise BadInput(f"{whose}: {path} is not a readable safetensors file ({error}).") from error
    facts = _facts(metadata)
    if facts is None:
        raise BadInput(f"{whose}: {path} is not of `physadv train detector`: its metadata is missing.")
    labels, shape, threshold = facts
    _check(state, SignNanoNet(len(labels), shape).state_dict(), f"{whose}: {path}")
    return SignNanoWeights(state, labels, hashlib.sha256(path.read_bytes()).hexdigest(), shape, threshold)


def _facts(metadata: Mapping[str, str]) -> tuple[tuple[str, ...], NetShape, float | None] | None:
    """Labels, shape and threshold; ``None`` where the file does not tell them as we write them."""
    if SHAPED_KEY not in metadata:
        labels = tuple(metadata.get(METADATA_KEY, "").split("\n"))
        return (labels, NetShape(), None) if all(labels) else None
    try:
        told = json.loads(metadata[SHAPED_KEY])
        labels, threshold = tuple(map(str, told["labels"])), told["threshold"]
        shape = NetShape(tuple(map(int, told["widths"])), tuple(map(int, told["blocks"])))
        threshold = None if threshold is None else float(threshold)
    except (ValueError, TypeError, KeyError):
        return None
    sound = all(labels) and len(shape.widths) == 5 and len(shape.blocks) == 4
    small = all(2 <= width <= 1024 for width in shape.widths) and all(0 <= count <= 32 for count in shape.blocks)
    return (labels, shape, threshold) if labels and sound and small else None


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
