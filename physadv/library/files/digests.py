"""Hashes that say whether weights are the same."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor


def digest_of_state(state: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, shapes and bytes of tensors of any shape, in the order of the names."""
    digest = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def digest_of_file(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of_picture(srgb: Tensor) -> str:
    """SHA-256 of a decoded picture ``(3,H,W)`` sRGB in [0, 1], in codes of 8 bits: no name, format or note counts."""
    codes = (srgb * 255).round().to(torch.uint8).contiguous()
    return hashlib.sha256(f"{tuple(codes.shape)}".encode() + codes.numpy().tobytes()).hexdigest()
