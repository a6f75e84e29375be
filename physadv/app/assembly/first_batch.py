"""The patch and one batch of pictures as they are before the first step."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from physadv.core.problem.patch_problem import PatchProblem
from physadv.core.seeding import generator
from physadv.core.types import PatchImage
from physadv.library.files.images import save_png


@torch.no_grad()
def first_patch(problem: PatchProblem) -> PatchImage:
    """The patch before the first step, on the CPU."""
    patch = problem.patch()
    return replace(patch, srgb=patch.srgb.detach().cpu(), alpha=patch.alpha.detach().cpu())


@torch.no_grad()
def save_preview(problem: PatchProblem, out: Path) -> None:
    """Write ``preview.png``: one rendered batch, as the attack would see it, through the victims once."""
    random = generator(problem.seed, "preview")
    scene = next(problem.scenes.batches(problem.budget.batch, random)).to(problem.engine.device)
    images = problem.renderer.render(scene, problem.patch(), problem.renderer.sample(scene, random))
    problem.objective.measure(images, scene)
    save_png(torch.cat(list(images.cpu()), dim=2), out / "preview.png")
