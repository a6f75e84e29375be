"""Do robust nets have gradients that people can read? (Tsipras et al. 2019, arXiv:1805.12152, section 3)

The gradient of the loss with respect to the picture says which pixels matter to a net. It is shown, and measured by how
much of it follows the picture: the cosine between its size and the picture's own strokes and edges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from physadv.engines.studies.theories.attacked import pgd, withstood
from physadv.engines.studies.theories.learning import Adversary, right, taught
from physadv.engines.studies.theories.nets import cnn
from physadv.engines.studies.theories.pictures import LabelledSet
from physadv.engines.studies.theories.shares import Share, half_width, share
from physadv.engines.studies.theories.study import ClaimVerdict, StudyFindings, StudyTask
from physadv.library.report.pictures.charts import BarChart, PictureCell, PictureRows, Series

EPS_LEARNT = (0.0, 0.05, 0.1, 0.2)
EPS_JUDGED = 0.1


@dataclass(frozen=True)
class _Trainings:
    """Nets that were trained against one size of attack."""

    eps: float
    clean: Share
    withstood: Share
    alignments: tuple[float, ...]  # of each net, mean over pictures

    @property
    def name(self) -> str:
        """For axes."""
        return f"eps {self.eps:g}" if self.eps else "plain"

    @property
    def alignment(self) -> float:
        """Mean over nets."""
        return sum(self.alignments) / len(self.alignments)

    @property
    def ends(self) -> tuple[float, float]:
        """Of Student's 95 % interval over nets; the value itself for a single net."""
        half = half_width(self.alignments) if len(self.alignments) > 1 else 0.0
        return self.alignment - half, self.alignment + half


def study(task: StudyTask) -> StudyFindings:
    """Nets trained against ever larger attacks."""
    test, rows, shown = task.sets.test, list[_Trainings](), list[list[PictureCell]]()
    for eps in task.some(EPS_LEARNT):
        nets = []
        for seed in task.seeds:
            task.tell(f"trained against eps {eps:g}, seed {seed}")
            change = Adversary(eps) if eps else None
            nets.append(taught(lambda: cnn(task.sets.side_px, len(task.sets.names)), task.sets.train,
                               task.effort.epochs, seed, change))  # fmt: skip
        rows.append(_trainings(eps, nets, task))
        shown.append([PictureCell(one.numpy()) for one in gradient_of(nets[0], test.first(7))[:, 0]])
    pictures = [PictureCell(one.permute(1, 2, 0).numpy()) for one in test.images[:7]]
    return _found(rows, pictures, shown)


def gradient_of(net: nn.Module, data: LabelledSet) -> Tensor:
    """``(N,1,h,w)`` of the loss, summed over colours: towards which brightness the label's loss rises."""
    leaf = data.images.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(functional.cross_entropy(net(leaf), data.labels, reduction="sum"), leaf)
    return gradient.sum(1, keepdim=True)


def alignment(gradient: Tensor, images: Tensor) -> Tensor:
    """``(N,)`` cosine between the picture less its mean and the gradient less its mean, without sign (Etmann et al.
    2019, arXiv:1905.04172, use the like for whole pictures).
    """
    a, b = ((one - one.mean((1, 2, 3), keepdim=True)).flatten(1) for one in (gradient, images.mean(1, keepdim=True)))
    return functional.cosine_similarity(a, b, dim=1).abs()


def _trainings(eps: float, nets: Sequence[nn.Module], task: StudyTask) -> _Trainings:
    test = task.sets.test
    return _Trainings(
        eps, share([right(net, test) for net in nets]),
        share([withstood(net, test, pgd(), EPS_JUDGED, seed=task.seed) for net in nets]),
        tuple(float(alignment(gradient_of(net, test), test.images).mean()) for net in nets),
    )  # fmt: skip


def _found(rows: Sequence[_Trainings], pictures: list[PictureCell], shown: list[list[PictureCell]]) -> StudyFindings:
    plain, robust = rows[0], rows[-1]
    clearer = robust.ends[0] > plain.ends[1]
    ordered = all(a.alignment <= b.alignment for a, b in pairwise(rows))
    verdict = (
        ClaimVerdict.seen
        if clearer
        else ClaimVerdict.mixed
        if robust.alignment > plain.alignment
        else ClaimVerdict.unseen
    )
    words = [
        f"Gradients of nets trained against eps {robust.eps:g} follow the picture "
        f"{'more' if clearer else 'not clearly more'} than those of plain nets: cosine "
        f"{robust.alignment:.2f} [{robust.ends[0]:.2f}, {robust.ends[1]:.2f}] against {plain.alignment:.2f} "
        f"[{plain.ends[0]:.2f}, {plain.ends[1]:.2f}], {len(plain.alignments)} nets each.",
        f"It {'grows' if ordered else 'does not always grow'} with the attack that was trained against; right under "
        f"PGD at {EPS_JUDGED:g}: {plain.withstood} plain, {robust.withstood} robust.",
    ]
    ends = [one.ends for one in rows]
    return StudyFindings(
        verdict=verdict, words=words,
        columns=("trained against", "cosine with the picture", "low", "high", "right, clean", "right under PGD", "nets",
                 "pictures"),
        rows=[[one.name, one.alignment, *one.ends, one.clean.value, one.withstood.value, one.clean.nets, one.clean.n]
              for one in rows],
        charts={
            "gradients": PictureRows("Pictures, and the gradient of the loss of each net: red where brighter is worse",
                                 [pictures, *shown], ["picture", *[one.name for one in rows]]),
            "alignment": BarChart("How well gradients follow the picture, and robustness, by training",
                              [one.name for one in rows], "cosine, and share right", [
                                  Series("cosine with the picture", [one.alignment for one in rows],
                                         [low for low, _ in ends], [high for _, high in ends]),
                                  Series("right under PGD", [one.withstood.value for one in rows],
                                         [one.withstood.low for one in rows], [one.withstood.high for one in rows]),
                              ]),
        },
        caveats=["A cosine stands in for what people see in the pictures: look at them."],
    )  # fmt: skip
