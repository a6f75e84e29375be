"""The battery passes what is sound, and names what is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from physadv.core.access import AccessLevel, Task
from physadv.core.hookspecs import Entry
from physadv.core.protocols import Goal, PatchModel
from physadv.core.types import Candidates, Detections, SceneBatch
from physadv.parts.goals.detection import Hide
from physadv.parts.goals.entries import physadv_goals
from physadv.parts.goals.options import HideConfig
from physadv.parts.patches.entries import physadv_patches
from physadv.parts.scenes.entries import build_road
from physadv.parts.scenes.options import RoadConfig
from physadv.testing import VICTIM_CHECKS, BrokenPart, check_goal, check_patch, check_scenes, check_victim
from tests.toys import ToyDetector, ToyPatch, one_scene


class Sound(nn.Module):
    """One candidate over the whole image, scored by its mean colour."""

    name, labels, confidence, digest = "sound", ("red", "blue"), 0.5, "0123456789"
    task, access = Task.detection, AccessLevel.gradients

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(3, 2)
        self.eval().requires_grad_(False)

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        return (self,)

    def outputs(self, images: Tensor) -> Candidates:
        height, width = images.shape[-2:]
        boxes = images.new_tensor([0.0, 0.0, width, height]).expand(len(images), 1, 4)
        return Candidates(boxes, self.mix(images.mean(dim=(2, 3)))[:, None].sigmoid())

    def decide(self, outputs: Candidates, confidence: float | None = None) -> tuple[Detections, ...]:
        threshold = self.confidence if confidence is None else confidence
        found = []
        for boxes, scores in zip(outputs.boxes_xyxy_px, outputs.scores, strict=True):
            order = scores[0].argsort(descending=True)
            kept = order[scores[0][order] >= threshold]
            found.append(Detections(boxes.expand(len(kept), 4), scores[0][kept], kept))
        return tuple(found)


def changed_outputs(change: Callable[[Candidates, Tensor], Candidates]) -> type[Sound]:
    class Changed(Sound):
        def outputs(self, images: Tensor) -> Candidates:
            return change(super().outputs(images), images)

    return Changed


class Trainable(Sound):
    def __init__(self) -> None:
        super().__init__()
        self.requires_grad_(True)


class Training(Sound):
    def __init__(self) -> None:
        super().__init__()
        self.train()


class Drifting(Sound):
    def outputs(self, images: Tensor) -> Candidates:
        seen = super().outputs(images)
        self.mix.bias += 1e-6
        return seen


class Unsorted(Sound):
    def decide(self, outputs: Candidates, confidence: float | None = None) -> tuple[Detections, ...]:
        return tuple(
            Detections(found.boxes_xyxy_px.flip(0), found.scores.flip(0), found.labels.flip(0))
            for found in super().decide(outputs, confidence)
        )


class Deaf(Sound):
    def decide(self, outputs: Candidates, confidence: float | None = None) -> tuple[Detections, ...]:
        return super().decide(outputs, 0.0)


class OneLabel(Sound):
    labels = ("red",)


class Pretending(Sound):
    access = AccessLevel.scores


BROKEN = {
    "scores 2 classes, but names 1 labels": OneLabel,
    "scores from .* not in": changed_outputs(lambda c, _: Candidates(c.boxes_xyxy_px, c.scores * 3)),
    "boxes leave the image": changed_outputs(lambda c, _: Candidates(c.boxes_xyxy_px + 3, c.scores)),
    "not finite": changed_outputs(lambda c, _: Candidates(c.boxes_xyxy_px / 0, c.scores)),
    "alone and in a batch": changed_outputs(
        lambda c, images: Candidates(c.boxes_xyxy_px, c.scores * images.mean() ** 4)
    ),
    "two runs on the same images differ": changed_outputs(
        lambda c, _: Candidates(c.boxes_xyxy_px, c.scores * (1 - 1e-5 * torch.rand(())))
    ),
    "detached from the images": changed_outputs(lambda c, _: Candidates(c.boxes_xyxy_px, c.scores.detach())),
    "has zero gradient": changed_outputs(lambda c, _: Candidates(c.boxes_xyxy_px, c.scores * 0)),
    "is not frozen": Trainable,
    "must be in evaluation mode": Training,
    "(changed by being used|runs on the same images differ)": Drifting,
    "not sorted best first": Unsorted,
    "below the threshold": Deaf,
    "access is scores, yet": Pretending,
}


@pytest.mark.parametrize("message", BROKEN)
def test_a_broken_victim_is_named(message: str) -> None:
    with fixed_weights(), pytest.raises(BrokenPart, match=message):
        check_victim(BROKEN[message]())


def test_a_sound_victim_passes_every_check() -> None:
    with fixed_weights():
        assert check_victim(Sound()) == tuple(check.__name__ for check in VICTIM_CHECKS)


def fixed_weights() -> torch.random.fork_rng:
    torch.manual_seed(0)
    return torch.random.fork_rng(devices=[])


@dataclass(frozen=True)
class Boards:
    """Toy images by number, so that every sweep shows the same ones."""

    numbers: tuple[int, ...] = (0, 1, 2, 3, 4)
    shown: int = 1

    def batches(self, size: int, generator: torch.Generator) -> Iterator[SceneBatch]:
        while True:
            yield one_scene(size, seed=int(torch.randint(1 << 30, (), generator=generator)))

    def sweep(self, size: int, skip: int = 0) -> Iterator[SceneBatch]:
        for number in (self.numbers * self.shown)[skip:]:
            yield one_scene(1, seed=number)

    def split(self, share: float, seed: int) -> tuple[Boards, Boards]:
        cut = len(self.numbers) - round(len(self.numbers) * share)
        return Boards(self.numbers[:cut]), Boards(self.numbers[cut:])

    def __len__(self) -> int:
        return len(self.numbers)


class Forgetful(Boards):
    def sweep(self, size: int, skip: int = 0) -> Iterator[SceneBatch]:
        return super().sweep(size)


class Leaking(Boards):
    def split(self, share: float, seed: int) -> tuple[Boards, Boards]:
        return self, self


def test_sound_scenes_pass_and_broken_ones_are_named() -> None:
    check_scenes(Boards())
    with pytest.raises(BrokenPart, match="len says 5 images, the sweep shows 10"):
        check_scenes(Boards(shown=2))
    with pytest.raises(BrokenPart, match=r"sweep\(2, skip=1\) shows other batches"):
        check_scenes(Forgetful())
    with pytest.raises(BrokenPart, match="split gives an image to both parts"):
        check_scenes(Leaking())


class Unprintable(ToyPatch):
    def project_(self) -> None:
        self.srgb.data.fill_(1.5)


def test_sound_patches_pass_and_broken_ones_are_named() -> None:
    check_patch(ToyPatch())
    with pytest.raises(BrokenPart, match="after project_, srgb leaves"):
        check_patch(Unprintable())


class Summed(Hide):
    def bound(self, labels: tuple[str, ...]) -> Hide:
        return self

    def loss(self, outputs: Candidates, scene: SceneBatch) -> Tensor:
        return outputs.scores.sum()


def test_sound_goals_pass_and_broken_ones_are_named() -> None:
    check_goal(Hide(HideConfig()), ToyDetector(), one_scene(2))
    with pytest.raises(BrokenPart, match=r"a loss an image is \(2,\), got \(\)"):
        check_goal(Summed(HideConfig()), ToyDetector(), one_scene(2))


def test_the_drawn_road_passes() -> None:
    check_scenes(build_road(RoadConfig(images=5, width_px=160, height_px=96)))


@pytest.mark.parametrize("goal", physadv_goals(), ids=lambda row: row.name)
def test_built_in_goals_pass(goal: Entry[Any, Goal]) -> None:
    scene = one_scene(3)
    bare = replace(scene, wears=torch.tensor([True, False, True]))
    options = {"to": "ghost"} if goal.name in ("conjure", "impersonate") else {}
    for shown in (scene, bare):
        check_goal(goal.build(goal.config(**options)), ToyDetector(), shown)


@pytest.mark.parametrize("patch", physadv_patches(), ids=lambda row: row.name)
def test_built_in_patches_pass(patch: Entry[Any, PatchModel]) -> None:
    check_patch(patch.build(patch.config()))
