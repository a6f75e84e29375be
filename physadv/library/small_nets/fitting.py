"""Plain training of a small network: cross-entropy, Adam, every picture once an epoch."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count as numbers
from itertools import islice

import torch
from torch import Tensor, nn
from torch.nn import functional

from physadv.core.seeding import fenced, generator
from physadv.library.small_nets.networks import SmallModel

BATCH = 64


def untrained(model: SmallModel, side_px: int, classes: int, seed: int) -> nn.Module:
    """The network with its first random weights; the global generator is left as it was."""
    with fenced(seed):
        return model.build(side_px, classes)


def batches(count: int, epoch: int, seed: int, size: int = BATCH) -> Iterator[Tensor]:
    """Places ``(b,)`` of ``count`` pictures in the order of an epoch."""
    order = torch.randperm(count, generator=generator(seed, f"small net/order {epoch}"))
    yield from torch.split(order, size)


def endless(count: int, seed: int) -> Iterator[Tensor]:
    """Batches of one epoch after another."""
    for epoch in numbers():
        yield from batches(count, epoch, seed)


def fitted(model: SmallModel, images: Tensor, classes: Tensor, *, count: int, seed: int) -> nn.Module:
    """A network that tells ``count`` classes apart, trained on ``(N, 3, h, w)`` in [0, 1] and ``(N,)``; same seed,
    same network.
    """
    net = untrained(model, images.shape[-1], count, seed)
    adam = torch.optim.Adam(net.parameters(), lr=model.learning_rate)
    with torch.enable_grad():
        for rows in islice(endless(len(images), seed), model.steps):
            adam.zero_grad(set_to_none=True)
            functional.cross_entropy(net(images[rows]), classes[rows]).backward()  # type: ignore[no-untyped-call]
            adam.step()
    adam.zero_grad(set_to_none=True)
    return net.eval().requires_grad_(False)
