"""Plain attacks that change every pixel a little, at most ``eps``: what an audit compares, and nothing more.

Each takes a :class:`Subject` and a scene, and gives back pictures ``(B,3,H,W)`` within ``eps`` of the scene's. They
lower the goal's loss. Each picture is kept at its best, but not where defences are random: the best of many draws is
luck.
"""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor

from physadv.core.seeding import generator
from physadv.core.types import SceneBatch
from physadv.engines.studies.subject import Subject

STRIDE = 2.5
"""By which the steps together could cross the ball: Madry et al. 2018, arXiv:1706.06083, appendix."""

MEMORY = 0.75
"""Of the gradient's mean, for each step back."""

START_SHARE = 0.8
"""Share of the picture's area that the first square covers."""

HALVINGS = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)
"""Queries, of 10,000, after which the squares' area is halved."""


def within(images: Tensor, clean: Tensor, eps: float) -> Tensor:
    """The nearest pictures in the ball around ``clean`` and in [0, 1]."""
    return torch.maximum(torch.minimum(images, clean + eps), clean - eps).clamp(0, 1)


def single_step(subject: Subject, scene: SceneBatch, eps: float) -> Tensor:
    """``clean − eps · sign(gradient)``: Goodfellow et al. 2015, arXiv:1412.6572."""
    gradient = subject.slope(scene.srgb, scene, "single", evading=True).gradient
    return within(scene.srgb - eps * _of_length_one(gradient).sign(), scene.srgb, eps)


def iterative(subject: Subject, scene: SceneBatch, eps: float, steps: int, trace: list[float] | None = None) -> Tensor:
    """Projected gradient descent from a random start: Madry et al. 2018, arXiv:1706.06083.

    Steps follow the gradient's mean over the last ones, as Dong et al. 2018 (arXiv:1710.06081) do, with less memory:
    so also the draws of earlier steps count. ``trace`` gets the mean loss before every step.
    """
    kept = _Kept(subject, scene)
    images, mean = _started(subject, scene, eps), torch.zeros_like(scene.srgb)
    for step in range(steps):
        slope = subject.slope(images, scene, f"step/{step}", evading=True)
        kept.offer(images, slope.loss)
        if trace is not None:
            trace.append(float(slope.loss.mean()))
        mean = MEMORY * mean + _of_length_one(slope.gradient)
        images = within(images - STRIDE * eps / steps * mean.sign(), scene.srgb, eps)
    kept.offer(images, subject.losses(images, scene, f"step/{steps}"))
    return kept.images


def noise(subject: Subject, scene: SceneBatch, eps: float, tries: int) -> Tensor:
    """The best of some pictures in which every colour is moved by ``eps`` up or down at random."""
    subject = _asked_once(subject)
    kept = _Kept(subject, scene)
    for number in range(tries):
        random = generator(subject.seed, f"noise/{scene.keys[0]}/{number}")
        signs = torch.randint(2, scene.srgb.shape, generator=random).to(scene.srgb) * 2 - 1
        images = within(scene.srgb + eps * signs, scene.srgb, eps)
        kept.offer(images, subject.losses(images, scene, f"noise/{number}"))
    return kept.images


def squares(subject: Subject, scene: SceneBatch, eps: float, queries: int) -> Tensor:
    """Random search with squares, which asks for losses alone: Andriushchenko et al. 2020, arXiv:1912.00049.

    Algorithm 1 with the L∞ distribution of algorithm 2, and the paper's schedule cut to ``queries``.
    """
    subject = _asked_once(subject)
    random = generator(subject.seed, f"squares/{scene.keys[0]}")
    clean, (height, width) = scene.srgb, scene.srgb.shape[-2:]
    stripes = torch.randint(2, (len(clean), 3, 1, width), generator=random).to(clean) * 2 - 1
    images = within(clean + eps * stripes, clean, eps)
    losses = subject.losses(images, scene, "squares/0")
    for query in range(1, queries):
        side = _side_px(query / queries, height, width)
        tried = images.clone()
        for row in range(len(clean)):
            y, x = (int(torch.randint(size - side + 1, (), generator=random)) for size in (height, width))
            colour = torch.randint(2, (3, 1, 1), generator=random).to(clean) * 2 - 1
            tried[row, :, y : y + side, x : x + side] = clean[row, :, y : y + side, x : x + side] + eps * colour
        tried = within(tried, clean, eps)
        seen = subject.losses(tried, scene, f"squares/{query}")
        better = seen < losses
        images, losses = torch.where(better[:, None, None, None], tried, images), torch.where(better, seen, losses)
    return images


def _side_px(progress: float, height: int, width: int) -> int:
    share = START_SHARE / 2 ** sum(progress * 10_000 > edge for edge in HALVINGS)
    return min(max(1, round(math.sqrt(share * height * width))), height, width)


def _asked_once(subject: Subject) -> Subject:
    """The subject of an attacker for whom every draw is a question of its own."""
    return replace(subject, draws=1)


def _started(subject: Subject, scene: SceneBatch, eps: float) -> Tensor:
    random = generator(subject.seed, f"start/{scene.keys[0]}")
    offset = (torch.rand(scene.srgb.shape, generator=random) * 2 - 1).to(scene.srgb)
    return within(scene.srgb + eps * offset, scene.srgb, eps)


def _of_length_one(gradient: Tensor) -> Tensor:
    """Of each picture, in the sum of absolute values; what is not finite counts as nothing."""
    finite = gradient.nan_to_num(0.0, 0.0, 0.0)
    return finite / finite.abs().sum((1, 2, 3), keepdim=True).clamp_min(1e-30)


class _Kept:
    """The best pictures so far by their loss; the last ones where draws make losses a matter of luck."""

    def __init__(self, subject: Subject, scene: SceneBatch) -> None:
        self.images, self._last = scene.srgb, subject.is_random
        self._losses = scene.srgb.new_full((len(scene.keys),), math.inf)

    def offer(self, images: Tensor, losses: Tensor) -> None:
        better = (losses <= self._losses) | self._last
        self.images = torch.where(better[:, None, None, None], images, self.images)
        self._losses = torch.where(better, losses, self._losses)
