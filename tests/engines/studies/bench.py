"""Victims whose gradients are known to be broken or sound: the bench on which the audit is tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from physadv.core.defended import Defended, RandomlyDefended
from physadv.core.defense_kind import DefenseKind
from physadv.core.protocols import Goal, Victim
from physadv.core.types import SceneBatch
from physadv.parts.defenses.filtered import FilterDefense
from physadv.parts.defenses.purification.bits import reduced_bits
from physadv.parts.goals.detection import Alter, Hide
from physadv.parts.goals.options import AlterConfig, HideConfig
from physadv.parts.victims.classifier import Classifier
from physadv.parts.victims.whole_picture import WholePicture
from physadv.testing.toys import ToyDefense, ToyDetector

LEVELS = 7
HIDE = Hide(HideConfig()).bound(ToyDetector().labels)


class Sieve:
    """Shows a few pixels at random, the brighter the fewer they are."""

    name, kind, share = "sieve", DefenseKind.random, 0.05

    def around(self, victim: Victim[Any, Any]) -> Victim[Any, Any]:
        return Sieved(victim, self, {"share": self.share})


class Sieved(RandomlyDefended[Any, Any]):
    """The victim behind a sieve, which draws from the generator it is given."""

    def passed_on(self, images: Tensor) -> Tensor:
        share: float = self.options["share"]
        kept = [torch.rand(images.shape[-2:], generator=one) < share for one in self.generators(images)]
        return images * torch.stack(kept)[:, None] / share

    def to(self, device: torch.device | str) -> Sieved:
        return Sieved(self.victim.to(device), self.defense, self.options)


class HalfDetached(Defended[Any, Any]):
    """The victim sees the picture and its mirror image; the gradient knows of the one that does not count."""

    def passed_on(self, images: Tensor) -> Tensor:
        return 0.98 * images.detach() + 0.02 * images.flip(1)

    def to(self, device: torch.device | str) -> HalfDetached:
        return HalfDetached(self.victim.to(device), self.defense, self.options)


def rounded(images: Tensor) -> Tensor:
    return (images * LEVELS).round() / LEVELS


def detached(images: Tensor) -> Tensor:
    return images.detach()


def unseeded(images: Tensor) -> Tensor:
    return (images + 0.3 * torch.randn_like(images)).clamp(0, 1)


def shattered(images: Tensor) -> Tensor:
    """A fine wave on top: hardly another picture, and a gradient of anywhere."""
    return (images + 0.004 * torch.sin(images * 4000)).clamp(0, 1)


def behind(name: str, filter: Callable[[Tensor], Tensor], kind: DefenseKind) -> Victim[Any, Any]:
    return FilterDefense(name, kind, filter, {}).around(ToyDetector())


class SaturatingSoftmax(nn.Module):
    """Probabilities where logits are due, of logits that are far too large: distilled in the manner that was broken."""

    def forward(self, images: Tensor) -> Tensor:
        mean = images.mean((2, 3))
        return (torch.stack([mean[:, 0], 0.7 - mean[:, 0]], 1) * 3000).softmax(1)


class Averaging(nn.Module):
    """The same without the softmax, at a size that can be followed."""

    def forward(self, images: Tensor) -> Tensor:
        mean = images.mean((2, 3))
        return torch.stack([mean[:, 0], 0.7 - mean[:, 0]], 1) * 12


def classifier(network: nn.Module) -> Victim[Any, Any]:
    return WholePicture(Classifier(network, ToyDetector().labels, name="toy-classifier", size_px=32))


def goal_on(victim: Victim[Any, Any]) -> Goal:
    return Alter(AlterConfig()).bound(victim.labels) if isinstance(victim, WholePicture) else HIDE


class WholePictures:
    """Scenes whose object is the picture, as a classifier sees it."""

    def __init__(self, scenes: Any) -> None:
        self.scenes = scenes

    def sweep(self, size: int, skip: int = 0) -> Any:
        for scene in self.scenes.sweep(size, skip):
            yield _whole(scene)

    def __len__(self) -> int:
        return len(self.scenes)


def _whole(scene: SceneBatch) -> SceneBatch:
    height, width = scene.srgb.shape[-2:]
    return replace(scene, boxes_xyxy_px=torch.tensor([[0.0, 0.0, width, height]]).repeat(len(scene.wears), 1))


BROKEN = {
    "rounding without straight-through": (behind("rounded", rounded, DefenseKind.quantising), 1, "gradient"),
    "a detached tensor": (behind("detached", detached, DefenseKind.smooth), 1, "gradient"),
    "random without a seed": (behind("unseeded", unseeded, DefenseKind.random), 1, "repeats"),
    "random with one draw": (Sieve().around(ToyDetector()), 1, "draws"),
    "a saturating score": (ToyDetector(steepness=5000), 1, "gradient"),
    "a saturating softmax": (classifier(SaturatingSoftmax()), 1, "gradient"),
    "most of the way detached": (
        HalfDetached(ToyDetector(), FilterDefense("half", DefenseKind.smooth, detached, {}), {}), 1, "differences",
    ),
    "a shattered gradient": (behind("shattered", shattered, DefenseKind.smooth), 1, "reach"),
}  # fmt: skip
"""Name → victim, draws and a check that must fail."""

SOUND = {
    "bare": (ToyDetector(), 1),
    "a smooth filter": (ToyDefense().around(ToyDetector()), 1),
    "rounding with straight-through": (behind("bits", reduced_bits(3), DefenseKind.quantising), 1),
    "random, averaged": (Sieve().around(ToyDetector()), 8),
    "a classifier": (classifier(Averaging()), 1),
}
"""Name → victim and draws."""
