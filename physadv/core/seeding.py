"""One integer makes every random number of a run: a generator per purpose, so that parts do not disturb one another."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def generator(seed: int, purpose: str, device: str | torch.device = "cpu") -> torch.Generator:
    """Make the generator for one purpose ("draws", "held-out", ...). Same seed and purpose: same numbers.

    The purpose is hashed into the seed, so adding a consumer never shifts the numbers of another one.
    """
    digest = hashlib.sha256(f"{seed}/{purpose}".encode()).digest()
    return torch.Generator(device=device).manual_seed(int.from_bytes(digest[:8], "little") >> 1)


@contextmanager
def fenced(seed: int) -> Iterator[None]:
    """Run a library that draws from torch's global generator (kornia) reproducibly, and leave it untouched."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield
