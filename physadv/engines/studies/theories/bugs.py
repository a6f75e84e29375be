"""Are adversarial examples bugs of one net? Then they would fool that net alone.

Szegedy et al. 2014 (arXiv:1312.6199, section 4) found that they carry over to nets of other shapes and to nets that
have learnt from other pictures. So it is asked here, with noise of the same size as the control.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from physadv.engines.studies.theories.attacked import attacked, noisy, pgd
from physadv.engines.studies.theories.learning import logits_of, taught
from physadv.engines.studies.theories.nets import MakeNet, cnn, linear, mlp
from physadv.engines.studies.theories.pictures import LabelledSet, Sets
from physadv.engines.studies.theories.shares import Share, series_of, share
from physadv.engines.studies.theories.study import ClaimVerdict, StudyFindings, StudyTask
from physadv.library.report.pictures.charts import BarChart, Matrix

EPS = 0.15
OFTEN = 0.5
"""From this part of the success on the net itself on, examples are said to carry over for the most part."""


@dataclass(frozen=True)
class _Trained:
    """A net of one shape that has learnt from one half of the pictures."""

    name: str
    half: int
    net: nn.Module


@dataclass(frozen=True)
class _Carried:
    """What became of examples made on one net when another saw them."""

    fooled: Tensor  # (n,) bool, of pictures that both nets know without a change
    same_label: Tensor  # (n,) bool: fooled, and into the same wrong label


def study(task: StudyTask) -> StudyFindings:
    """Every net's examples are shown to every net; the two halves of a shape share no picture."""
    sets, test = task.sets, task.sets.test
    nets = _nets(task)
    made = []
    for one in nets:
        task.tell(f"attack on {one.name}")
        made.append(attacked(one.net, test, pgd(stop=False), EPS, seed=task.seed).images)
    shaken = noisy(test, EPS, task.seed).images
    carried = [[_carried(source, images, target, test) for target in nets]
               for source, images in zip(nets, made, strict=True)]  # fmt: skip
    noise = [_carried(one, shaken, one, test) for one in nets]
    return _found(sets, nets, carried, noise)


def _nets(task: StudyTask) -> list[_Trained]:
    sets, side, classes = task.sets, task.sets.side_px, len(task.sets.names)
    shapes: dict[str, MakeNet] = {
        "linear": lambda: linear(side, classes),
        "MLP": lambda: mlp(side, classes),
        "MLP tanh": lambda: mlp(side, classes, activation="tanh"),
        "CNN": lambda: cnn(side, classes),
    }
    middle, nets = len(sets.train) // 2, []
    everything = torch.arange(len(sets.train))
    halves = [sets.train.pick(everything[:middle]), sets.train.pick(everything[middle:])]
    for name in task.some(list(shapes)):
        for half, data in enumerate(halves):
            task.tell(f"{name}, half {half + 1}")
            nets.append(_Trained(f"{name} {'ab'[half]}", half, taught(shapes[name], data, 2 * task.effort.epochs,
                                                                      task.seed + half)))  # fmt: skip
    return nets


def _carried(source: _Trained, images: Tensor, target: _Trained, test: LabelledSet) -> _Carried:
    """Of pictures that both nets name right without a change."""
    known = (logits_of(source.net, test.images).argmax(1) == test.labels) & (
        logits_of(target.net, test.images).argmax(1) == test.labels
    )
    labels = test.labels[known]
    here, there = (logits_of(one.net, images[known]).argmax(1) for one in (source, target))
    fooled = there != labels
    return _Carried(fooled, fooled & (here == there))


def _found(
    sets: Sets, nets: Sequence[_Trained], carried: Sequence[Sequence[_Carried]], noise: Sequence[_Carried]
) -> StudyFindings:
    places = [(i, j) for i in range(len(nets)) for j in range(len(nets))]
    groups = {
        "the net itself": [carried[i][j] for i, j in places if i == j],
        "same shape,\nother pictures": [
            carried[i][j] for i, j in places if i != j and _shape(nets[i]) == _shape(nets[j])
        ],
        "other shape,\nother pictures": [
            carried[i][j] for i, j in places if _shape(nets[i]) != _shape(nets[j]) and nets[i].half != nets[j].half
        ],
        "noise": list(noise),
    }
    shares = {name: _mean([one.fooled for one in some]) for name, some in groups.items()}
    other, control = shares["other shape,\nother pictures"], shares["noise"]
    across = [one for name in list(groups)[1:3] for one in groups[name]]
    fooled = sum(int(one.fooled.sum()) for one in across)
    same = sum(int(one.same_label.sum()) for one in across) / max(1, fooled)
    carries = other.low > control.high
    own = shares["the net itself"]
    mostly = carries and other.value >= OFTEN * own.value
    verdict = ClaimVerdict.unseen if mostly else ClaimVerdict.mixed if carries else ClaimVerdict.seen
    judged = "no bugs of a single net" if mostly else "partly shared" if carries else "not shown to carry over"
    words = [
        f"Examples made on one net (PGD, eps {EPS:g}) fool nets of other shapes that have learnt from other pictures "
        f"in {other} of the cases, noise of the same size in {control}, the net itself in {own}: they are {judged}.",
        f"Nets that are fooled together agree on the same wrong label in {same:.0%} of the cases "
        f"(guessing among {len(sets.names) - 1}: {1 / (len(sets.names) - 1):.0%}).",
    ]
    names = [one.name for one in nets]
    matrix = [[float(one.fooled.float().mean()) for one in row] for row in carried]
    return StudyFindings(
        verdict=verdict, words=words,
        columns=("made on", "shown to", "fooled", "low", "high", "same wrong label", "pictures"),
        rows=[_row(nets[i].name, nets[j].name, carried[i][j]) for i, j in places]
        + [_row("noise", one.name, moved) for one, moved in zip(nets, noise, strict=True)],
        charts={
            "groups": BarChart(
                "How often examples made on one net fool others, and noise", list(groups), f"fooled at eps {EPS:g}",
                [series_of("fooled", list(shares.values()))],
            ),
            "matrix": Matrix("Share of pictures fooled, made on (rows) and shown to (columns)", "made on", "shown to",
                             names, names, matrix),
        },
        caveats=["Halves a and b share no picture, but both come from one collection: what all its pictures have in "
                 "common every net can learn."],
    )  # fmt: skip


def _shape(one: _Trained) -> str:
    return one.name[:-2]


def _mean(rows: Sequence[Tensor]) -> Share:
    """Over pairs of nets, each with pictures of its own."""
    shares = [share(row) for row in rows]
    value = sum(one.value for one in shares) / len(shares)
    n = min(one.n for one in shares)
    flags = torch.arange(n) < round(value * n)
    whole = share(flags)  # as many pictures as the poorest pair has: pairs see the same pictures
    return Share(value, whole.low, whole.high, n, len(shares))


def _row(source: str, target: str, one: _Carried) -> list[str | float | int]:
    found = share(one.fooled)
    agree = float(one.same_label.sum()) / max(1, int(one.fooled.sum()))
    return [source, target, found.value, found.low, found.high, agree, found.n]
