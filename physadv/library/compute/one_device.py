"""A problem that one process computes on one device."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import nn

from physadv.core.types import Draws, SceneBatch


@dataclass(frozen=True)
class OneDevice:
    """Everything is its own share. An :class:`~physadv.core.protocols.Engine`."""

    device: torch.device

    def share(self, scene: SceneBatch, draws: Draws) -> tuple[SceneBatch, Draws]:
        """All of it."""
        return scene, draws

    def reduce_(self, parameters: Iterable[nn.Parameter]) -> None:
        """Nothing to do: the gradients are whole."""
