"""Are nets so easily fooled because they are too linear? (Goodfellow et al. 2015, arXiv:1412.6572, section 3)

Along the direction of the fast gradient sign method the logits of a linear model are straight lines. How straight they
are is measured for nets that differ in nothing but their activation, and beside it how well they withstand attacks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from scipy.stats import spearmanr
from torch import Tensor, nn
from torch.nn import functional

from physadv.engines.studies.theories.attacked import fgsm, pgd, withstood
from physadv.engines.studies.theories.learning import logits_of, right, taught
from physadv.engines.studies.theories.nets import ACTIVATIONS, mlp
from physadv.engines.studies.theories.pictures import LabelledSet
from physadv.engines.studies.theories.shares import Share, series_of, share
from physadv.engines.studies.theories.study import ClaimVerdict, StudyFindings, StudyTask
from physadv.library.perturbations.losses import margin
from physadv.library.report.pictures.charts import BarChart, LineChart, Series

EPS, REACH, POINTS = 0.1, 0.5, 41
STRAIGHT = 0.9
"""From this mean share of a line's variance that a straight line explains it is called straight."""


@dataclass(frozen=True)
class _Judged:
    """Nets with one activation."""

    name: str
    clean: Share
    fgsm: Share
    pgd: Share
    straightness: tuple[float, ...]  # of each net
    kept: tuple[float, ...]  # of each net: of what it knows, the share that PGD leaves it
    by_one_step: float  # of what PGD takes from the nets, the share that FGSM takes, too

    @property
    def straight(self) -> float:
        """Mean over nets."""
        return sum(self.straightness) / len(self.straightness)


def study(task: StudyTask) -> StudyFindings:
    """Six activations, several nets each."""
    sets, names = task.sets, task.some(list(ACTIVATIONS))
    judged: list[_Judged] = []
    ray: Tensor | None = None
    for name in names:
        task.tell(name)
        nets = [_net(task, name, seed) for seed in task.seeds]
        judged.append(_judge(name, nets, sets.test, task.seed))
        if name == "ReLU" or ray is None:
            ray = _one_ray(nets[0], sets.test)
    assert ray is not None
    straight = [value for one in judged for value in one.straightness]
    kept = [value for one in judged for value in one.kept]
    return _found(task, judged, ray, _rank_correlation(straight, kept))


def _net(task: StudyTask, activation: str, seed: int) -> nn.Module:
    sets = task.sets
    return taught(
        lambda: mlp(sets.side_px, len(sets.names), activation=activation), sets.train, 2 * task.effort.epochs, seed
    )  # fmt: skip - those that saturate learn slowly


def _judge(name: str, nets: Sequence[nn.Module], test: LabelledSet, seed: int) -> _Judged:
    known = [right(net, test) for net in nets]
    single, many = ([withstood(net, test, attack, EPS, seed=seed) for net in nets] for attack in (fgsm(), pgd()))
    sums = [[int(row.sum()) for row in rows] for rows in (known, single, many)]
    return _Judged(
        name, share(known), share(single), share(many),
        tuple(float(straightness(net, test).mean()) for net in nets),
        tuple(left / max(1, knew) for left, knew in zip(sums[2], sums[0], strict=True)),
        (sum(sums[0]) - sum(sums[1])) / max(1, sum(sums[0]) - sum(sums[2])),
    )  # fmt: skip


def ray_direction(net: nn.Module, data: LabelledSet) -> Tensor:
    """``(N,3,h,w)`` of ±1: along which the loss rises most for its size."""
    leaf = data.images.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(functional.cross_entropy(net(leaf), data.labels, reduction="sum"), leaf)
    return gradient.sign()


def along(net: nn.Module, data: LabelledSet, steps: Tensor) -> Tensor:
    """``(T, N, K)`` the logits at every step along the ray; pictures leave [0, 1] there, as in the paper's figure 4."""
    direction = ray_direction(net, data)
    return torch.stack([logits_of(net, data.images + step * direction) for step in steps])


def straightness(net: nn.Module, data: LabelledSet) -> Tensor:
    """``(N,)`` share of the variance of the label's lead, from no change to 0.25, that a straight line explains."""
    steps = torch.linspace(0, 0.25, 11)
    lead = torch.stack([margin(one, data.labels) for one in along(net, data, steps)])
    x = (steps - steps.mean())[:, None]
    y = lead - lead.mean(0)
    explained = (x * y).sum(0).square() / (x.square().sum() * y.square().sum(0)).clamp_min(1e-12)
    return explained.clamp(0, 1)


def _one_ray(net: nn.Module, test: LabelledSet) -> Tensor:
    """``(T, K)`` of the first picture that the net takes for what it shows."""
    first = int(right(net, test).int().argmax())
    return along(net, test.pick(torch.tensor([first])), torch.linspace(-REACH, REACH, POINTS))[:, 0]


def _rank_correlation(one: Sequence[float], other: Sequence[float]) -> tuple[float, float]:
    """Spearman's, and its p-value; (0, 1) where there is nothing to be ranked."""
    if len(set(one)) < 3 or len(set(other)) < 2:
        return 0.0, 1.0
    ranked = spearmanr(one, other)
    return float(ranked.statistic), float(ranked.pvalue)


def _found(task: StudyTask, judged: Sequence[_Judged], ray: Tensor, ranked: tuple[float, float]) -> StudyFindings:
    rho, p = ranked
    steps = torch.linspace(-REACH, REACH, POINTS).tolist()
    mean = sum(one.straight for one in judged) / len(judged)
    best, worst = (choose(judged, key=lambda one: one.pgd.value) for choose in (max, min))
    clear, straight = p < 0.05, mean >= STRAIGHT
    verdict = (
        (ClaimVerdict.seen if clear and rho < 0 else ClaimVerdict.mixed) if straight
        else ClaimVerdict.mixed if clear and rho < 0 else ClaimVerdict.unseen
    )  # fmt: skip
    one_step = sum(one.by_one_step for one in judged) / len(judged)
    way = "not clearly more or less" if not clear else "less" if rho < 0 else "not less but more"
    words = [
        f"Along the direction of the attack the lead of the right logit is {'all but' if straight else 'not'} a "
        f"straight line: on average it explains {mean:.0%} of the variance up to a change of 0.25. One step takes from "
        f"the nets {one_step:.0%} of what twenty take.",
        f"Straighter nets are {way} robust here: rank correlation {rho:+.2f} between straightness and the share of "
        f"what a net knows that PGD at eps {EPS:g} leaves it (p = {p:.2g}, "
        f"{sum(len(one.straightness) for one in judged)} nets).",
        f"Of the activations {best.name} withstands best ({best.pgd} right under PGD, {best.clean} clean), "
        f"{worst.name} worst ({worst.pgd}, {worst.clean} clean).",
    ]
    groups = [one.name for one in judged]
    bars = [
        series_of("clean", [one.clean for one in judged]), series_of("FGSM", [one.fgsm for one in judged]),
        series_of("PGD", [one.pgd for one in judged]),
    ]  # fmt: skip
    return StudyFindings(
        verdict=verdict, words=words,
        columns=("activation", "straightness", "right, clean", "right under FGSM", "right under PGD", "low", "high",
                 "pictures", "nets"),
        rows=[
            [one.name, one.straight, one.clean.value, one.fgsm.value, one.pgd.value, one.pgd.low, one.pgd.high,
             one.pgd.n, one.pgd.nets] for one in judged
        ],
        charts={
            "ray": LineChart(
                f"Logits of one picture along its FGSM direction, from -{REACH} to {REACH}", "change of every pixel",
                "logit", [Series(task.sets.names[k], ray[:, k].tolist()) for k in range(ray.shape[1])], x=steps,
                upright=((0.0, "the picture itself"),), dots=False,
            ),
            "activations": BarChart(
                f"Share of pictures that are named right, by activation, clean and attacked with eps {EPS:g}", groups,
                f"right at eps {EPS:g}", bars,
            ),
        },
        caveats=["Activations change more than straightness: they also change how large logits grow and how well the "
                 "nets learn. A relation over six activations is no proof of a cause."],
    )  # fmt: skip
