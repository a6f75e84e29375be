"""Weights that an attack must not change, and the hash that says they are the same."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

M = TypeVar("M", bound=nn.Module)


def freeze(module: M) -> M:
    """Evaluation mode, no gradient for weights and convolutions in channels-last order.

    Both make a step cheaper: no gradient of weights is computed, and no convolution copies its input."""
    module.eval().requires_grad_(False)
    return module.to(memory_format=torch.channels_last)


def fold_norms_(module: nn.Module) -> None:
    """Merge each batch norm that follows a convolution in a ``Sequential`` into it: the same function, quicker.

    Call in evaluation mode, and take the digest before: the state dict is another one afterwards.
    """
    for parent in module.modules():
        if not isinstance(parent, nn.Sequential):
            continue
        for index in range(len(parent) - 1):
            convolution, norm = parent[index], parent[index + 1]
            if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                parent[index], parent[index + 1] = fuse_conv_bn_eval(convolution, norm), nn.Identity()


def digest_of_state(state: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, shapes and bytes, in the order of the names."""
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
