"""An attack on a memory: every picture becomes a film, which the defended victim is shown frame by frame.

No attack's loop changes for that. A batch holds the frames of its films, first all first frames, then all second ones;
the victim forgets before the first, and what it has seen before is in each answer. Its memory holds no graph: the
gradient of an answer is its own frame's (:mod:`physadv.parts.defenses.temporal.remembering`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from physadv.core.clip import FilmClip
from physadv.core.defended import defended_in, lead_in, remembers
from physadv.core.errors import BadShape
from physadv.core.film_draws import each, frames_of, render_each
from physadv.core.problem.patch_problem import Budget, PatchProblem
from physadv.core.protocols import Victim
from physadv.core.scene_protocols import Renderer, SceneSource
from physadv.core.types import Candidates, Detections, Draws, PatchImage, SceneBatch
from physadv.core.wrapped import Wrapped

MIN_CLIPS = 2
"""Films a step: the frames of one agree too much."""

MIN_HELD_OUT = 4
"""Films that choose the best iterate."""


def on_clips(problem: PatchProblem, clip: FilmClip) -> PatchProblem:
    """The problem with films in place of pictures; itself where no victim remembers frames.

    Conditions are not made harder in it (``hardening``): it knows nothing of films.
    """
    members = problem.objective.members
    if not any(remembers(member.victim) for member in members):
        return problem
    shown = tuple(
        replace(one, victim=FrameByFrame(one.victim, clip.frames)) if remembers(one.victim) else one for one in members
    )
    return replace(
        problem, scenes=ClipScenes(problem.scenes, clip.frames), renderer=ClipRenderer(problem.renderer, clip),
        objective=replace(problem.objective, members=shown), budget=clip_budget(problem.budget, clip), hardening=None,
    )  # fmt: skip


def clip_budget(budget: Budget, clip: FilmClip) -> Budget:
    """As many pictures a step as before or more, in whole films."""
    clips = max(MIN_CLIPS, -(-budget.batch * budget.draws // clip.frames))
    held_out = max(MIN_HELD_OUT, -(-budget.held_out // clip.frames))
    return Budget(budget.steps, clips * clip.frames, 1, held_out * clip.frames)


@dataclass(frozen=True)
class ClipScenes:
    """A source whose random batches hold every picture once for each frame of its film."""

    scenes: SceneSource
    frames: int

    def batches(self, size: int, generator: torch.Generator) -> Iterator[SceneBatch]:
        """``size`` pictures, or more: films are whole."""
        for scene in self.scenes.batches(-(-size // self.frames), generator):
            yield scene.repeat(self.frames)

    def sweep(self, size: int, skip: int = 0) -> Iterator[SceneBatch]:
        """The pictures themselves."""
        return self.scenes.sweep(size, skip)

    def split(self, share: float, seed: int) -> tuple[ClipScenes, ClipScenes]:
        """Both parts as films."""
        first, second = self.scenes.split(share, seed)
        return replace(self, scenes=first), replace(self, scenes=second)

    def __len__(self) -> int:
        return len(self.scenes)


@dataclass(frozen=True, slots=True)
class ClipDraws(Draws):
    """The conditions of every picture of a batch of films, each sampled for that picture alone."""

    pictures: tuple[Draws, ...] = ()


@dataclass(frozen=True)
class ClipRenderer:
    """Renders films whose conditions move on from frame to frame."""

    renderer: Renderer
    clip: FilmClip

    def sample(self, scene: SceneBatch, generator: torch.Generator) -> ClipDraws:
        """Draw where every film begins and whither it moves; what a camera draws for every frame is new in each."""
        films = each(scene.pick(torch.arange(_films(len(scene.keys), self.clip.frames))))
        frames = range(self.clip.frames)
        drawn = [frames_of(self.renderer, film, self.clip, frames, lambda purpose: generator) for film in films]
        return ClipDraws({}, tuple(film[frame] for frame in frames for film in drawn))

    def render(self, scene: SceneBatch, patch: PatchImage, draws: Draws) -> Tensor:
        """All frames of all films, ``(B,3,H,W)`` sRGB. Gradient flows to ``patch.srgb``."""
        assert isinstance(draws, ClipDraws)
        return render_each(self.renderer, scene, patch, draws.pictures)


class FrameByFrame(Wrapped[Candidates, tuple[Detections, ...]]):
    """A victim that remembers, asked about whole films at once.

    Its memory is empty before them. The films stand still on their first frame until it is full: no answer that counts
    is one of a memory which has seen too little.
    """

    def __init__(self, victim: Victim[Candidates, tuple[Detections, ...]], frames: int) -> None:
        super().__init__(victim)
        self._frames = frames

    def outputs(self, images: Tensor) -> Candidates:
        """The answers to every frame ``(frames·films,3,H,W)``, in the order of the frames.

        Raises :class:`BadShape` where the films are not whole.
        """
        films = _films(len(images), self._frames)
        if behind := defended_in(self.victim):
            behind.reset()
        frames = torch.split(images, films)
        with torch.no_grad():
            for _ in range(lead_in(self.victim)):
                self.victim.outputs(frames[0])
        told = [self.victim.outputs(frame) for frame in frames]
        return Candidates(_padded([one.boxes_xyxy_px for one in told]), _padded([one.scores for one in told]))

    def decide(self, outputs: Candidates, confidence: float | None = None) -> tuple[Detections, ...]:
        """As the victim."""
        return self.victim.decide(outputs, confidence)

    def to(self, device: torch.device | str) -> FrameByFrame:
        """The same on another device."""
        return FrameByFrame(self.victim.to(device), self._frames)


def standing_still(victim: Victim) -> Victim:
    """A victim that is shown every picture as a film which stands still; itself where it remembers nothing."""
    asked = victim.victim if isinstance(victim, FrameByFrame) else victim
    return FrameByFrame(asked, 1) if remembers(asked) else victim


def _films(pictures: int, frames: int) -> int:
    if pictures == 0 or pictures % frames:
        raise BadShape(f"films of {frames} frames are due, and {pictures} pictures are no whole number of them")
    return pictures // frames


def _padded(parts: list[Tensor]) -> Tensor:
    """``(B, n, ·)`` from parts with as many candidates as each has; the shorter ones have empty ones below."""
    rows: Any = [row for part in parts for row in part]
    return nn.utils.rnn.pad_sequence(rows, batch_first=True)
