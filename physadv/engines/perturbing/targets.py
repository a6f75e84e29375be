"""Targets of attacks that want a certain mistake."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from physadv.core.errors import BadOption
from physadv.core.labels import index_of, nearest
from physadv.core.seeding import generator

RULES = ("next", "second", "least-likely", "random")
"""Beside the name of a label."""


def check_targets(wanted: str, labels: Sequence[str], *, detector: bool) -> None:
    """Raise :class:`BadOption` where there is no such target."""
    if not wanted or wanted in RULES:
        if wanted and detector:
            raise BadOption(
                f"targets={wanted} is for classifiers. What a detector shall report is the goal's: goal=alter"
            )
        return
    if detector:
        raise BadOption(f"targets={wanted} is for classifiers. A detector's target is the goal's: goal=alter goal.to=…")
    if index_of(wanted, tuple(labels)) is None:
        near = nearest(wanted, labels)
        told = f" Did you mean {near!r}?" if near else ""
        raise BadOption(f"targets={wanted}: the victim has no such label.{told} Or one of: {', '.join(RULES)}")


def targets_of(wanted: str, labels: Tensor, logits: Tensor, names: tuple[str, ...], keys: Sequence[str],
               seed: int) -> Tensor | None:  # fmt: skip
    """``(B,)``; none where nothing in particular is wanted. ``logits`` are those of the images as they are.

    A random target depends on the seed and on the picture alone.
    """
    if not wanted:
        return None
    others = logits.scatter(1, labels[:, None], -torch.inf)
    match wanted:
        case "next":
            return (labels + 1) % len(names)
        case "second":
            return others.argmax(1)
        case "least-likely":
            return logits.scatter(1, labels[:, None], torch.inf).argmin(1)
        case "random":
            steps = [int(torch.randint(1, len(names), (), generator=generator(seed, f"target/{key}"))) for key in keys]
            return (labels + torch.tensor(steps, device=labels.device)) % len(names)
    return torch.full_like(labels, index_of(wanted, names) or 0)
