"""The same problem for some of its images."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from physadv.core.answers import ClassLogits, TopClasses
from physadv.core.problem.counted import Counted, Queries
from physadv.core.problem.perturbation_problem import PerturbationProblem


def only(problem: PerturbationProblem, rows: Tensor) -> PerturbationProblem:
    """The problem of the images of ``rows`` ``(b,)``.

    What is asked is counted where the problem counts, under the rows that the images have there.
    """
    return replace(
        problem,
        images=problem.images[rows],
        labels=problem.labels[rows],
        targets=problem.targets_of(rows),
        victim=_Among(problem.victim, rows),
    )


class _Among(Counted[ClassLogits, TopClasses]):
    """The victim, which knows the images by other rows; ``queries`` is what it has counted of these."""

    def __init__(self, victim: Counted[ClassLogits, TopClasses], rows: Tensor) -> None:
        super().__init__(victim.victim, queries=_of(victim.queries, rows))
        self._rows, self._counting = rows, victim

    def outputs(self, images: Tensor, rows: Tensor | None = None) -> ClassLogits:
        """As the victim, of the rows that these are there."""
        outputs = self._counting.outputs(images, self._rows if rows is None else self._rows[rows])
        self.queries = _of(self._counting.queries, self._rows)
        return outputs


def _of(queries: Queries, rows: Tensor) -> Queries:
    """The count of some of the images, where they are told apart."""
    if queries.of_each is None or queries.gradients_of_each is None:
        return replace(queries)
    rows = rows.cpu()
    return replace(queries, of_each=queries.of_each[rows], gradients_of_each=queries.gradients_of_each[rows])
