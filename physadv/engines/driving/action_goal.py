"""A goal against policies: another action than its own, or a certain one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from physadv.core.answers import ActionLogits, Actions
from physadv.core.types import SceneBatch


@dataclass(frozen=True)
class ActionGoal:
    """Toward the scene's labels, or away from them; labels are into the policy's actions.

    The loss is the negative logarithm of the probability of what is wanted: no picture on which that is certain pulls
    any more, so the others are not outweighed.
    """

    toward: bool
    name: str  # of what is wanted, for messages

    @property
    def target(self) -> str | None:
        """The action, where one is wanted."""
        return self.name if self.toward else None

    def bound(self, labels: tuple[str, ...]) -> ActionGoal:
        """Itself: it goes by the scenes' labels."""
        return self

    def loss(self, outputs: Any, scene: SceneBatch) -> Tensor:
        """``(B,)``."""
        return action_loss(outputs, scene.labels, toward=self.toward)

    def achieved(self, decisions: Any, scene: SceneBatch) -> Tensor:
        """``(N,)`` bool; there is one object a picture, which stands for all of it."""
        if not isinstance(decisions, Actions):
            return torch.zeros_like(scene.wears)
        same = decisions.labels == scene.labels
        return same if self.toward else ~same


def action_loss(outputs: ActionLogits, labels: Tensor, *, toward: bool) -> Tensor:
    """``(B,)`` −log π(label), or −log (1 − π(label)); lower suits the attacker."""
    shares = outputs.logits.float().log_softmax(1)
    if toward:
        return functional.nll_loss(shares, labels, reduction="none")
    others = shares.scatter(1, labels[:, None], -torch.inf)
    return -others.logsumexp(1)


def whole_pictures(count: int, labels: Tensor, names: Sequence[str], keys: Sequence[str]) -> SceneBatch:
    """Scenes that hold one object each, which is the picture: its label says what is wanted there.

    The pictures themselves are left out: whoever renders knows the moments.
    """
    device = labels.device
    ones = torch.ones(count, device=device)
    return SceneBatch(
        srgb=torch.zeros(count, 3, 1, 1, device=device),
        sizes_px=torch.ones(count, 2, dtype=torch.int64, device=device), keys=tuple(keys),
        image_of=torch.arange(count, device=device), boxes_xyxy_px=torch.zeros(count, 4, device=device), labels=labels,
        label_names=tuple(names), wears=ones.bool(), image_from_surface=torch.eye(3, device=device).repeat(count, 1, 1),
        light=torch.ones(count, 3, device=device),
    )  # fmt: skip
