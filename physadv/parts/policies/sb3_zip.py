"""A zip of Stable-Baselines3: tensors, and a JSON text in which objects stand twice, as plain text and as pickles.

The plain text and the tensors are read; the pickles are left alone.
"""

from __future__ import annotations

import io
import pickle
import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from physadv.core.errors import BadInput
from physadv.library.files.reading import ARCHIVE_ERRORS, MB, check_file, json_of

Text = Mapping[str, Any]

_LIMIT = 512 * MB
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?", re.IGNORECASE)


def read_zip(path: Path) -> tuple[Text, Mapping[str, Tensor]]:
    """The text and the tensors. Raises :class:`BadInput` for anything else."""
    check_file(path, _LIMIT)
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            if "data" not in names or "policy.pth" not in names:
                raise BadInput(
                    f"{path} is no zip of Stable-Baselines3 with weights as tensors: it has "
                    f"{', '.join(sorted(names)[:6])}. Save it with model.save() of Stable-Baselines3 1.0 or newer"
                )
            large = sum(archive.getinfo(name).file_size for name in ("data", "policy.pth"))
            if large > _LIMIT:
                raise BadInput(f"{path} unpacks to {large / MB:.0f} MB; a policy has {_LIMIT / MB:.0f} MB at most")
            text, weights = archive.read("data"), archive.read("policy.pth")
    except ARCHIVE_ERRORS as error:
        raise BadInput(f"{path} is not a readable zip of Stable-Baselines3: {str(error)[:120]}") from error
    data = json_of(text.decode("utf-8", errors="replace"), f"{path}: data")
    if not isinstance(data, dict):
        raise BadInput(f"{path}: data is no mapping. Save it with model.save() of Stable-Baselines3")
    return data, _tensors(weights, path)


def _tensors(weights: bytes, path: Path) -> Mapping[str, Tensor]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd pickles, which are refused below
            state = torch.load(io.BytesIO(weights), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise BadInput(
            f"{path}: policy.pth holds more than tensors, and loading it could run code. Load the model where you "
            "trust it, and save model.policy.state_dict() as .safetensors for policy=torch"
        ) from error
    except ARCHIVE_ERRORS as error:
        raise BadInput(f"{path}: policy.pth cannot be read: {str(error)[:120]}") from error
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise BadInput(f"{path}: policy.pth does not hold a state dict")
    return state


def pictures_of(data: Text, path: Path) -> tuple[tuple[int, int, int], float]:
    """``(C, H, W)`` of the observations, and what white is to the network."""
    space = data.get("observation_space")
    space = space if isinstance(space, dict) else {}
    sides = space.get("_shape", space.get("shape"))
    if not isinstance(sides, list) or len(sides) != 3 or not all(isinstance(side, int) and side > 0 for side in sides):
        raise BadInput(
            f"{path}: its observations are no pictures, as far as its text says (shape {sides}): physadv attacks what "
            "a camera sees. Choose a policy trained with CnnPolicy"
        )
    of_bytes = "uint8" in str(space.get("dtype", "uint8"))
    top = 255.0 if of_bytes else next(iter(numbers_in(space.get("high"))), 1.0)
    normalised = of_bytes and policy_kwargs(data).get("normalize_images", True)
    return (sides[0], sides[1], sides[2]), 1.0 if normalised else top


def policy_kwargs(data: Text) -> Text:
    """What the policy was made with, where it was not left as usual."""
    found = data.get("policy_kwargs")
    return found if isinstance(found, dict) else {}


def numbers_in(text: Any) -> list[float]:
    """All numbers of a text, as numpy prints them."""
    return [float(number) for number in _NUMBER.findall(str(text))]
