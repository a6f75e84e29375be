"""Toys: small exact parts. A scene with one board an image, and a detector whose score is how red the board is.

So the best patch that hides the board is known: no red at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from physadv.core.access import AccessLevel, Task
from physadv.core.defended import Defended
from physadv.core.defense_kind import DefenseKind
from physadv.core.problem.limited import Limited
from physadv.core.problem.objective import Member, Objective
from physadv.core.problem.patch_problem import Budget, PatchProblem
from physadv.core.protocols import Victim
from physadv.core.types import Candidates, Detections, Draws, PatchImage, SceneBatch
from physadv.library.compute.one_device import OneDevice

LABELS = ("board", "ghost")
BOX = (8.0, 8.0, 24.0, 24.0)


def one_scene(images: int = 1, side: int = 32, seed: int = 0) -> SceneBatch:
    """Grey images; each holds one board at :data:`BOX`, one millimetre a pixel, wearing the patch."""
    random = torch.Generator().manual_seed(seed)
    centre = torch.tensor([[1.0, 0.0, 15.5], [0.0, 1.0, 15.5], [0.0, 0.0, 1.0]])
    return SceneBatch(
        srgb=torch.rand(images, 3, side, side, generator=random) * 0.2 + 0.4,
        sizes_px=torch.full((images, 2), side),
        keys=tuple(f"toy/{seed}/{i}" for i in range(images)),
        image_of=torch.arange(images),
        boxes_xyxy_px=torch.tensor([BOX]).repeat(images, 1),
        labels=torch.zeros(images, dtype=torch.int64),
        label_names=LABELS,
        wears=torch.ones(images, dtype=torch.bool),
        image_from_surface=centre.repeat(images, 1, 1),
        light=torch.ones(images, 3),
    )


@dataclass(frozen=True)
class ToyScenes:
    """Endless toy scenes, different ones for different generators."""

    count: int = 4

    def batches(self, size: int, generator: torch.Generator) -> Iterator[SceneBatch]:
        while True:
            yield one_scene(size, seed=int(torch.randint(1 << 30, (), generator=generator)))

    def sweep(self, size: int, skip: int = 0) -> Iterator[SceneBatch]:
        for start in range(skip * size, self.count, size):
            yield SceneBatch.joined([one_scene(seed=i) for i in range(start, min(start + size, self.count))])

    def split(self, share: float, seed: int) -> tuple[ToyScenes, ToyScenes]:
        return self, self

    def __len__(self) -> int:
        return self.count


class ToyRenderer:
    """Lays the patch flat over the box, times a random brightness."""

    def sample(self, scene: SceneBatch, generator: torch.Generator) -> Draws:
        return Draws({"light": {"gain": torch.rand(len(scene.keys), generator=generator) * 0.2 + 0.8}})

    def render(self, scene: SceneBatch, patch: PatchImage, draws: Draws) -> Tensor:
        x0, y0, x1, y1 = (int(v) for v in BOX)
        fitted = torch.nn.functional.interpolate(patch.srgb[None], size=(y1 - y0, x1 - x0), mode="area")
        out = scene.srgb.clone()
        out[:, :, y0:y1, x0:x1] = fitted * draws.stages["light"]["gain"][:, None, None, None]
        return out


@dataclass(frozen=True)
class ToyDetector:
    """Reports a board at :data:`BOX`, the surer the redder it is; a ghost the bluer it is."""

    name: str = "toy"
    labels: tuple[str, ...] = LABELS
    task: Task = Task.detection
    access: AccessLevel = AccessLevel.gradients
    confidence: float = 0.5
    digest: str = "toy"
    networks: tuple[torch.nn.Module, ...] = ()
    steepness: float = 12

    def outputs(self, images: Tensor) -> Candidates:
        x0, y0, x1, y1 = (int(v) for v in BOX)
        mean = images[:, :, y0:y1, x0:x1].mean((2, 3))
        scores = torch.sigmoid(self.steepness * (mean[:, [0, 2]] - 0.35))[:, None]
        return Candidates(images.new_tensor(BOX).repeat(len(images), 1, 1), scores)

    def decide(self, outputs: Candidates, confidence: float | None = None) -> tuple[Detections, ...]:
        found = []
        for boxes, scores in zip(outputs.boxes_xyxy_px, outputs.scores, strict=True):
            best, label = scores.max(1)
            every = Detections(boxes, best, label)
            found.append(every.above(self.confidence if confidence is None else confidence))
        return tuple(found)

    def to(self, device: torch.device | str) -> ToyDetector:
        return self


@dataclass(frozen=True)
class ToyGridDetector:
    """Reports a board or a ghost in each of 4 × 4 cells of pictures of any size, the surer the redder or bluer."""

    name: str = "toy-grid"
    labels: tuple[str, ...] = LABELS
    task: Task = Task.detection
    access: AccessLevel = AccessLevel.gradients
    confidence: float = 0.5
    digest: str = "toy-grid"
    networks: tuple[torch.nn.Module, ...] = ()

    def outputs(self, images: Tensor) -> Candidates:
        means = torch.nn.functional.adaptive_avg_pool2d(images, 4).flatten(2).mT  # (B, 16, 3)
        across, down = torch.meshgrid(torch.arange(4), torch.arange(4), indexing="xy")
        corners = torch.stack([across, down, across + 1, down + 1], -1).flatten(0, 1).to(images)
        height, width = images.shape[-2:]
        boxes = corners * images.new_tensor([width, height] * 2) / 4
        scores = torch.sigmoid(6 * (means[..., [0, 2]] - 0.5))
        return Candidates(boxes.expand(len(images), -1, -1), scores)

    def decide(self, outputs: Candidates, confidence: float | None = None) -> tuple[Detections, ...]:
        found = []
        for boxes, scores in zip(outputs.boxes_xyxy_px, outputs.scores.detach(), strict=True):
            (best, label), order = scores.max(1), scores.amax(1).argsort(descending=True)
            every = Detections(boxes[order], best[order], label[order])
            found.append(every.above(self.confidence if confidence is None else confidence))
        return tuple(found)

    def to(self, device: torch.device | str) -> ToyGridDetector:
        return self


class ToyPatch(torch.nn.Module):
    """Free texels."""

    def __init__(self, side: int = 8) -> None:
        super().__init__()
        self.srgb = torch.nn.Parameter(torch.full((3, side, side), 0.5))

    def forward(self) -> PatchImage:
        return PatchImage(self.srgb, torch.ones_like(self.srgb[:1]), 16.0)

    @torch.no_grad()
    def project_(self) -> None:
        self.srgb.clamp_(0, 1)


class ToyGoal:
    """No reports of the board."""

    target: str | None = None

    def bound(self, labels: tuple[str, ...]) -> ToyGoal:
        return self

    def loss(self, outputs: Candidates, scene: SceneBatch) -> Tensor:
        return outputs.scores[:, 0, 0]

    def achieved(self, decisions: tuple[Detections, ...], scene: SceneBatch) -> Tensor:
        return torch.tensor([not bool((found.labels == 0).any()) for found in decisions], dtype=torch.bool)


class ToyDefense:
    """Blurs what the victim sees, over squares of some pixels."""

    kind = DefenseKind.smooth

    def __init__(self, side_px: int = 3) -> None:
        self.side_px = side_px

    @property
    def name(self) -> str:
        return f"blur-{self.side_px}"

    def around(self, victim: Victim[Any, Any]) -> Victim[Any, Any]:
        return ToyDefended(victim, self, {"side_px": self.side_px})


class ToyDefended(Defended[Any, Any]):
    """The victim behind the blur."""

    def passed_on(self, images: Tensor) -> Tensor:
        side: int = self.options["side_px"]
        padded = torch.nn.functional.pad(images, (side // 2,) * 4, mode="replicate")
        return torch.nn.functional.avg_pool2d(padded, side, stride=1)

    def to(self, device: torch.device | str) -> ToyDefended:
        return ToyDefended(self.victim.to(device), self.defense, self.options)


def toy_problem(steps: int = 30, *, black_box: bool = False, seed: int = 0) -> PatchProblem:
    """A whole problem of toys: two images a step, four held out. The patch begins grey; the best one has no red."""
    detector = Limited(ToyDetector(), AccessLevel.scores if black_box else AccessLevel.gradients)
    objective = Objective((Member(detector, ToyGoal()),))
    return PatchProblem(
        scenes=ToyScenes(), patch=ToyPatch(), renderer=ToyRenderer(), objective=objective,
        penalties=(), budget=Budget(steps, 2, 1, 4), seed=seed, engine=OneDevice(torch.device("cpu")),
    )  # fmt: skip
