"""How it began: a 7 that is a 3 to a net, and to nobody else (Szegedy et al. 2014, arXiv:1312.6199, section 4.1).

The smallest change is looked for with which a 7 is taken for a 3, by the paper's own L-BFGS and by three later attacks;
noise of the same size is the control.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from physadv.core.problem.perturbation_problem import Norm, PerturbationAttack, Perturbed
from physadv.engines.studies.theories.attacked import attacked, noise_like
from physadv.engines.studies.theories.learning import logits_of, right, taught_cnn
from physadv.engines.studies.theories.pictures import LabelledSet
from physadv.engines.studies.theories.shares import Share, series_of, share
from physadv.engines.studies.theories.study import ClaimVerdict, StudyFindings, StudyTask
from physadv.library.perturbations.norms import size
from physadv.library.report.pictures.charts import BarChart, PictureCell, PictureRows
from physadv.parts.attacks.perturbation.carlini_wagner import CarliniWagner
from physadv.parts.attacks.perturbation.ddn import Ddn
from physadv.parts.attacks.perturbation.fmn import Fmn
from physadv.parts.attacks.perturbation.lbfgs import Lbfgs
from physadv.parts.attacks.perturbation.options_minimal import CarliniWagnerConfig, DdnConfig, FmnConfig, LbfgsConfig

SHOWN, SHOWN_FROM, SHOWN_TO = 6, "7", "3"


@dataclass(frozen=True)
class _Smallest:
    """The smallest changes that an attack found."""

    found: Perturbed
    sizes: Tensor  # (n,) L2 in grey of those that succeeded
    success: Share
    noise: Share  # as noise of the same size


def study(task: StudyTask) -> StudyFindings:
    """All sevens that a net knows."""
    seven, three = (task.sets.names.index(name) for name in (SHOWN_FROM, SHOWN_TO))
    task.tell("a net learns")
    net, test = taught_cnn(task, task.seed), task.sets.test
    rows = (test.labels == seven) & (right(net, test) | torch.tensor(task.quick))
    sevens = test.pick(rows)
    targets = torch.full((len(sevens),), three)
    smallest = {}
    for name, attack in _attacks(quick=task.quick).items():
        task.tell(name)
        smallest[name] = _smallest(net, sevens, attack, targets, task.seed)
    return _found(net, sevens, smallest, task.sets.names)


def _attacks(*, quick: bool) -> Mapping[str, PerturbationAttack]:
    steps = 5 if quick else 100
    return {
        "L-BFGS": Lbfgs(LbfgsConfig(searches=3 if quick else 8, iterations=5 if quick else 30)),
        "Carlini & Wagner": CarliniWagner(CarliniWagnerConfig(searches=2 if quick else 5, steps=2 * steps)),
        "DDN": Ddn(DdnConfig(steps=steps)),
        "FMN": Fmn(FmnConfig(steps=steps)),
    }


def _smallest(net: nn.Module, data: LabelledSet, attack: PerturbationAttack, targets: Tensor, seed: int) -> _Smallest:
    found = attacked(net, data, attack, None, norm=Norm.l2, seed=seed, targets=targets)
    change = found.images - data.images
    noise = data.with_images((data.images + noise_like(change, seed)).clamp(0, 1))
    sizes = size(change.mean(1, keepdim=True), Norm.l2)[found.success]
    return _Smallest(found, sizes, share(found.success), share(~right(net, noise) & right(net, data)))


def _found(net: nn.Module, data: LabelledSet, smallest: Mapping[str, _Smallest], names: Sequence[str]) -> StudyFindings:
    best = min(smallest, key=lambda name: (-smallest[name].success.value, _median(smallest[name].sizes)))
    one, length = smallest[best], size(data.images[:, :1], Norm.l2).median() if len(data) else torch.tensor(0.0)
    words = [
        f"{one.success} of the sevens that the net knows become a three by {best}, with a median change of "
        f"{_median(one.sizes):.2f} (L2; the pictures themselves are {float(length):.2f} long).",
        f"Noise of the same size makes the net err on {one.noise} of them: the change is small, and it is no accident.",
    ]
    confidence = logits_of(net, one.found.images).softmax(1).max(1) if len(data) else None
    shown = [_column(data, one, place, confidence, names) for place in range(min(SHOWN, len(data)))]
    charts = {
        "sizes": BarChart(
            "Share of sevens that become a three by the smallest change each attack finds, and that noise of that "
            "size changes", list(smallest), "changed", [
                series_of("attack, into a 3", [one.success for one in smallest.values()]),
                series_of("noise of the same size, into anything", [one.noise for one in smallest.values()]),
            ],
        ),
    }  # fmt: skip
    if shown:
        rows = list(zip(*shown, strict=True))
        pictures = PictureRows(f"Sevens, the change that {best} found (red brighter, blue darker), and what the net "
                               "takes for a three", rows, ["picture", "change", "together"])  # fmt: skip
        return StudyFindings(ClaimVerdict.shown, words, _COLUMNS, _rows(smallest), {"sevens": pictures, **charts})
    return StudyFindings(ClaimVerdict.shown, words, _COLUMNS, _rows(smallest), charts)


_COLUMNS = ("attack", "became a 3", "low", "high", "median L2", "noise of that size", "pictures")


def _rows(smallest: Mapping[str, _Smallest]) -> list[list[str | float | int]]:
    return [[name, one.success.value, one.success.low, one.success.high, _median(one.sizes), one.noise.value,
             one.success.n] for name, one in smallest.items()]  # fmt: skip


def _column(
    data: LabelledSet, one: _Smallest, place: int, confidence: tuple[Tensor, Tensor] | None, names: Sequence[str]
) -> list[PictureCell]:
    assert confidence is not None
    clean, changed = data.images[place], one.found.images[place]
    said = f"“{names[int(confidence[1][place])]}”, {float(confidence[0][place]):.0%}"
    distance = float(size((changed - clean).mean(0)[None, None], Norm.l2))
    return [
        PictureCell(clean.permute(1, 2, 0).numpy(), f"“{names[int(data.labels[place])]}”"),
        PictureCell((changed - clean).mean(0).numpy(), f"L2 {distance:.2f}"),
        PictureCell(changed.permute(1, 2, 0).numpy(), said),
    ]


def _median(sizes: Tensor) -> float:
    return float(sizes.median()) if len(sizes) else 0.0
