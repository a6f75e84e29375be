"""How near is the border between classes? In the attack's direction near, in any other far.

A plane is laid through a picture, along the direction of the fast gradient sign method and along a random one; every
point of it is shown to the net (as in Warde-Farley & Goodfellow 2016, "Adversarial perturbations of deep neural
networks", section 1.3). Distances to the border along both are measured over many pictures, of a plain net and of one
that was trained against an attack.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from physadv.core.seeding import generator
from physadv.engines.studies.theories.learning import Adversary, logits_of, right, taught
from physadv.engines.studies.theories.linearity import ray_direction
from physadv.engines.studies.theories.nets import cnn
from physadv.engines.studies.theories.pictures import LabelledSet
from physadv.engines.studies.theories.study import ClaimVerdict, StudyFindings, StudyTask
from physadv.library.report.pictures.charts import LineChart, Regions, Series

FARTHEST, POINTS, MAP_SIDE = 1.0, 101, 81
EPS_LEARNT = 0.2


@dataclass(frozen=True)
class _Borders:
    """Distances of the border, in units of the change of every pixel; ``FARTHEST`` where there is none as far."""

    name: str
    attacked: Tensor  # (N,) along the attack's direction
    random: Tensor  # (N,) along a random one


def study(task: StudyTask) -> StudyFindings:
    """A plain net and a robust one."""
    make = lambda: cnn(task.sets.side_px, len(task.sets.names))  # noqa: E731 - a net's recipe
    task.tell("a plain net")
    nets = {"plain": taught(make, task.sets.train, task.effort.epochs, task.seed)}
    task.tell("a robust net")
    nets["robust"] = taught(make, task.sets.train, task.effort.epochs, task.seed, Adversary(EPS_LEARNT))
    task.tell("borders")
    borders = [_borders(name, net, task.sets.test, task.seed) for name, net in nets.items()]
    known = torch.stack([right(net, task.sets.test) for net in nets.values()]).all(0)
    first = task.sets.test.pick(known.nonzero().flatten()[:1] if known.any() else torch.tensor([0]))
    maps = [plane(net, first, task.seed) for net in nets.values()]
    return _found(task, borders, list(nets), maps)


def random_direction(data: LabelledSet, seed: int) -> Tensor:
    """``(N,3,h,w)`` of ±1, the same for all colours of a pixel: as large as the attack's."""
    shape = (len(data), 1, *data.images.shape[2:])
    return (torch.randint(2, shape, generator=generator(seed, "directions")) * 2.0 - 1).expand_as(data.images)


def distances(net: nn.Module, data: LabelledSet, direction: Tensor) -> Tensor:
    """``(N,)`` the smallest step along a direction at which the net says something else."""
    steps = torch.linspace(0, FARTHEST, POINTS)
    other = torch.stack([logits_of(net, data.images + step * direction).argmax(1) != data.labels for step in steps])
    first = torch.where(other.any(0), other.int().argmax(0), torch.full((len(data),), POINTS - 1))
    return steps[first]


def _borders(name: str, net: nn.Module, test: LabelledSet, seed: int) -> _Borders:
    rows = right(net, test)
    known = test.pick(rows) if rows.any() else test
    return _Borders(
        name, distances(net, known, ray_direction(net, known)), distances(net, known, random_direction(known, seed))
    )


def plane(net: nn.Module, one: LabelledSet, seed: int) -> Tensor:
    """``(s, s)`` the class at every point: columns along the attack, rows along the random direction."""
    across, up = ray_direction(net, one)[0], random_direction(one, seed)[0]
    steps = torch.linspace(-0.6, 0.6, MAP_SIDE)
    rows = [one.images[0] + steps[:, None, None, None] * across + y * up for y in steps]
    return torch.stack([logits_of(net, row).argmax(1) for row in rows])


def _found(task: StudyTask, borders: Sequence[_Borders], names: Sequence[str], maps: Sequence[Tensor]) -> StudyFindings:
    ratios = {one.name: float(one.random.median() / one.attacked.median().clamp_min(0.01)) for one in borders}
    plain, robust = borders
    near = ratios["plain"] >= 2
    away = float(robust.attacked.median()) > float(plain.attacked.median())
    verdict = ClaimVerdict.seen if near and away else ClaimVerdict.mixed if near or away else ClaimVerdict.unseen
    words = [
        f"Around pictures that the plain net knows the border lies {float(plain.attacked.median()):.2f} away along the "
        f"attack's direction and {_far(plain.random)} along a random one, changes of every pixel; medians of "
        f"{len(plain.random)} pictures.",
        f"Training against an attack moves it from {float(plain.attacked.median()):.2f} to "
        f"{float(robust.attacked.median()):.2f} along the attack (random: {_far(robust.random)}).",
    ]
    steps = torch.linspace(0, FARTHEST, 51)
    lines = [
        Series(f"{one.name}, {what}", [float((values > step).float().mean()) for step in steps], faint=False)
        for one in borders for what, values in (("attack", one.attacked), ("random", one.random))
    ]  # fmt: skip
    quantiles = torch.tensor([0.25, 0.75])
    return StudyFindings(
        verdict=verdict, words=words,
        columns=("net", "direction", "median distance", "quarter below", "quarter above", "no border up to 1",
                 "pictures"),
        rows=[[one.name, what, float(values.median()), *values.quantile(quantiles).tolist(),
               float((values >= FARTHEST).float().mean()), len(values)]
              for one in borders for what, values in (("attack", one.attacked), ("random", one.random))],
        charts={
            "maps": Regions(
                "Classes in the plane of the attack's direction and a random one around one picture", names,
                [one.numpy() for one in maps], (-0.6, 0.6, -0.6, 0.6), "along the attack", "along a random direction",
                task.sets.names,
            ),
            "borders": LineChart(
                "Share of pictures whose border lies further away than a step", "step of every pixel",
                "border is further away", lines, x=steps.tolist(), share=True, dots=False,
            ),
        },
        caveats=["Pictures leave the range from black to white on the way, so that all directions are equally long. "
                 "One plane of one picture is an illustration; the distances are over all pictures."],
    )  # fmt: skip


def _far(values: Tensor) -> str:
    median = float(values.median())
    return f"more than {FARTHEST:g}" if median >= FARTHEST else f"{median:.2f}"
