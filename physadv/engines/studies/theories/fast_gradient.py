"""The fast gradient sign method: one step suffices (Goodfellow et al. 2015, arXiv:1412.6572, section 4).

The error of softmax regression and of a convolutional net over the size of the step, beside noise of the same size.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from physadv.engines.studies.theories.attacked import attacked, fgsm, noisy
from physadv.engines.studies.theories.learning import logits_of, right, taught, taught_cnn
from physadv.engines.studies.theories.linearity import ray_direction
from physadv.engines.studies.theories.nets import linear
from physadv.engines.studies.theories.pictures import LabelledSet
from physadv.engines.studies.theories.shares import Share, series_of, share
from physadv.engines.studies.theories.study import ClaimVerdict, StudyFindings, StudyTask
from physadv.library.report.pictures.charts import LineChart, PictureCell, PictureRows

SIZES = (0.0, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3)
SHOWN, SHOWN_EPS = 6, 0.15


@dataclass(frozen=True)
class _Errors:
    """Of one net at one size."""

    wrong: Share
    noise: Share
    confidence: float  # mean, in what it says of pictures that it gets wrong


def study(task: StudyTask) -> StudyFindings:
    """Two nets, one step each."""
    sets = task.sets
    task.tell("nets learn")
    nets = {
        "softmax regression": taught(
            lambda: linear(sets.side_px, len(sets.names)), sets.train, 2 * task.effort.epochs, task.seed
        ),
        "a convolutional net": taught_cnn(task, task.seed),
    }
    errors: dict[str, dict[float, _Errors]] = {}
    for name, net in nets.items():
        task.tell(name)
        errors[name] = {eps: _errors(net, sets.test, eps, task.seed) for eps in task.some(SIZES)}
    return _found(task, nets["a convolutional net"], errors)


def _errors(net: nn.Module, test: LabelledSet, eps: float, seed: int) -> _Errors:
    images = attacked(net, test, fgsm(), eps, seed=seed).images if eps else test.images
    said = logits_of(net, images).softmax(1).max(1)
    wrong = said.indices != test.labels
    noise = ~right(net, noisy(test, eps, seed) if eps else test)
    return _Errors(share(wrong), share(noise), float(said.values[wrong].mean()) if wrong.any() else 0.0)


def _found(task: StudyTask, net: nn.Module, errors: Mapping[str, Mapping[float, _Errors]]) -> StudyFindings:
    words = []
    for name, by_eps in errors.items():
        largest = max(by_eps)
        one = by_eps[largest]
        words.append(
            f"At eps {largest:g} one step makes {name} err on {one.wrong} of the pictures, with a mean confidence of "
            f"{one.confidence:.0%} in the wrong answer; noise of the same size on {one.noise}, and nothing on "
            f"{by_eps[0.0].wrong}."
        )
    lines = []
    for name, by_eps in errors.items():
        eps = list(by_eps)
        lines += [series_of(f"{name}, FGSM", [one.wrong for one in by_eps.values()], eps),
                  series_of(f"{name}, noise", [one.noise for one in by_eps.values()], eps)]  # fmt: skip
    return StudyFindings(
        verdict=ClaimVerdict.shown, words=words,
        columns=("net", "eps", "errs", "low", "high", "errs on noise", "confidence when wrong", "pictures"),
        rows=[[name, eps, one.wrong.value, one.wrong.low, one.wrong.high, one.noise.value, one.confidence, one.wrong.n]
              for name, by_eps in errors.items() for eps, one in by_eps.items()],
        charts={
            "step": _step(net, task.sets.test, task.sets.names),
            "errors": LineChart("Share of pictures that are named wrong, over the size of one step along the "
                                "gradient's sign, and of noise", "eps", "errs", lines, share=True),
        },
    )  # fmt: skip


def _step(net: nn.Module, test: LabelledSet, names: tuple[str, ...]) -> PictureRows:
    """Pictures that a step of the shown size carries over, as far as there are any: x, the sign, the sum."""
    data = test.first(100)
    changed = (data.images + SHOWN_EPS * ray_direction(net, data)).clamp(0, 1)
    over = (right(net, data) & ~right(net, data.with_images(changed))).nonzero().flatten()[:SHOWN]
    rows: Tensor = over if len(over) else torch.arange(min(SHOWN, len(data)))
    shown, signs = data.pick(rows), ray_direction(net, data)[rows]
    before, after = (logits_of(net, some[rows]).softmax(1).max(1) for some in (data.images, changed))

    def said(answers: tuple[Tensor, Tensor], place: int) -> str:
        return f"“{names[int(answers[1][place])]}”, {float(answers[0][place]):.0%}"

    places = range(len(rows))
    return PictureRows(
        f"Pictures, the sign of the loss's gradient, and both together with eps {SHOWN_EPS:g}; below, its answer",
        [
            [PictureCell(shown.images[i].permute(1, 2, 0).numpy(), said(before, i)) for i in places],
            [PictureCell(signs[i].mean(0).numpy()) for i in places],
            [PictureCell(changed[rows][i].permute(1, 2, 0).numpy(), said(after, i)) for i in places],
        ],
        ["x", "sign", "x + eps sign"],
    )
