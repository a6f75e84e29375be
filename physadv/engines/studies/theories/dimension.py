"""Do small changes suffice because there are so many pixels?

The argument of Goodfellow et al. 2015 (arXiv:1412.6572, section 3): for a linear model a change of eps in every one of
n inputs moves the answer by eps times the sum of its weights' sizes, which grows with n. If everything else stayed
equal, the eps that suffices would fall as 1/sqrt(n). The law is exact for two clouds of points at a fixed distance, and
beside them the same digits are tried at several sizes. Enlarging adds pixels but no content, and Shafahi et al. 2019
(arXiv:1809.02104, section 7) point out that then the classes move apart as fast as changes add up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from physadv.core.seeding import generator
from physadv.engines.studies.theories.attacked import pgd, withstood
from physadv.engines.studies.theories.learning import right, taught
from physadv.engines.studies.theories.nets import mlp
from physadv.engines.studies.theories.pictures import LabelledSet
from physadv.engines.studies.theories.shares import Share, half_width, share
from physadv.engines.studies.theories.study import ClaimVerdict, StudyFindings, StudyTask
from physadv.library.report.pictures.charts import LineChart, Series

SIDES = (4, 6, 8, 12, 16, 24, 32)
CLOUD_INPUTS = (16, 64, 256, 1024, 4096)
CLOUD_DISTANCE = 4.0  # of the two centres, in standard deviations of the clouds
HALVINGS = 7
LARGEST_EPS = 0.5


@dataclass(frozen=True)
class _Sized:
    """Nets for digits of one size."""

    side_px: int
    clean: Share
    needed: tuple[float, ...]  # of each net: median eps over the pictures it knows


def study(task: StudyTask) -> StudyFindings:
    """The clouds in closed form, the digits by nets of one shape."""
    clouds = [(n, [_cloud_eps(n, seed) for seed in task.seeds]) for n in task.some(CLOUD_INPUTS)]
    sized = []
    for side in task.some(SIDES):
        task.tell(f"{side} by {side} pixels")
        sized.append(_sized(task, side))
    return _found(clouds, sized)


def _cloud_eps(inputs: int, seed: int, points: int = 2000) -> float:
    """The median eps that carries a point of one of two clouds to the other side of the best linear border.

    In closed form: ``|w·x + b| / ‖w‖₁`` for every point, with weights along the line between the centres.
    """
    random = generator(seed, f"clouds of {inputs}")
    signs = torch.randint(2, (points,), generator=random) * 2.0 - 1
    centre = torch.full((inputs,), CLOUD_DISTANCE / 2 / math.sqrt(inputs))
    x = signs[:, None] * centre + torch.randn(points, inputs, generator=random)
    lead = signs * (x @ centre)
    return float((lead[lead > 0] / centre.sum()).median())


def resized(data: LabelledSet, side_px: int) -> LabelledSet:
    """The pictures at another size, antialiased."""
    if data.images.shape[-1] == side_px:
        return data
    images = functional.interpolate(data.images, (side_px, side_px), mode="bilinear", antialias=True)
    return data.with_images(images.clamp(0, 1))


def _sized(task: StudyTask, side: int) -> _Sized:
    train, test = (resized(some, side) for some in (task.sets.train, task.sets.test))
    nets = [taught(lambda: mlp(side, len(task.sets.names)), train, task.effort.epochs, seed) for seed in task.seeds]
    known = [right(net, test) for net in nets]
    needed = [median_eps(net, test.pick(rows), task.seed) for net, rows in zip(nets, known, strict=True)]
    return _Sized(side, share(known), tuple(needed))


def median_eps(net: nn.Module, known: LabelledSet, seed: int, labels: int = 10) -> float:
    """The eps at which PGD fools half of the pictures, by halving intervals; ``LARGEST_EPS`` where it never does."""
    low, high = 0.0, LARGEST_EPS
    for _ in range(HALVINGS):
        eps = (low + high) / 2
        fooled = float((~withstood(net, known, pgd(10), eps, seed=seed, labels=labels)).float().mean())
        low, high = (low, eps) if fooled >= 0.5 else (eps, high)
    return high


def slope_of(x: Sequence[float], y: Sequence[float]) -> float:
    """Of the straight line through the logarithms: the power with which ``y`` grows with ``x``."""
    logs = torch.log(torch.tensor([x, y], dtype=torch.float64))
    centred: Tensor = logs - logs.mean(1, keepdim=True)
    return float((centred[0] * centred[1]).sum() / centred[0].square().sum().clamp_min(1e-12))


def _found(clouds: Sequence[tuple[int, list[float]]], sized: Sequence[_Sized]) -> StudyFindings:
    inputs = [float(one.side_px**2) for one in sized]
    means = [sum(one.needed) / len(one.needed) for one in sized]
    bands = [_band(one.needed) for one in sized]
    cloud_x = [float(n) for n, _ in clouds]
    cloud_y = [sum(values) / len(values) for _, values in clouds]
    law, digits = slope_of(cloud_x, cloud_y), slope_of(inputs, means)
    falls = digits < -0.25
    verdict = ClaimVerdict.seen if falls else ClaimVerdict.mixed if digits < -0.1 else ClaimVerdict.unseen
    words = [
        f"Between two clouds at a fixed distance the eps that fools half of the points falls with the number of inputs "
        f"to the power {law:+.2f}; the argument says -0.50.",
        f"For the same digits at {len(sized)} sizes, from {int(inputs[0])} to {int(inputs[-1])} pixels, it goes with "
        f"the power {digits:+.2f}, from {means[0]:.3f} to {means[-1]:.3f}. "
        + ("More pixels alone make the nets easier to fool." if falls else
           "More pixels alone do not make the nets much easier to fool: enlarged classes lie further apart, too, and "
           "that takes back what the sum over pixels gives."),
    ]  # fmt: skip
    through = [cloud_y[0] * (n / cloud_x[0]) ** -0.5 for n in cloud_x]
    return StudyFindings(
        verdict=verdict, words=words,
        columns=("what", "inputs", "eps that fools half", "low", "high", "right, clean", "pictures", "nets"),
        rows=[["clouds", n, mean, *_band(values), None, 2000, len(values)]
              for (n, values), mean in zip(clouds, cloud_y, strict=True)]
        + [["digits", one.side_px**2, mean, *band, one.clean.value, one.clean.n, one.clean.nets]
           for one, mean, band in zip(sized, means, bands, strict=True)],
        charts={
            "eps": LineChart(
                "The eps that fools half, over the number of inputs; both axes logarithmic", "number of inputs",
                "eps that fools half", [
                    Series("two clouds at a fixed distance", cloud_y, x=cloud_x),
                    Series("digits at several sizes", means, [low for low, _ in bands], [high for _, high in bands],
                           inputs),
                    Series("1/sqrt(n)", through, x=cloud_x, faint=True),
                ], log_x=True, log_y=True,
            ),
        },
        caveats=["Digits below their own size have lost strokes, above it they only became smoother: real cameras with "
                 "more pixels also bring more content."],
    )  # fmt: skip


def _band(values: Sequence[float]) -> tuple[float, float]:
    mean, half = sum(values) / len(values), half_width(values)
    return (mean, mean) if math.isinf(half) else (max(mean - half, 1e-4), mean + half)
