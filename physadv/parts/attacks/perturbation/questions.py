"""The questions of an attack without gradients: how many each image has left, and which images are done."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor

from physadv.core.problem.perturbation_problem import PerturbationProblem, Perturbed
from physadv.library.perturbations.losses import cross_entropy, margin

_VALUES = 1 << 24
"""As many as a victim is given at once: 64 MiB of pixels."""


class Questions:
    """Which images may still be asked about, and the best that was found for each.

    An image that is fooled is done: it is asked about no more, so what it was asked is what fooling it took.
    """

    def __init__(self, problem: PerturbationProblem, queries: int) -> None:
        """At most ``queries`` for each image, and no more than the victim's budget leaves."""
        count, device = len(problem.images), problem.images.device
        self.problem = problem
        self.limits = torch.full((count,), queries, device=device).minimum(_left(problem).to(device))
        self.asked = torch.zeros(count, dtype=torch.int64, device=device)
        self.steps = torch.zeros_like(self.asked)
        self.images = problem.images.clone()
        self.success = torch.zeros(count, dtype=torch.bool, device=device)
        self.done = self.success.clone()

    def open(self, questions: int = 1) -> Tensor:
        """Rows of the images that are not done and may be asked so many questions."""
        return (~self.done & (self.asked + questions <= self.limits)).nonzero().squeeze(1)

    def asks(self, rows: Tensor, questions: int = 1) -> Tensor:
        """``(b,)`` bool: which of the rows may be asked so many more."""
        return ~self.done[rows] & (self.asked[rows] + questions <= self.limits[rows])

    @torch.no_grad()
    def fooled(self, images: Tensor, rows: Tensor) -> Tensor:
        """``(b,)`` bool: by each image, of the problem's ``rows``. The victim's decisions are all that is read."""
        return torch.cat([self._asked(images[part], rows[part])[1] for part in parts(images)])

    @torch.no_grad()
    def losses(self, images: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """``(b,)`` losses, lower suits the attacker, and ``(b,)`` whether the image fools the victim.

        The margin, and for targets their cross-entropy (Andriushchenko et al. 2020, section 2.1).
        """
        answers = [self._asked(images[part], rows[part]) for part in parts(images)]
        logits, fooled = torch.cat([each for each, _ in answers]), torch.cat([each for _, each in answers])
        loss = margin if self.problem.targets is None else cross_entropy
        return loss(logits, self.problem.labels_of(rows), self.problem.targets_of(rows)), fooled

    def keep(self, images: Tensor, rows: Tensor, *, success: Tensor, done: Tensor) -> None:
        """The best images of these rows so far, whether they fool, and whether they are all that is wanted."""
        self.images[rows], self.success[rows], self.done[rows] = images, success, done

    def perturbed(self) -> Perturbed:
        """All that was found."""
        return Perturbed(self.images, self.success, self.steps)

    def _asked(self, images: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        outputs = self.problem.victim.outputs(images, rows)
        self.asked += torch.bincount(rows, minlength=len(self.asked))
        return outputs.logits, self.problem.fooled(self.problem.victim.decide(outputs), rows)


def parts(images: Tensor) -> Iterator[slice]:
    """Slices of a batch that are small enough to be asked about at once; one for an empty batch."""
    size = at_once(images)
    yield from (slice(*ends) for ends in pairwise([*range(0, max(len(images), 1), size), len(images)]))


def at_once(images: Tensor) -> int:
    """So many images of this size fit into the memory that a question may take."""
    return max(1, _VALUES // images[0].numel()) if len(images) else 1


def _left(problem: PerturbationProblem) -> Tensor:
    """``(B,)`` the questions that the victim's budget leaves for each image."""
    queries, count = problem.victim.queries, len(problem.images)
    if queries.budget is None:
        return torch.full((count,), torch.iinfo(torch.int64).max)
    if queries.of_each is None:
        return torch.full((count,), (queries.budget - queries.images) // count)
    return queries.budget - queries.of_each
