"""Losses of attackers of classifiers. Logits are ``(B,K)``, labels and targets ``(B,)``; each is ``(B,)``, lower suits
the attacker: with targets the target shall be named, without them anything but the label."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def cross_entropy(logits: Tensor, labels: Tensor, targets: Tensor | None = None) -> Tensor:
    """Of the target; the negative of the label's without one."""
    if targets is not None:
        return functional.cross_entropy(logits, targets, reduction="none")
    return -functional.cross_entropy(logits, labels, reduction="none")


def margin(logits: Tensor, labels: Tensor, targets: Tensor | None = None) -> Tensor:
    """By how much the wanted logit falls short of its best rival; below 0 the image is taken as wished.

    The ``f`` of Carlini & Wagner 2017 (arXiv:1608.04644, their f6) before it is cut at ``-kappa``.
    """
    if targets is not None:
        wanted = _of(logits, targets)
        return logits.scatter(1, targets[:, None], -torch.inf).amax(1) - wanted
    return _of(logits, labels) - logits.scatter(1, labels[:, None], -torch.inf).amax(1)


def logits_ratio(logits: Tensor, labels: Tensor, targets: Tensor | None = None) -> Tensor:
    """The margin over the spread of the highest logits (DLR, Croce & Hein 2020, arXiv:2003.01690, eq. 6 and 7).

    It does not change when logits are scaled. With three labels or fewer the spread is that of all.
    """
    ordered = logits.sort(dim=1, descending=True).values
    if targets is not None:
        third, fourth = ordered[:, min(2, logits.shape[1] - 1)], ordered[:, min(3, logits.shape[1] - 1)]
        spread = ordered[:, 0] - (third + fourth) / 2
        return (_of(logits, labels) - _of(logits, targets)) / spread.clamp_min(1e-12)
    spread = ordered[:, 0] - ordered[:, min(2, logits.shape[1] - 1)]
    return margin(logits, labels) / spread.clamp_min(1e-12)


def _of(logits: Tensor, labels: Tensor) -> Tensor:
    return logits.gather(1, labels[:, None]).squeeze(1)
