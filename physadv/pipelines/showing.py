"""Shows every scene under every condition to every victim, once; keeps what was there and what was reported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from physadv.errors import BadInput
from physadv.labels import canonical
from physadv.metrics.tables import F64, I64, Bool, Findings, Truth
from physadv.protocols import Goal, Renderer, SceneSource, Victim
from physadv.seeding import generator
from physadv.types import Detections, Draws, PatchImage, SceneBatch

KEPT_FROM = 0.01  # reports scored lower than this are not kept

Progress = Callable[[int, int], None]  # images done, images in all


@dataclass(frozen=True, slots=True)
class View:
    """One batch of scenes under one draw. Rendering it again gives the same images."""

    scene: SceneBatch
    draws: Draws
    name: str  # of the draw, "" when there is only one
    numbers: I64  # (B,) of the views
    images: I64  # (B,) of the images


@dataclass(frozen=True)
class Showing:
    """Which scenes are shown, and how. Going through the views again shows the same ones."""

    scenes: SceneSource
    renderer: Renderer
    batch: int  # images at a time
    draws: int  # sampled conditions for each image
    images: int  # at most; 0 = all
    seed: int
    device: torch.device

    def __len__(self) -> int:
        return min(len(self.scenes), self.images or len(self.scenes))

    def views(self) -> Iterator[View]:
        """Every batch, once a draw. Draws depend on seed, batch and draw alone: conditions and victims share them."""
        images = views = 0
        for index, scene in enumerate(self.scenes.sweep(self.batch)):
            if images >= len(self):
                return
            here, row = scene.to(self.device), np.arange(len(scene.keys))
            for draw in range(self.draws):
                sampled = self.renderer.sample(here, generator(self.seed, f"evaluate/{index}/{draw}"))
                yield View(here, sampled, f"#{draw}" if self.draws > 1 else "", views + row, images + row)
                views += len(row)
            images += len(row)


@dataclass(frozen=True, slots=True)
class Watched:
    """A victim, its goal, and the score from which it reports."""

    victim: Victim
    goal: Goal  # bound to the victim's labels
    confidence: float


@dataclass(frozen=True, slots=True)
class Reported:
    """What one victim reported under one condition."""

    findings: Findings
    achieved: Bool  # (M,) the goal, on each object


@dataclass(frozen=True, slots=True)
class Observations:
    """Everything that was seen, as flat tables. Memory grows with objects and reports, never with pixels."""

    truth: Truth
    view_names: tuple[str, ...]
    sizes_px: tuple[tuple[int, int], ...]  # of each view: height, width
    categories: tuple[str, ...]
    reported: Mapping[tuple[int, str], Reported]  # (number of the victim, condition)


class Categories:
    """One number for every label that occurs, whatever its spelling."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def of(self, labels: Sequence[str]) -> I64:
        """The numbers of labels; new ones for those not seen before."""
        for name in map(canonical, labels):
            if name not in self.names:
                self.names.append(name)
        return np.array([self.names.index(canonical(label)) for label in labels], dtype=np.int64)


@torch.no_grad()
def observe(
    showing: Showing, conditions: Mapping[str, PatchImage], watched: Sequence[Watched], progress: Progress
) -> Observations:
    """Render each view under each condition, and note what each victim reports."""
    categories, truths = Categories(), list[Truth]()
    names, sizes_px = list[str](), list[tuple[int, int]]()
    pieces: dict[tuple[int, str], list[Reported]] = {
        (number, condition): [] for number in range(len(watched)) for condition in conditions
    }
    for view in showing.views():
        truths.append(_truth(view, categories))
        names += [key + view.name for key in view.scene.keys]
        sizes_px += [(height, width) for height, width in view.scene.sizes_px.tolist()]
        for condition, patch in conditions.items():
            images = showing.renderer.render(view.scene, patch, view.draws)
            for number, one in enumerate(watched):
                decisions = one.victim.decide(one.victim.outputs(images), min(KEPT_FROM, one.confidence))
                pieces[number, condition].append(_reported(view, one, decisions, categories))
        progress(int(view.images[-1]) + 1, len(showing))
    if not truths:
        raise BadInput("there is not one image to judge on. Choose other scenes, or a larger share for judging.")
    reported = {
        key: Reported(
            Findings.joined([part.findings for part in parts]), np.concatenate([part.achieved for part in parts])
        )
        for key, parts in pieces.items()
    }
    return Observations(Truth.joined(truths), tuple(names), tuple(sizes_px), tuple(categories.names), reported)


def _truth(view: View, categories: Categories) -> Truth:
    """The objects of one batch of views. An object is the same in another draw when image and row are the same."""
    scene = view.scene
    image, row = _numbers(scene.image_of), np.arange(len(scene.wears))
    names = categories.of(scene.label_names)
    return Truth(
        view.images,
        view.numbers[image],
        view.images[image] * 1_000_000 + row,  # more than a batch holds
        _reals(scene.boxes_xyxy_px),
        names[_numbers(scene.labels)],
        scene.wears.cpu().numpy(),
        np.zeros(len(row), dtype=np.bool_) if scene.crowds is None else scene.crowds.cpu().numpy(),
        None if scene.distance_m is None else _reals(scene.distance_m),
    )


def _reported(view: View, watched: Watched, decisions: tuple[Detections, ...], categories: Categories) -> Reported:
    labels = categories.of(watched.victim.labels)
    counts = [len(found.scores) for found in decisions]
    findings = Findings(
        np.repeat(view.numbers, counts),
        _reals(torch.cat([found.boxes_xyxy_px for found in decisions])),
        _reals(torch.cat([found.scores for found in decisions])).round(6),
        labels[_numbers(torch.cat([found.labels for found in decisions]))],
    )
    sure = tuple(found.above(watched.confidence) for found in decisions)
    return Reported(findings, watched.goal.achieved(sure, view.scene).cpu().numpy())


def _numbers(values: Tensor) -> I64:
    return values.cpu().numpy().astype(np.int64)


def _reals(values: Tensor) -> F64:
    return values.cpu().numpy().astype(np.float64)
