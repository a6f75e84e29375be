"""A judgement of toys whose answers are known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from physadv.core.types import PatchImage, SceneBatch
from physadv.engines.judging.trial import Trial
from physadv.parts.goals.detection import Hide
from physadv.parts.goals.options import HideConfig
from tests.toys import BOX, ToyDetector, ToyRenderer, ToyScenes


class SeeThrough(ToyRenderer):
    """The toy renderer, with transparency, and red boards under the patch."""

    def render(self, scene: SceneBatch, patch: PatchImage, draws: Any) -> Tensor:
        board = scene.srgb.clone()
        x0, y0, x1, y1 = (int(v) for v in BOX)
        board[:, :, y0:y1, x0:x1] = torch.tensor([0.9, 0.1, 0.1])[:, None, None]
        return torch.where(patch.alpha.mean() > 0.5, super().render(scene, patch, draws), board)


def trial(**changes: Any) -> Trial:
    black = PatchImage(torch.zeros(3, 8, 8), torch.ones(1, 8, 8), 16.0)
    made = Trial(
        black, ToyScenes(6), SeeThrough(), [ToyDetector()], Hide(HideConfig()), "hide", 0, torch.device("cpu"),
        batch=4, resamples=50,
    )  # fmt: skip
    return replace(made, **changes)


def quiet(done: int, total: int) -> None:
    """No progress bar."""
