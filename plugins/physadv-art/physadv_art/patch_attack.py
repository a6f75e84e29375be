"""ART's adversarial patch (Brown et al. 2017, arXiv:1712.09665) against our victims, laid on our objects.

ART's are the steps (Adam, or PGD's signs) and the laying on: scale, rotation, place, one picture after another, nearest
pixel. Ours are the victims and the goal, so that the model is not switched to training; the place and the size on each
object, where ART takes any place of the picture; the draws, from the step's generator; and a gradient that begins at
zero in every step, where ART's adds up those of all steps before it.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from physadv.api import (
    Checkpoints,
    IncompatibleParts,
    MissingExtra,
    Observer,
    PatchImage,
    PatchProblem,
    SceneBatch,
    Schedule,
    Step,
    iterate,
)
from physadv_art.seeding import seeded

try:
    from art.attacks.evasion import AdversarialPatchPyTorch
    from art.estimators.classification import PyTorchClassifier
except ImportError as error:
    raise MissingExtra("attack=art needs ART: pip install 'adversarial-robustness-toolbox>=1.20,<1.21'") from error

logging.getLogger("art").setLevel(logging.WARNING)

LARGEST = 0.9  # of a picture's shorter side, so that there is a place for the patch


class _Laid(AdversarialPatchPyTorch):  # type: ignore[misc, unused-ignore]
    """ART's patch, square, with the shape of ours in its middle."""

    def __init__(self, patch: PatchImage, height: int, width: int, options: Mapping[str, Any]) -> None:
        rows, columns = patch.srgb.shape[1:]
        side = max(rows, columns)
        estimator = PyTorchClassifier(
            model=torch.nn.Identity(), loss=torch.nn.CrossEntropyLoss(), input_shape=(3, height, width), nb_classes=2,
            clip_values=(0.0, 1.0), device_type="cpu",
        )  # fmt: skip
        super().__init__(estimator, patch_shape=(3, side, side), patch_type="square", verbose=False, **options)
        top, left = (side - rows) // 2, (side - columns) // 2
        self.inside = (slice(None), slice(top, top + rows), slice(left, left + columns))
        self._alpha = torch.zeros(3, side, side)
        self._alpha[self.inside] = patch.alpha.detach().cpu()
        with torch.no_grad():
            self._patch[self.inside] = patch.srgb.detach().cpu().double()

    @property
    def larger(self) -> float:
        """The square's side by ours across."""
        return self.patch_shape[2] / (self.inside[2].stop - self.inside[2].start)

    def _get_circular_patch_mask(self, nb_samples: int, sharpness: int = 40) -> Tensor:
        return self._alpha.expand(nb_samples, -1, -1, -1)

    def laid(self, image: Tensor, scale: float, centre: tuple[int, int]) -> Tensor:
        """``image`` ``(1, 3, H, W)`` with the patch at ``centre`` (row, column), ``scale`` of its shorter side wide."""
        place = torch.zeros(1, *image.shape[-2:], dtype=torch.bool)
        place[0, centre[0], centre[1]] = True
        return self._random_overlay(image, self._patch, scale=scale, mask=place).clamp(0, 1)

    def stepped(self, loss: Tensor) -> None:
        """Down the loss, from a gradient of this step alone."""
        self._patch.grad = None
        torch.autograd.backward(loss)
        if self._optimizer_string == "pgd":
            with torch.no_grad():
                self._patch -= self.learning_rate * self._patch.grad.sign()
        else:
            self._optimizer.step()
        with torch.no_grad():
            self._patch.clamp_(0, 1)


class _ArtSteps:
    """ART's steps, as the loop of :func:`~physadv.api.iterate` asks for them."""

    def __init__(self, problem: PatchProblem, options: Mapping[str, Any], spread: float) -> None:
        self._spread = spread
        self._texels = _only_texels(problem)
        scene = next(iter(problem.scenes.sweep(1)))
        self._art = _Laid(problem.patch(), *scene.srgb.shape[-2:], options)

    def step(self, problem: PatchProblem, index: int, random: torch.Generator) -> Step:
        """As many pictures asked as a step of ours asks: each with each of ``draws`` ways to lay the patch on it."""
        begun = time.perf_counter()
        losses, shares = [], []
        scene = next(problem.scenes.batches(problem.budget.batch, random))
        with seeded(random):
            laid = [self._worn(scene, problem.patch().width_mm, random) for _ in range(problem.budget.draws)]
            for images in laid:
                shown = scene.to(problem.engine.device)
                verdict = problem.objective.measure(images.to(problem.engine.device), shown)
                losses.append(verdict.loss.mean().cpu())
                shares.append(torch.cat([one[shown.wears].flatten() for one in verdict.achieved.values()]))
            terms = {"goal": torch.stack(losses).mean()} | self._penalties(problem)
            self._art.stepped(sum(terms.values(), torch.zeros(())))
        self._handed_on(problem)
        told = {name: float(value.detach()) for name, value in terms.items()}
        success = float(torch.cat(shares).double().mean())
        return Step(index, problem.budget.steps, sum(told.values()), success, time.perf_counter() - begun, told)

    def exhausted(self) -> bool:
        return False

    def stalled(self) -> None:
        """ART's steps stay as large as they are."""

    def state_dict(self) -> dict[str, Any]:
        state = {"patch": self._art._patch.detach().clone()}
        return state | ({"adam": self._art._optimizer.state_dict()} if self._art._optimizer_string == "Adam" else {})

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        with torch.no_grad():
            self._art._patch.copy_(state["patch"])
        if "adam" in state:
            self._art._optimizer.load_state_dict(state["adam"])

    def _penalties(self, problem: PatchProblem) -> dict[str, Tensor]:
        """On ART's texels; ART itself has none."""
        ours = problem.patch()
        patch = PatchImage(self._art._patch[self._art.inside].float(), ours.alpha.cpu(), ours.width_mm)
        return {penalty.name: penalty(patch).cpu() for penalty in problem.penalties}

    def _worn(self, scene: SceneBatch, width_mm: float, random: torch.Generator) -> Tensor:
        """The pictures, each with the patch on its first wearer."""
        images = list(scene.srgb[:, None])
        for place in reversed(torch.nonzero(scene.wears).flatten().tolist()):
            row = int(scene.image_of[place])
            scale, centre = self._place(scene, place, width_mm, float(torch.rand((), generator=random)))
            images[row] = self._art.laid(scene.srgb[row : row + 1], scale, centre)
        return torch.cat(images)

    def _place(self, scene: SceneBatch, place: int, width_mm: float, drawn: float) -> tuple[float, tuple[int, int]]:
        """How large ART's square is in shares of the shorter side, and the (row, column) of its middle."""
        lens = scene.image_from_surface[place].double()
        height, width = scene.srgb.shape[-2:]
        ends = lens @ torch.tensor([[-width_mm / 2, width_mm / 2, 0], [0, 0, 0], [1, 1, 1]], dtype=torch.float64)
        ends = ends[:2] / ends[2]
        across = float((ends[:, 1] - ends[:, 0]).norm()) * self._art.larger
        scale = across / min(height, width) * (1 + self._spread * (2 * drawn - 1))
        scale = min(max(scale, 2 / min(height, width)), LARGEST)
        half = math.ceil(scale * min(height, width) / 2) + 1
        row, column = (
            min(max(round(float(at)), half), side - half - 1)
            for at, side in ((ends[1, 2], height), (ends[0, 2], width))
        )
        return scale, (row, column)

    @torch.no_grad()
    def _handed_on(self, problem: PatchProblem) -> None:
        self._texels.copy_(self._art._patch[self._art.inside].to(self._texels))
        problem.patch.project_()


class ArtPatch:
    """ART's adversarial patch as an attack of ours."""

    needs_gradient = True

    def __init__(self, options: Mapping[str, Any], spread: float) -> None:
        """``options`` go to ART's class; sizes vary by ``spread`` about the object's own."""
        self._options, self._spread = dict(options), spread

    def run(self, problem: PatchProblem, observers: Iterable[Observer], checkpoints: Checkpoints) -> PatchImage:
        """The patch that did best on our held-out draws, in our world.

        Raises :class:`IncompatibleParts` for a patch of other parameters than its texels.
        """
        steps = _ArtSteps(problem, self._options, self._spread)
        return iterate(problem, steps, Schedule(), observers, checkpoints)


def _only_texels(problem: PatchProblem) -> Tensor:
    parameters, srgb = list(problem.patch.parameters()), problem.patch().srgb
    if len(parameters) != 1 or parameters[0].shape != srgb.shape:
        raise IncompatibleParts("attack=art changes the colours of texels by themselves: choose patch=raster")
    return parameters[0]
