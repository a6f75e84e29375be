"""Conditions that move on from frame to frame, and pictures that were sampled one by one but rendered together.

frame        0        1        2        3
pose, light  ├──────────────────────────┤   on the way from one draw to another, as far as the clip drifts
noise        new      new      new      new
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from physadv.core.clip import FilmClip
from physadv.core.scene_protocols import JoinsDraws, Renderer
from physadv.core.types import Draws, PatchImage, SceneBatch


def frames_of(
    renderer: Renderer,
    scene: SceneBatch,
    clip: FilmClip,
    indices: Sequence[int],
    numbers: Callable[[str], torch.Generator],
) -> tuple[Draws, ...]:
    """The conditions of these frames of one picture; ``numbers`` gives the generator of a purpose."""
    first, last = (renderer.sample(scene, numbers(end)) for end in ("first", "last"))
    return tuple(
        between(first, last, renderer.sample(scene, numbers(f"frame {index}")), clip.share(index)) for index in indices
    )


def between(first: Draws, last: Draws, new: Draws, share: float) -> Draws:
    """``share`` of the way from the first draw to the last; what is no quantity (seeds, yes or no) is the new one's.

    So is a stage that was not drawn alike each time.
    """
    return Draws({name: _stage(first, last, drawn, name, share) for name, drawn in new.stages.items()})


def _stage(first: Draws, last: Draws, new: Mapping[str, Tensor], name: str, share: float) -> Mapping[str, Tensor]:
    ends = [draws.stages.get(name, {}) for draws in (first, last)]
    if any(_form(end) != _form(new) for end in ends):
        return new
    here, there = ends
    return {
        option: torch.lerp(here[option], there[option], share) if drawn.is_floating_point() else drawn
        for option, drawn in new.items()
    }


def _form(stage: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {option: tuple(drawn.shape) for option, drawn in stage.items()}


def render_each(renderer: Renderer, scene: SceneBatch, patch: PatchImage, draws: Sequence[Draws]) -> Tensor:
    """The pictures with a patch, ``(B,3,H,W)`` sRGB, each under conditions that were sampled for it alone."""
    joined = renderer.joined(scene, patch, draws) if isinstance(renderer, JoinsDraws) else None
    if joined is not None:
        return renderer.render(scene, patch, joined)
    alone = zip(each(scene), draws, strict=True)
    return torch.cat([renderer.render(one, patch, own) for one, own in alone])


def each(scene: SceneBatch) -> list[SceneBatch]:
    """The pictures of a batch, one by one."""
    return [scene.pick(torch.tensor([place])) for place in range(len(scene.keys))]
