"""Checkpoints: one file that is replaced whole, carries a digest of itself, and is loaded without running anything.

physadv1 · SHA-256 of the rest (32 bytes) · what torch.save writes
"""

from __future__ import annotations

import hashlib
import io
import pickle
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from physadv.core.errors import BadInput, BadOutput, PhysadvError
from physadv.library.files.atomic import write_bytes
from physadv.library.files.reading import ARCHIVE_ERRORS, MB, read_bytes

_MAGIC = b"physadv1"
_HEAD = len(_MAGIC) + 32
_LARGEST = 16_000 * MB
_FAULTS = (*ARCHIVE_ERRORS, pickle.UnpicklingError, struct.error, ImportError, AssertionError, ArithmeticError)


def write_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Replace what is at ``path``."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    data = buffer.getvalue()
    write_bytes(path, _MAGIC + hashlib.sha256(data).digest() + data)


def read_checkpoint(path: Path, device: torch.device | str = "cpu") -> dict[str, Any]:
    """The state at ``path``. Raises :class:`BadInput`, one line, for whatever is not whole."""
    data = read_bytes(path, _LARGEST)
    if data.startswith(_MAGIC):
        if hashlib.sha256(data[_HEAD:]).digest() != data[len(_MAGIC) : _HEAD]:
            raise BadInput(f"the checkpoint {path} is damaged: delete it to start over")
        data = data[_HEAD:]
    try:
        state = torch.load(io.BytesIO(data), map_location=device, weights_only=True)
    except _FAULTS as error:
        reason = (" ".join(str(error).split()) or type(error).__name__)[:100]
        raise BadInput(f"the checkpoint {path} cannot be read ({reason}): delete it to start over") from error
    if not isinstance(state, dict) or not all(isinstance(key, str) for key in state):
        raise BadInput(f"the checkpoint {path} holds no state: delete it to start over")
    return state


@contextmanager
def restoring(what: str) -> Iterator[None]:
    """Tell keys that are missing, and tensors of another shape, as a checkpoint of something else.

    Raises :class:`BadInput` then.
    """
    try:
        yield
    except PhysadvError:
        raise
    except _FAULTS as error:
        said = f"it has no {error}" if isinstance(error, KeyError) else " ".join(str(error).split())[:120]
        raise BadInput(f"{what} is not one of this run ({said}): delete it to start over") from error


@contextmanager
def resuming(path: Path, settings: str, device: torch.device | str = "cpu") -> Iterator[dict[str, Any]]:
    """The state at ``path``, to go on from; what does not fit is told as :func:`restoring` does.

    Raises :class:`BadOutput` where it belongs to a training with other ``settings``.
    """
    values = read_checkpoint(path, device)
    with restoring(f"the checkpoint {path}"):
        if values["settings"] != settings:
            raise BadOutput(f"{path} belongs to a training with other settings. Choose another out=, or delete it.")
        yield values


class FolderCheckpoints:
    """Checkpoints as one file that is replaced whole; loaded without unpickling code."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def load(self) -> dict[str, Any] | None:
        """The last saved state, or ``None`` at the start of a run."""
        if not self._file.is_file():
            return None
        return read_checkpoint(self._file)

    def save(self, state: dict[str, Any]) -> None:
        """Replace the last state by this one."""
        write_checkpoint(self._file, state)


class NoCheckpoints:
    """Nothing is kept: a run that is stopped is lost."""

    def load(self) -> None:
        """There is never a state to go on with."""

    def save(self, state: dict[str, Any]) -> None:
        """Forget the state."""
