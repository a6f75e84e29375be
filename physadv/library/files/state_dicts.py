"""State dicts from files that may come from anybody: tensors are read, and nothing is executed."""

from __future__ import annotations

import pickle
import struct
import warnings
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from physadv.core.errors import BadInput
from physadv.library.files.reading import check_file

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

MAX_BYTES = 2**34  # the largest detectors have a tenth of it


def read_state(path: Path, option: str = "victim.weights") -> dict[str, Tensor]:
    """A state dict, tensors of any shape by name, from .safetensors, or from a torch file without executing anything in
    it. ``option`` named the file.

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
        raise BadInput(f"{option}={path} cannot be read: {error.strerror or error}") from error
    except UNREADABLE as error:
        raise BadInput(f"{option}={path} is not a readable weights file: {str(error)[:200]}") from error
    for key in ("model", "state_dict"):  # as training scripts wrap it
        if isinstance(state, dict) and isinstance(state.get(key), dict):
            state = state[key]
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise BadInput(f"{path} does not hold a state dict; store model.state_dict()")
    return state
