"""Files of what localisers have learned: weights, and the thresholds that were set on clean pictures apart."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from physadv.core.errors import BadInput
from physadv.parts.defenses.localisation.masks import Thresholds

KEY = "physadv defense 1"
"""Of the metadata. One key only: the order of several is random, and with it the file's hash."""

LARGEST = 8 * 2**20  # bytes; ours have some 0.2 MB


@dataclass(frozen=True)
class Learned:
    """The content of such a file."""

    state: Mapping[str, Tensor]
    thresholds: Thresholds
    digest: str  # SHA-256 of the file


def written(name: str, net: nn.Module, thresholds: Thresholds) -> bytes:
    """The file of a network of the defence ``name``, in half precision."""
    state = {key: _half(value.detach().cpu()).contiguous() for key, value in net.state_dict().items()}
    facts = json.dumps({"name": name, "low": thresholds.low, "high": thresholds.high})
    return save(state, metadata={KEY: facts})


def read_learned(name: str, file: str) -> Learned:
    """Of the user's ``file``, or where that is empty of the package's; nothing in it is executed.

    Raises :class:`BadInput` for whatever is not a file of ``physadv train defense`` for this defence.
    """
    if file:
        return _read(name, Path(file))
    with resources.as_file(resources.files("physadv.parts.defenses") / "weights" / f"{name}.safetensors") as path:
        return _read(name, path)


def fill_(net: nn.Module, learned: Learned, name: str) -> None:
    """Copy the weights into a network. Raises :class:`BadInput` where they are another's."""
    wanted = {key: tuple(value.shape) for key, value in net.state_dict().items()}
    given = {key: tuple(value.shape) for key, value in learned.state.items()}
    if wanted != given:
        odd = sorted(key for key in wanted.keys() | given.keys() if wanted.get(key) != given.get(key))
        raise BadInput(
            f"defense {name}: its weights are of another network: {len(odd)} tensors differ, first {odd[0]!r}"
        )
    net.load_state_dict({key: value.to(net.state_dict()[key].dtype) for key, value in learned.state.items()})


def _half(value: Tensor) -> Tensor:
    return value.half() if value.is_floating_point() else value


def _read(name: str, path: Path) -> Learned:
    if not path.is_file():
        raise BadInput(f"defense {name}: no file {path}. Leave defense.weights empty for the built-in weights")
    if path.stat().st_size > LARGEST:
        raise BadInput(f"defense {name}: {path} has {path.stat().st_size} bytes; its weights have less than a megabyte")
    data = path.read_bytes()
    try:
        state = load(data)
        facts = _facts(data)
        thresholds = Thresholds(float(facts["low"]), float(facts["high"]))
        trained = facts["name"]
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"defense {name}: {path} is no file of `physadv train defense` ({error})") from error
    if trained != name:
        raise BadInput(f"defense {name}: {path} was trained as {trained!r}. Choose defense={trained}, or another file")
    if not all(bool(value.isfinite().all()) for value in state.values()) or not 0 < thresholds.low <= thresholds.high:
        raise BadInput(f"defense {name}: {path} holds values that are not finite, or thresholds that are none")
    return Learned(state, thresholds, hashlib.sha256(data).hexdigest())


def _facts(data: bytes) -> dict[str, str]:
    """The metadata, which safetensors gives of files on disk alone: 8 bytes of length, then JSON."""
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    facts = json.loads(header["__metadata__"][KEY])
    if not isinstance(facts, dict):
        raise TypeError("its metadata is not a mapping")
    return facts
