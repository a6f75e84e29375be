"""Reads the layers of a network that dlib has written, as numbers only.

dlib's stream (dlib/serialize.h, dlib/dnn/layers.h) holds the layers from the picture to the answer. A layer begins with
its name; those with weights go on with one tensor of all of them:

    integer   a byte: how many bytes follow (lower half), whether it is negative (highest bit); then those, low first
    tensor    integer 2 (the version), four integers for the shape, float32 one after the other, low byte first
    con_4     tensor: filters (out, in, rows, columns), then a bias a filter
    affine_   tensor: a factor a channel, then a summand a channel
    fc_2      integers for outputs and inputs, tensor (inputs, outputs)
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from physadv.api import BadInput

_WEIGHTED = re.compile(rb"con_4|affine_|fc_2")
_INTEGERS_BEFORE = {"con_4": 0, "affine_": 0, "fc_2": 2}


@dataclass(frozen=True, slots=True)
class Weights:
    """Of one layer."""

    kind: str  # con_4, affine_, fc_2
    values: Tensor  # (n,)


def read_weights(path: Path) -> list[Weights]:
    """The layers with weights, in their order. Raises :class:`BadInput` for what is no such file."""
    stream = path.read_bytes()
    found: list[Weights] = []
    place = 0
    while match := _WEIGHTED.search(stream, place):
        kind, place = match.group().decode(), match.end()
        try:
            values, place = _layer(stream, place, _INTEGERS_BEFORE[kind])
        except (ValueError, IndexError):
            raise BadInput(f"{str(path)!r} is no network of dlib that can be read here: {kind} ends early.") from None
        found.append(Weights(kind, values))
    if not found:
        raise BadInput(f"{str(path)!r} holds no layers of dlib.")
    return found


def _layer(stream: bytes, place: int, integers: int) -> tuple[Tensor, int]:
    for _ in range(integers):
        _, place = _integer(stream, place)
    version, place = _integer(stream, place)
    shape = []
    for _ in range(4):
        side, place = _integer(stream, place)
        shape.append(side)
    count = math.prod(shape)
    if version != 2 or count < 1 or place + 4 * count > len(stream):
        raise ValueError
    values = np.frombuffer(stream, "<f4", count, place).astype(np.float32)
    return torch.from_numpy(values), place + 4 * count


def _integer(stream: bytes, place: int) -> tuple[int, int]:
    head = stream[place]
    end = place + 1 + (head & 0x0F)
    value = int.from_bytes(stream[place + 1 : end], "little")
    return (-value if head & 0x80 else value), end
