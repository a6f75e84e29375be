"""The victim that sees noise, of whichever task: pictures keep their size, so boxes need no way back."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from physadv.api import DefenseKind, RandomlyDefended, Victim


class RandomNoise:
    """The defence; every victim will do."""

    kind = DefenseKind.random

    def __init__(self, sigma: float, seed: int) -> None:
        self.sigma, self.seed = sigma, seed

    @property
    def name(self) -> str:
        return f"random-noise-{self.sigma:g}"

    def around(self, victim: Victim[Any, Any]) -> Victim[Any, Any]:
        """The victim behind the noise."""
        return Noised(victim, self)


class Noised(RandomlyDefended[Any, Any]):
    """The victim behind new noise for every picture."""

    def __init__(self, victim: Victim[Any, Any], noise: RandomNoise) -> None:
        super().__init__(victim, noise, {"sigma": noise.sigma, "seed": noise.seed})
        self.noise = noise

    def passed_on(self, images: Tensor) -> Tensor:
        """The noisy pictures ``(B,3,H,W)``, cut to [0, 1]; the gradient is the identity where nothing is cut."""
        drawn = [
            torch.randn(image.shape, generator=generator)
            for image, generator in zip(images, self.generators(images, self.noise.seed), strict=True)
        ]
        return (images + self.noise.sigma * torch.stack(drawn).to(images)).clamp(0, 1)

    def to(self, device: torch.device | str) -> Noised:
        """The same on another device."""
        return Noised(self.victim.to(device), self.noise)
