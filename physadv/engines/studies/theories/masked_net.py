"""Gradient masking: a net that looks robust and is not (Athalye, Carlini & Wagner 2018, arXiv:1802.00420).

The same net twice. Of the second, logits are made so large that the softmax is 0 or 1 to the last digit, and its
gradient is nothing, as after defensive distillation (Papernot et al. 2016, arXiv:1511.04508; broken by Carlini & Wagner
2017). Every decision is the same, so its robustness is the same: what attacks say of it shows which may be believed.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from physadv.core.problem.perturbation_problem import PerturbationAttack
from physadv.engines.studies.theories.attacked import attacked, fgsm, noisy, pgd, withstood
from physadv.engines.studies.theories.learning import right, taught_cnn
from physadv.engines.studies.theories.shares import Share, series_of, share
from physadv.engines.studies.theories.study import ClaimVerdict, StudyFindings, StudyTask
from physadv.library.report.pictures.charts import BarChart
from physadv.parts.attacks.perturbation.options import LossName, PgdConfig
from physadv.parts.attacks.perturbation.options_black_box import SquareSearchConfig
from physadv.parts.attacks.perturbation.pgd import Pgd
from physadv.parts.attacks.perturbation.square_search import SquareSearch

EPS, SCALE, QUERIES, QUICK_QUERIES = 0.15, 1000.0, 400, 20


class Scaled(nn.Module):
    """The same decisions, with logits so many times as large."""

    def __init__(self, net: nn.Module, scale: float) -> None:
        super().__init__()
        self.net, self.scale = net, scale

    def forward(self, images: Tensor) -> Tensor:
        """``(B, K)``."""
        said: Tensor = self.net(images)
        return said * self.scale


def study(task: StudyTask) -> StudyFindings:
    """Attacks on the open net and on the masked one."""
    task.tell("a net learns")
    test = task.sets.test.first(max(6, task.effort.test // 2))
    net = taught_cnn(task, task.seed)
    masked = Scaled(net, SCALE)
    attacks: dict[str, PerturbationAttack] = {
        "FGSM": fgsm(), "PGD, cross-entropy": pgd(), "PGD, margin": Pgd(PgdConfig(steps=20, loss=LossName.margin)),
        "Square": SquareSearch(SquareSearchConfig(queries=QUICK_QUERIES if task.quick else QUERIES)),
    }  # fmt: skip
    left: dict[str, tuple[Share, Share]] = {
        "clean": (share(right(net, test)), share(right(masked, test))),
        "noise": (share(right(net, noisy(test, EPS, task.seed))), share(right(masked, noisy(test, EPS, task.seed)))),
    }
    for name, attack in attacks.items():
        task.tell(name)
        one, other = (share(withstood(some, test, attack, EPS, seed=task.seed)) for some in (net, masked))
        left[name] = (one, other)
    carried = test.with_images(attacked(net, test, pgd(stop=False), EPS, seed=task.seed).images)
    left["transfer from the open net"] = (share(right(net, carried)), share(right(masked, carried)))
    return _found(left, float(_without_gradient(masked, task)))


def _without_gradient(net: nn.Module, task: StudyTask) -> float:
    """Share of pictures at which the gradient of the cross-entropy is zero everywhere."""
    from torch.nn import functional

    leaf = task.sets.test.images.clone().requires_grad_()
    loss = functional.cross_entropy(net(leaf), task.sets.test.labels, reduction="sum")
    (gradient,) = torch.autograd.grad(loss, leaf)
    return float((gradient.flatten(1) == 0).all(1).float().mean())


def _found(left: Mapping[str, tuple[Share, Share]], void: float) -> StudyFindings:
    gradient, margin, square = (left[name][1] for name in ("PGD, cross-entropy", "PGD, margin", "Square"))
    carried = left["transfer from the open net"][1]
    worst = min((margin, square, carried), key=lambda one: one.value)
    looks = gradient.low > worst.high
    words = [
        f"The masked net looks robust: PGD on its cross-entropy leaves {gradient} of the pictures right, of the open "
        f"net, which decides alike, {left['PGD, cross-entropy'][0]}. Its gradient is zero at {void:.0%} of them.",
        f"It is not: PGD on the margin leaves {margin}, the square attack, which asks for no gradient, {square}, and "
        f"what was made on the open net {carried}. A weaker attack that does better than a stronger one gives masking "
        "away.",
    ]
    names = list(left)
    return StudyFindings(
        verdict=ClaimVerdict.seen if looks else ClaimVerdict.unseen, words=words,
        columns=("attack", "right, open net", "right, masked net", "low, masked", "high, masked", "pictures"),
        rows=[[name, one.value, other.value, other.low, other.high, one.n] for name, (one, other) in left.items()],
        charts={
            "attacks": BarChart(
                f"Share of pictures still named right at eps {EPS:g}, by the net that is open and the same net masked",
                names, "right", [series_of("open", [left[name][0] for name in names]),
                                 series_of("masked", [left[name][1] for name in names])],
            ),
        },
    )  # fmt: skip
