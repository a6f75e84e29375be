"""Many small steps: projected gradient descent is at least as strong as one large step (Madry et al. 2018,
arXiv:1706.06083, section 2.1).
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from physadv.core.problem.perturbation_problem import PerturbationAttack
from physadv.core.seeding import generator
from physadv.engines.studies.theories.attacked import fgsm, noisy, pgd, withstood
from physadv.engines.studies.theories.learning import right, taught_cnn
from physadv.engines.studies.theories.pictures import LabelledSet
from physadv.engines.studies.theories.shares import Share, series_of, share
from physadv.engines.studies.theories.study import ClaimVerdict, StudyFindings, StudyTask
from physadv.library.report.pictures.charts import LineChart, Series
from physadv.parts.attacks.perturbation.apgd import Apgd
from physadv.parts.attacks.perturbation.options_strong import ApgdConfig

SIZES = (0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25)
RISE_EPS, RISES, RISE_STEPS = 0.3, 8, 30


def study(task: StudyTask) -> StudyFindings:
    """Attacks of more and more steps on the same nets."""
    task.tell("nets learn")
    nets, test = [taught_cnn(task, seed) for seed in task.seeds], task.sets.test
    attacks: dict[str, PerturbationAttack] = {
        "FGSM, 1 step": fgsm(), "PGD, 5 steps": pgd(5), "PGD, 20 steps": pgd(20), "APGD, 30 steps": Apgd(
            ApgdConfig(steps=30)),
    }  # fmt: skip
    sizes = task.some(SIZES)
    clean = share([right(net, test) for net in nets])
    noise = [share([right(net, noisy(test, eps, task.seed)) for net in nets]) for eps in sizes]
    left: dict[str, list[Share]] = {}
    for name, attack in attacks.items():
        task.tell(name)
        left[name] = [share([withstood(net, test, attack, eps, seed=task.seed) for net in nets]) for eps in sizes]
    task.tell("ways of the loss")
    weaker = [eps for eps, one, many in zip(sizes, left["FGSM, 1 step"], left["PGD, 20 steps"], strict=True)
              if many.value > one.value + 1e-9]  # fmt: skip
    middle = len(sizes) // 2
    one, many = left["FGSM, 1 step"][middle], left["PGD, 20 steps"][middle]
    words = [
        f"Twenty small steps are at least as strong as one large step at {len(sizes) - len(weaker)} of {len(sizes)} "
        f"sizes; at eps {sizes[middle]:g} they leave {many} right, one step {one}, noise {noise[middle]}.",
        f"Without any change {clean} are right.",
    ]
    lines = [series_of(name, shares, sizes) for name, shares in left.items()]
    control = series_of("noise", noise, sizes)
    return StudyFindings(
        verdict=ClaimVerdict.mixed if weaker else ClaimVerdict.seen, words=words,
        columns=("attack", "eps", "right", "low", "high", "pictures", "nets"),
        rows=[[name, eps, one.value, one.low, one.high, one.n, one.nets]
              for name, shares in {**left, "noise": noise}.items() for eps, one in zip(sizes, shares, strict=True)],
        charts={
            "robust": LineChart("Share of pictures still named right, over eps", "eps", "right",
                                [*lines, Series(control.name, control.y, control.low, control.high, sizes, faint=True)],
                                share=True),
            "rise": LineChart(
                f"The loss of one picture over the steps of PGD at eps {RISE_EPS:g}, from {RISES} random starts",
                "step",
                "loss", [Series(f"start {start + 1}", way, x=list(range(RISE_STEPS + 1)))
                         for start, way in enumerate(_ways(nets[0], test, task.seed))], dots=False,
            ),
        },
    )  # fmt: skip


def _ways(net: nn.Module, test: LabelledSet, seed: int) -> list[list[float]]:
    """The losses on the way of the first picture that is known: all starts rise to about the same height."""
    first = int(right(net, test).int().argmax())
    data = test.pick(torch.full((RISES,), first))
    eps, random = RISE_EPS, generator(seed, "starts of the ways")
    change = eps * (2 * torch.rand(data.images[:, :1].shape, generator=random) - 1).expand_as(data.images)
    ways = []
    for _ in range(RISE_STEPS + 1):
        leaf = (data.images + change).clamp(0, 1).requires_grad_()
        loss = functional.cross_entropy(net(leaf), data.labels, reduction="none")
        (gradient,) = torch.autograd.grad(loss.sum(), leaf)
        ways.append(loss.detach())
        change = (leaf.detach() - data.images + 2.5 * eps / RISE_STEPS * gradient.sign()).clamp(-eps, eps)
    return [[float(value) for value in row] for row in torch.stack(ways, 1)]
