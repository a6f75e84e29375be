"""How the small nets of studies learn; seconds each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from physadv.core.seeding import generator
from physadv.engines.studies.theories.nets import MakeNet, born, cnn
from physadv.engines.studies.theories.pictures import LabelledSet
from physadv.engines.studies.theories.study import StudyTask

BATCH, LR = 64, 2e-3
ADVERSARY_STEPS = 5

Change = Callable[[nn.Module, Tensor, Tensor, float, torch.Generator], Tensor]
"""A net, pictures, labels, the share of learning that is over, randomness → the pictures that are learnt instead."""


@dataclass(frozen=True)
class Adversary:
    """Changes what is learnt so that it is hard: adversarial training (Madry et al. 2018, arXiv:1706.06083).

    ``eps`` grows over the first half of learning: on little data a net that meets the whole of it at once learns
    to say one class.
    """

    eps: float  # Linf, of 1
    steps: int = ADVERSARY_STEPS
    ramp: bool = True  # let eps grow; else it is whole from the first picture on

    def __call__(self, net: nn.Module, images: Tensor, labels: Tensor, over: float, random: torch.Generator) -> Tensor:
        """Steps along the sign of the loss's gradient from a random start."""
        eps = self.eps * min(1.0, 2 * over) if self.ramp else self.eps
        change = eps * (2 * torch.rand(images.shape, generator=random) - 1)
        for _ in range(self.steps):
            leaf = (images + change).clamp(0, 1).requires_grad_()
            (gradient,) = torch.autograd.grad(functional.cross_entropy(net(leaf), labels), leaf)
            change = (leaf.detach() - images + 2.5 * eps / self.steps * gradient.sign()).clamp(-eps, eps)
        return (images + change).clamp(0, 1)


def taught(
    make: MakeNet, data: LabelledSet, epochs: int, seed: int, change: Change | None = None, lr: float = LR
) -> nn.Module:
    """A net that has learnt ``data``, ready to be asked; its weights get no gradient any more.

    The step size falls to zero along half a cosine.
    """
    net, random = born(make, seed).train(), generator(seed, "learning")
    steps = max(1, epochs * -(-len(data) // BATCH))
    adam = torch.optim.Adam(net.parameters(), lr=lr)
    fall = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
    done = 0
    for _ in range(epochs):
        for rows in torch.split(torch.randperm(len(data), generator=random), BATCH):
            images, labels = data.images[rows], data.labels[rows]
            if change is not None:
                images = change(net, images, labels, done / steps, random)
            adam.zero_grad(set_to_none=True)
            functional.cross_entropy(net(images), labels).backward()  # type: ignore[no-untyped-call]
            adam.step()
            fall.step()
            done += 1
    return net.eval().requires_grad_(False)


def taught_cnn(task: StudyTask, seed: int, change: Change | None = None) -> nn.Module:
    """The net that most studies look at."""
    sets = task.sets
    return taught(lambda: cnn(sets.side_px, len(sets.names)), sets.train, task.effort.epochs, seed, change)


@torch.no_grad()
def logits_of(net: nn.Module, images: Tensor) -> Tensor:
    """``(N, K)``."""
    said: Tensor = net(images)
    return said


def right(net: nn.Module, data: LabelledSet) -> Tensor:
    """``(N,)`` bool: which pictures the net takes for what they show."""
    return logits_of(net, data.images).argmax(1) == data.labels
