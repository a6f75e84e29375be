"""The best change of each image so far, and asking about those that can still be bettered."""

from __future__ import annotations

import torch
from torch import Tensor

from physadv.core.problem.perturbation_problem import PerturbationProblem, Perturbed
from physadv.library.perturbations.norms import size


def ask(problem: PerturbationProblem, images: Tensor, rows: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The logits ``(b,K)`` of ``images`` ``(b,3,H,W)``, and whether what is decided suits the attacker ``(b,)``.

    ``rows`` ``(b,)`` says which of the problem's images they are. Gradient flows to images that have one.
    """
    outputs = problem.victim.outputs(images, rows)
    return outputs.logits, problem.fooled(problem.victim.decide(outputs), rows)


def all_rows(problem: PerturbationProblem) -> Tensor:
    """``(B,)`` the rows of all images."""
    return torch.arange(len(problem.images), device=problem.images.device)


class Incumbents:
    """The smallest change that succeeds so far, of each image. Where there is none, it is the image itself."""

    def __init__(self, problem: PerturbationProblem) -> None:
        count, device = len(problem.images), problem.images.device
        self._clean, self._norm = problem.images, problem.norm
        self.images = problem.images.clone()  # (B, 3, H, W)
        self.sizes = torch.full((count,), torch.inf, dtype=problem.images.dtype, device=device)  # (B,)
        self.steps = torch.zeros(count, dtype=torch.int64, device=device)  # (B,) that were made for it

    @property
    def success(self) -> Tensor:
        """``(B,)`` whether there is one."""
        return self.sizes.isfinite()

    def keep(self, images: Tensor, suits: Tensor, rows: Tensor) -> Tensor:
        """Keep ``images`` ``(b,3,H,W)`` of ``rows`` where they suit the attacker and are nearer than those before.

        Counts a step of each of the rows. Returns ``(b,)`` their sizes.
        """
        self.steps[rows] += 1
        images = images.detach()
        sizes = size(images - self._clean[rows], self._norm)
        nearer = suits & (sizes < self.sizes[rows])
        if bool(nearer.any()):
            kept = rows[nearer]
            self.images[kept], self.sizes[kept] = images[nearer], sizes[nearer]
        return sizes

    def open(self, rows: Tensor) -> Tensor:
        """Those of the rows that can be bettered: an image that is taken as wished unchanged cannot."""
        return rows[self.sizes[rows] > 0]

    def result(self) -> Perturbed:
        """The outcome of the attack."""
        return Perturbed(self.images, self.success, self.steps)
