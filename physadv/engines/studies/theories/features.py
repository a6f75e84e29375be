"""Are adversarial examples not bugs but features? (Ilyas et al. 2019, arXiv:1905.02175)

Pictures are changed until a net takes them for another class, and get that class's label: to us every one of them is
labelled wrongly. A new net learns from nothing else. If it then knows clean pictures, what the attack had put in is
something that nets may rightly use. In the other direction a robust data set is made: pictures whose traits in a
robust net are those of the training pictures; a plain net that learns from it comes out more robust.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from physadv.core.problem.perturbation_problem import Norm
from physadv.core.seeding import generator
from physadv.engines.studies.theories.attacked import attacked, noisy, pgd, withstood
from physadv.engines.studies.theories.learning import Adversary, right, taught
from physadv.engines.studies.theories.nets import MakeNet, cnn, trait
from physadv.engines.studies.theories.pictures import LabelledSet, Sets
from physadv.engines.studies.theories.shares import Share, series_of, share
from physadv.engines.studies.theories.study import ClaimVerdict, StudyFindings, StudyTask
from physadv.library.report.pictures.charts import BarChart, PictureCell, PictureRows

EPS_L2, STEPS = 2.0, 40
"""Of the change that makes the mislabelled pictures, over all three colours; of white, 8 by 8 pixels."""
EPS_JUDGED, EPS_LEARNT = 0.1, 0.2
"""Of the attack that judges, and of adversarial training; Linf."""
FITTING = 150
"""Steps of Adam that bring a picture's traits to another's."""


@dataclass(frozen=True)
class _Learnt:
    """Nets that learnt from one data set."""

    clean: Share
    attacked: Share


def study(task: StudyTask) -> StudyFindings:
    """Data sets are made from the nets of one seed; what learns from them is born anew for every seed."""
    sets, make = task.sets, _maker(task.sets)
    task.tell("a plain net and a robust one")
    plain = taught(make, sets.train, task.effort.epochs, task.seed)
    robust = taught(make, sets.train, task.effort.epochs, task.seed, Adversary(EPS_LEARNT))
    task.tell("data sets")
    fitting = 20 if task.quick else FITTING
    data = {
        "clean": sets.train,
        "mislabelled, attacked": mislabelled(plain, sets.train, task.seed),
        "mislabelled, noise": _mislabelled_noise(sets.train, task.seed),
        "robust": refitted(robust, sets.train, task.seed, fitting),
        "non-robust twin": refitted(plain, sets.train, task.seed, fitting),
    }
    learnt = {name: _learn(task, make, name, some) for name, some in data.items()}
    return _found(task, data, learnt)


def _maker(sets: Sets) -> MakeNet:
    return lambda: cnn(sets.side_px, len(sets.names))


def _targets(data: LabelledSet, classes: int, seed: int) -> Tensor:
    """For every picture any other class, each as often: labels that say nothing of what is to be seen."""
    shift = torch.randint(1, classes, (len(data),), generator=generator(seed, "targets"))
    return (data.labels + shift) % classes


def mislabelled(net: nn.Module, data: LabelledSet, seed: int, classes: int = 10) -> LabelledSet:
    """The pictures as the net takes them for a class drawn at random, under that class's label.

    The ``D_rand`` of section 3.2.
    """
    targets = _targets(data, classes, seed)
    changed = attacked(
        net, data, pgd(STEPS, random_start=False), EPS_L2, norm=Norm.l2, seed=seed, targets=targets, labels=classes
    )
    return LabelledSet(changed.images, targets)


def _mislabelled_noise(data: LabelledSet, seed: int) -> LabelledSet:
    """The control: the same labels, and a change of the same size that no net has guided."""
    return LabelledSet(noisy(data, EPS_L2, seed, Norm.l2).images, _targets(data, 10, seed))


def refitted(net: nn.Module, data: LabelledSet, seed: int, steps: int) -> LabelledSet:
    """Pictures that begin as other ones of the set and end with the traits that the net sees in those of ``data``.

    Equation 2 of the paper: ``min ‖g(x_r) - g(x)‖``, with normalised traits; only what the net looks at gets there.
    """
    start = data.images[torch.randperm(len(data), generator=generator(seed, "starts"))]
    wanted = trait(net, data.images).detach()
    images = start.clone().requires_grad_()
    adam = torch.optim.Adam([images], lr=0.05)
    for _ in range(steps):
        adam.zero_grad(set_to_none=True)
        distance = (trait(net, images) - wanted).norm(dim=1) / wanted.norm(dim=1).clamp_min(1e-6)
        distance.sum().backward()
        adam.step()
        with torch.no_grad():
            images.clamp_(0, 1)
    return data.with_images(images.detach())


def _learn(task: StudyTask, make: MakeNet, name: str, data: LabelledSet) -> _Learnt:
    task.tell(f"learns {name}")
    nets = [taught(make, data, task.effort.epochs, 1000 + seed) for seed in task.seeds]
    return _Learnt(
        share([right(net, task.sets.test) for net in nets]),
        share([withstood(net, task.sets.test, pgd(), EPS_JUDGED, seed=task.seed) for net in nets]),
    )


def _found(task: StudyTask, data: Mapping[str, LabelledSet], learnt: Mapping[str, _Learnt]) -> StudyFindings:
    guess = 1 / len(task.sets.names)
    wrong, noise = learnt["mislabelled, attacked"].clean, learnt["mislabelled, noise"].clean
    robust, plain, twin = (learnt[name].attacked for name in ("robust", "clean", "non-robust twin"))
    useful = wrong.low > max(guess, noise.high)
    carried = robust.low > max(plain.high, twin.high)
    verdict = (
        ClaimVerdict.seen if useful and carried else ClaimVerdict.mixed if useful or carried else ClaimVerdict.unseen
    )
    meaning = (
        "What the attack puts in is a feature: it tells classes apart on pictures that nobody changed"
        if useful
        else "That is no clear sign of features"
    )
    words = [
        f"A net that saw nothing but mislabelled pictures names {wrong} of the clean ones right; with noise in place "
        f"of the attack's change {noise}; guessing is {guess:.0%}. {meaning}.",
        f"A plain net that learns from the robust data set withstands PGD at eps {EPS_JUDGED:g} on {robust} of the "
        f"pictures, from the clean set on {plain}, from the same recipe with a plain net's traits on {twin}: "
        f"robustness {'comes with the data' if carried else 'does not clearly come with the data'}.",
    ]
    names = list(learnt)
    shown = [_shown(task, data[name], name) for name in names]
    return StudyFindings(
        verdict=verdict, words=words,
        columns=("learnt from", "right, clean", "low", "high", "right under PGD", "low under PGD", "high under PGD",
                 "pictures", "nets"),
        rows=[[name, one.clean.value, one.clean.low, one.clean.high, one.attacked.value, one.attacked.low,
               one.attacked.high, one.clean.n, one.clean.nets] for name, one in learnt.items()],
        charts={
            "learnt": BarChart(
                "Share of clean and of attacked test pictures that nets name right, by what they learnt from", names,
                "right", [
                    series_of("clean", [one.clean for one in learnt.values()]),
                    series_of(f"under PGD, eps {EPS_JUDGED:g}", [one.attacked for one in learnt.values()]),
                ], level=(guess, "guessing"),
            ),
            "data": PictureRows("The same six places of every data set, with the label that is learnt", shown, names),
        },
        caveats=[f"The nets are small, and so are the pictures ({task.sets.side_px} by {task.sets.side_px}). Labels "
                 "are drawn at random from the other classes: what a picture shows to us speaks against its label, "
                 "so a net that only learns this names fewer right than guessing would."],
    )  # fmt: skip


def _shown(task: StudyTask, data: LabelledSet, name: str) -> list[PictureCell]:
    return [
        PictureCell(data.images[i].permute(1, 2, 0).numpy(), f"“{task.sets.names[int(data.labels[i])]}”")
        for i in range(6)
    ]
