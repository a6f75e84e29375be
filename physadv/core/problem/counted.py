"""How many images a victim was really asked about, and how many it may be: a black box is a victim with a budget."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from typing_extensions import TypeVar

from physadv.core.errors import BadShape, BudgetSpent
from physadv.core.protocols import Victim
from physadv.core.types import Candidates, Detections
from physadv.core.wrapped import Wrapped

Out = TypeVar("Out", default=Candidates)
Decision = TypeVar("Decision", default=tuple[Detections, ...])


@dataclass
class Queries:
    """A count that several victims may share. An image that is asked about twice counts twice."""

    budget: int | None = None  # at most so many: of each image where they are told apart, else in all
    images: int = 0  # asked about, in all
    of_each: Tensor | None = None  # (B,) int64, where the problem's images are told apart
    gradients: int = 0  # of the questions, those that were asked with a gradient to the images
    gradients_of_each: Tensor | None = None  # (B,) int64, likewise

    @staticmethod
    def apart(images: int, budget: int | None = None) -> Queries:
        """A count for each of so many images, with a budget for each."""
        return Queries(budget, of_each=torch.zeros(images, dtype=torch.int64),
                       gradients_of_each=torch.zeros(images, dtype=torch.int64))  # fmt: skip

    def spend(self, count: int, rows: Tensor | None = None, *, gradient: bool = False) -> None:
        """Count so many images, those of ``rows`` ``(count,)`` where they are told apart; without rows it is all.

        Raises :class:`BudgetSpent`, and counts nothing, where that is more than the budget.
        """
        after = None if self.of_each is None else self.of_each + _tally(count, rows, len(self.of_each))
        asked = self.images + count if after is None else int(after.max())
        if self.budget is not None and asked > self.budget:
            raise BudgetSpent(
                f"{asked} images would have been asked about{'' if after is None else ', of one of them'}; the budget "
                f"is {self.budget}. Stop before, or allow more"
            )
        self.images, self.of_each = self.images + count, after
        if gradient:
            self.gradients += count
            if self.gradients_of_each is not None:
                self.gradients_of_each = self.gradients_of_each + _tally(count, rows, len(self.gradients_of_each))


def _tally(count: int, rows: Tensor | None, images: int) -> Tensor:
    """``(images,)``: how often each is among the rows."""
    rows = torch.arange(images) if rows is None else rows.cpu()
    if rows.shape != (count,):
        raise BadShape(f"{count} images are asked about, but {len(rows)} of the {images} are named: give their rows")
    return torch.bincount(rows, minlength=images)


class Counted(Wrapped[Out, Decision]):
    """The victim itself, which counts the images it is asked about. Deciding on outputs is no question."""

    def __init__(
        self, victim: Victim[Out, Decision], budget: int | None = None, *, queries: Queries | None = None
    ) -> None:
        """With ``queries`` it counts there, under the budget they have."""
        super().__init__(victim)
        self.queries = Queries(budget) if queries is None else queries

    def outputs(self, images: Tensor, rows: Tensor | None = None) -> Out:
        """The victim's outputs for ``images`` ``(B,3,H,W)``.

        ``rows`` ``(B,)`` says which of the problem's images they are, where they are told apart.
        """
        self.queries.spend(len(images), rows, gradient=images.requires_grad and torch.is_grad_enabled())
        return self.victim.outputs(images)

    def decide(self, outputs: Out, confidence: float | None = None) -> Decision:
        """As the victim."""
        return self.victim.decide(outputs, confidence)

    def to(self, device: torch.device | str) -> Counted[Out, Decision]:
        """The same victim on another device; what it was asked stays counted."""
        return Counted(self.victim.to(device), queries=self.queries)
