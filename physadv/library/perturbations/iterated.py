"""Steps along the gradient: what FGSM's successors share. What one step is, each of them says."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from physadv.core.answers import ClassLogits
from physadv.core.problem.perturbation_problem import PerturbationProblem, Perturbed
from physadv.core.protocols import Observer
from physadv.core.types import Step

ImageLoss = Callable[[Tensor, Tensor, Tensor | None], Tensor]
"""Logits, labels, targets → ``(b,)``, lower suits the attacker."""

Move = Callable[[int, Tensor, Tensor, Tensor], Tensor]
"""Index of the step, images, the loss's gradient at them, and which of the problem's they are → the images moved."""


@dataclass(frozen=True)
class ImageSlope:
    """A loss at some images, and the way in which it rises."""

    outputs: ClassLogits  # detached
    loss: Tensor  # (b,) detached
    gradient: Tensor  # (b, 3, H, W)


def slope(problem: PerturbationProblem, images: Tensor, loss: ImageLoss, rows: Tensor | None = None) -> ImageSlope:
    """Ask the victim once about each image, with gradient. ``rows`` ``(b,)`` says which of the problem's they are."""
    leaf = images.detach().clone().requires_grad_()
    logits = problem.victim.outputs(leaf, rows).logits
    values = loss(logits, problem.labels_of(rows), problem.targets_of(rows))
    (gradient,) = torch.autograd.grad(values.sum(), leaf)
    return ImageSlope(ClassLogits(logits.detach()), values.detach(), gradient)


def iterated(
    problem: PerturbationProblem,
    start: Tensor,
    steps: int,
    move: Move,
    loss: ImageLoss,
    observers: Iterable[Observer],
    *,
    stop: bool = True,
) -> Perturbed:
    """Move the images that often from ``start``. With ``stop`` an image is left alone once it is taken as wished.

    The last look asks about those that are still moving, without gradient.
    """
    watching = list(observers)
    images, done = start.detach().clone(), torch.zeros(len(start), dtype=torch.bool, device=start.device)
    taken = torch.zeros(len(start), dtype=torch.int64, device=start.device)
    for one in watching:
        one.started(steps, 0)
    try:
        for index in range(steps):
            begun = time.perf_counter()
            rows = (~done).nonzero().flatten()
            here = slope(problem, images[rows], loss, rows)
            if stop:
                done[rows] = problem.fooled(problem.victim.decide(here.outputs), rows)
                left = ~done[rows]
                rows, here = rows[left], ImageSlope(here.outputs, here.loss, here.gradient[left])
            images[rows] = move(index, images[rows], here.gradient, rows)
            taken[rows] += 1
            told = Step(index, steps, float(here.loss.mean()), float(done.float().mean()), time.perf_counter() - begun)
            for one in watching:
                one.stepped(told)
            if done.all():
                break
        rows = (~done).nonzero().flatten()
        if len(rows):
            with torch.no_grad():
                done[rows] = problem.fooled(problem.victim.decide(problem.victim.outputs(images[rows], rows)), rows)
    finally:
        for one in watching:
            one.ended()
    return Perturbed(images, done, taken)
