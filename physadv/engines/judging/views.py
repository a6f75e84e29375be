"""Scenes under draws, what was there, and what was reported: the values that judging passes on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

import numpy as np
import torch
from torch import Tensor

from physadv.core.clip import FilmClip
from physadv.core.film_draws import each, frames_of, render_each
from physadv.core.labels import canonical, plain
from physadv.core.protocols import Goal, Victim
from physadv.core.scene_protocols import Renderer, SceneSource
from physadv.core.seeding import generator
from physadv.core.types import Detections, Draws, PatchImage, SceneBatch
from physadv.library.metrics.tables import F64, I64, Bool, Findings, Truth

Progress = Callable[[int, int], None]  # images done, images in all


@dataclass(frozen=True, slots=True)
class JudgedView:
    """One batch of scenes under one draw. Rendering it again gives the same images."""

    scene: SceneBatch
    draws: tuple[Draws, ...]  # (B,) of each picture alone
    name: str  # of the draw, "" when there is only one
    numbers: I64  # (B,) of the views
    images: I64  # (B,) of the images
    frame: int = 0  # of its film
    before: tuple[tuple[Draws, ...], ...] = ()  # conditions of the frames before the first that counts


@dataclass(frozen=True)
class ViewSource:
    """Which scenes are shown, and how. Going through the views again shows the same ones."""

    scenes: SceneSource
    renderer: Renderer
    batch: int  # images at a time
    draws: int  # sampled conditions for each image
    images: int  # at most; 0 = all
    seed: int
    device: torch.device
    wearing: int = 0  # images in which something wears the patch; 0: not known
    clip: FilmClip | None = None  # draws are frames of films of as many; None: each stands for itself

    def __len__(self) -> int:
        return min(len(self.scenes), self.images or len(self.scenes))

    def views(self) -> Iterator[JudgedView]:
        """Every batch, once a draw."""
        return chain.from_iterable(self.batches())

    def batches(self, skip: int = 0, images: int = 0) -> Iterator[list[JudgedView]]:
        """Every batch as its views, one a draw; ``skip`` of them, which hold ``images``, are left out at the start.

        Draws depend on seed, picture and draw alone: arms, victims, a resumed run and any batch size share them.
        """
        for scene in self.scenes.sweep(self.batch, skip):
            if images >= len(self):
                return
            count = min(len(scene.keys), len(self) - images)
            here = (scene if count == len(scene.keys) else scene.pick(torch.arange(count))).to(self.device)
            yield [self._view(here, draw, images + np.arange(count)) for draw in range(self.draws)]
            images += count

    def holding(self, numbers: Iterable[int], sizes: Sequence[int]) -> Iterator[JudgedView]:
        """The views of the batches that hold these views; the others are not made. ``sizes``: images in each batch."""
        ends = np.cumsum(sizes)
        wanted = sorted({int(np.searchsorted(ends, number // self.draws, "right")) for number in numbers})
        for index in wanted:
            yield from next(self.batches(index, int(ends[index] - sizes[index])))

    def render(self, view: JudgedView, patch: PatchImage) -> Tensor:
        """The pictures of a view with a patch, ``(B,3,H,W)`` sRGB. A picture looks the same in any batch."""
        return render_each(self.renderer, view.scene, patch, view.draws)

    def _view(self, scene: SceneBatch, draw: int, images: I64) -> JudgedView:
        numbers, name = images * self.draws + draw, f"#{draw}" if self.draws > 1 else ""
        if self.clip is not None:
            film, frame = divmod(draw, self.clip.frames)
            *before, now = self._frames(scene, self.clip, film, frame)
            return JudgedView(scene, now, name, numbers, images, frame, tuple(before))
        sampled = tuple(
            self.renderer.sample(one, generator(self.seed, f"evaluate/{one.keys[0]}/{draw}")) for one in each(scene)
        )
        return JudgedView(scene, sampled, name, numbers, images)

    def _frames(self, scene: SceneBatch, clip: FilmClip, film: int, frame: int) -> list[tuple[Draws, ...]]:
        """The conditions of a frame, of each picture alone; before those of the first one, all that lead up to it."""
        indices = range(0 if frame == 0 else clip.lead_in + frame, clip.lead_in + frame + 1)
        drawn = [
            frames_of(self.renderer, one, clip, indices, partial(_numbers_of, self.seed, f"{one.keys[0]}/{film}"))
            for one in each(scene)
        ]
        return list(zip(*drawn, strict=True))


def _numbers_of(seed: int, film: str, purpose: str) -> torch.Generator:
    return generator(seed, f"evaluate/{film}/{purpose}")


@dataclass(frozen=True, slots=True)
class VictimUnderTest:
    """A victim, its goal, and the score from which it reports."""

    victim: Victim
    goal: Goal  # bound to the victim's labels
    confidence: float
    identity: str = ""  # tells it from every other victim, for what is kept between runs; "": nothing is


@dataclass(frozen=True, slots=True)
class Reported:
    """Reports of one victim under one arm."""

    findings: Findings
    achieved: Bool  # (M,) the goal, on each object


@dataclass(frozen=True, slots=True)
class Observations:
    """Everything that was seen, as flat tables. Memory grows with objects and reports, never with pixels."""

    truth: Truth
    view_names: tuple[str, ...]
    sizes_px: tuple[tuple[int, int], ...]  # of each view: height, width
    categories: tuple[str, ...]
    reported: Mapping[tuple[int, str], Reported]  # (number of the victim, arm)
    distances: Mapping[str, Mapping[str, F64]]  # arm → measure → one value a measured view
    measured: I64  # (X,) the image of each measured view
    batches: tuple[int, ...]  # images in each
    covered: I64  # the categories that the truth tells of; the victim may know more


class Categories:
    """One number for every label that occurs, whatever its spelling.

    Synonyms are one ("stop", "stop sign") unless a list of labels itself tells them apart, as VisDrone tells "people"
    from "pedestrian"; who knows only "person" then means the one that wears the patch.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self.worn = ""

    def of(self, labels: Sequence[str]) -> I64:
        """The numbers ``(K,)`` of labels; new ones for those not seen before."""
        own = set(map(plain, labels))
        return np.array([self._number(label, own) for label in labels], dtype=np.int64)

    def _number(self, label: str, own: set[str]) -> int:
        """``own`` are all labels of its list: another of them is never meant."""
        literal = [name for name in self.names if plain(name) == plain(label)]
        alike = [name for name in self.names if canonical(name) == canonical(label) and plain(name) not in own]
        found = literal or sorted(alike, key=lambda name: plain(name) != plain(self.worn))
        if not found:
            told_apart = sum(canonical(other) == canonical(label) for other in own) > 1
            found = [plain(label) if told_apart else canonical(label)]
            self.names.append(found[0])
        return self.names.index(found[0])


def truth_of(view: JudgedView, categories: Categories) -> Truth:
    """The objects of one batch of views. An object is the same in another draw when image and row are the same."""
    scene = view.scene
    image, row = _numbers(scene.image_of), np.arange(len(scene.wears))
    names = categories.of(scene.label_names)
    if bool(scene.wears.any()):
        categories.worn = scene.label_names[int(scene.labels[scene.wears][0])]
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


def reported_by(
    watched: VictimUnderTest,
    decisions: tuple[Detections, ...],
    view: JudgedView,
    categories: Categories,
    max_reports: int,
) -> Reported:
    """The reports of a victim for a batch of views: the ``max_reports`` best a picture."""
    labels = categories.of(watched.victim.labels)
    kept = [
        Detections(d.boxes_xyxy_px[:max_reports], d.scores[:max_reports], d.labels[:max_reports]) for d in decisions
    ]
    findings = Findings(
        np.repeat(view.numbers, [len(found.scores) for found in kept]),
        _reals(torch.cat([found.boxes_xyxy_px for found in kept])),
        _reals(torch.cat([found.scores for found in kept])).round(6),
        labels[_numbers(torch.cat([found.labels for found in kept]))],
    )
    confident = tuple(found.above(watched.confidence) for found in decisions)
    return Reported(findings.compact(), watched.goal.achieved(confident, view.scene).cpu().numpy())


def _numbers(values: Tensor) -> I64:
    return values.cpu().numpy().astype(np.int64)


def _reals(values: Tensor) -> F64:
    return values.cpu().numpy().astype(np.float64)
