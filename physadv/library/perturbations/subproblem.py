"""The same problem for some of its images."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from physadv.core.answers import ClassLogits, TopClasses
from physadv.core.problem.counted import Counted
from physadv.core.problem.perturbation_problem import PerturbationProblem


def only(problem: PerturbationProblem, rows: Tensor, targets: Tensor | None = None) -> PerturbationProblem:
    """The problem of the images of ``rows`` ``(b,)``, with ``targets`` ``(b,)`` instead of theirs if given.

    What is asked is counted where the problem counts, under the rows that the images have there.
    """
    return replace(
        problem,
        images=problem.images[rows],
        labels=problem.labels[rows],
        targets=problem.targets_of(rows) if targets is None else targets,
        victim=_Among(problem.victim, rows),
    )


class _Among(Counted[ClassLogits, TopClasses]):
    """Counts with the victim inside, which knows its images by other rows."""

    def __init__(self, victim: Counted[ClassLogits, TopClasses], rows: Tensor) -> None:
        super().__init__(victim.victim, queries=victim.queries)
        self._rows, self._outer = rows, victim

    def outputs(self, images: Tensor, rows: Tensor | None = None) -> ClassLogits:
        """As the victim, of the rows that these are there."""
        return self._outer.outputs(images, self._rows if rows is None else self._rows[rows])
