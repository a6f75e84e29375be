"""Is it overfitting that makes nets easy to fool?

Then nets that learn by heart, with a wide gap between pictures they have learnt and new ones, would be fooled more
easily than those that do not. Nets of several sizes learn from more and more pictures; of each the gap is measured, and
how many new pictures it keeps naming right under attack, of those that it names right at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import spearmanr

from physadv.engines.studies.theories.attacked import pgd, withstood
from physadv.engines.studies.theories.learning import BATCH, right, taught
from physadv.engines.studies.theories.nets import MakeNet, linear, mlp
from physadv.engines.studies.theories.shares import Share, share
from physadv.engines.studies.theories.study import ClaimVerdict, StudyFindings, StudyTask
from physadv.library.report.pictures.charts import LineChart, Series

EPS = 0.1
COUNTS = (50, 100, 200, 400, 800, 1200)
PART = 0.5
"""If overfitting is the cause nets with narrow gaps lose less than this part of what those with wide gaps lose."""


@dataclass(frozen=True)
class _Fit:
    """Nets of one size after so many pictures."""

    shape: str
    pictures: int
    gaps: tuple[float, ...]  # of each net: right on learnt pictures less right on new ones
    clean: Share
    withstood: Share  # of all new pictures
    losses: tuple[float, ...]  # of each net: share of what it knows that the attack takes from it

    @property
    def gap(self) -> float:
        """Mean over nets."""
        return sum(self.gaps) / len(self.gaps)

    @property
    def loss(self) -> float:
        """Mean over nets."""
        return sum(self.losses) / len(self.losses)


def study(task: StudyTask) -> StudyFindings:
    """Every size with every number of pictures; all nets take equally many steps."""
    side, classes = task.sets.side_px, len(task.sets.names)
    shapes: dict[str, MakeNet] = {"linear": lambda: linear(side, classes)} | {
        f"MLP {width}": _maker(side, classes, width) for width in (8, 32, 256)
    }
    counts = task.some([n for n in COUNTS if n <= len(task.sets.train)])
    fits = []
    for shape in task.some(list(shapes)):
        for count in counts:
            task.tell(f"{shape}, {count} pictures")
            fits.append(_fit(task, shape, shapes[shape], count))
    return _found(task, fits)


def _maker(side: int, classes: int, width: int) -> MakeNet:
    return lambda: mlp(side, classes, widths=(width, width))


def _fit(task: StudyTask, shape: str, make: MakeNet, count: int) -> _Fit:
    test, data = task.sets.test, task.sets.train.first(count)
    steps = task.effort.epochs * -(-len(task.sets.train) // BATCH) // 2
    epochs = max(1, steps // -(-count // BATCH))
    gaps, clean, kept, losses = [], [], [], []
    for seed in task.seeds:
        net = taught(make, data, epochs, seed)
        known, held = right(net, test), withstood(net, test, pgd(), EPS, seed=task.seed)
        gaps.append(float(right(net, data).float().mean() - known.float().mean()))
        clean.append(known)
        kept.append(held)
        losses.append(1 - float(held.sum()) / max(1, int(known.sum())))
    return _Fit(shape, count, tuple(gaps), share(clean), share(kept), tuple(losses))


def _found(task: StudyTask, fits: Sequence[_Fit]) -> StudyFindings:
    pairs = [(gap, loss) for one in fits for gap, loss in zip(one.gaps, one.losses, strict=True)]
    ranked = spearmanr(*zip(*pairs, strict=True)) if len({loss for _, loss in pairs}) > 1 and len(pairs) > 3 else None
    rho, p = (float(ranked.statistic), float(ranked.pvalue)) if ranked else (0.0, 1.0)
    related = rho > 0 and p < 0.05
    ordered = sorted(pairs)
    quarter = max(1, len(ordered) // 4)
    narrow, wide = ordered[:quarter], ordered[-quarter:]
    safe = _mean(narrow, 1) < PART * _mean(wide, 1)
    verdict = (ClaimVerdict.seen if safe else ClaimVerdict.mixed) if related else ClaimVerdict.unseen
    words = [
        f"The gap between learnt and new pictures and the share that an attack of eps {EPS:g} takes from a net "
        f"{'rise together' if related else 'do not rise together'}: rank correlation {rho:+.2f} (p = {p:.2g}, "
        f"{len(pairs)} nets).",
        f"The quarter of nets with the narrowest gaps ({_mean(narrow, 0):+.1%}) loses {_mean(narrow, 1):.0%} "
        f"of what it knows, the quarter with the widest ({_mean(wide, 0):+.1%}) {_mean(wide, 1):.0%}: "
        f"{'nets that do not overfit are safe' if safe else 'most of the loss is there without overfitting'}.",
    ]
    shapes = list(dict.fromkeys(one.shape for one in fits))
    return StudyFindings(
        verdict=verdict, words=words,
        columns=("net", "pictures learnt", "gap", "right, clean", "right under PGD", "low", "high",
                 "lost of what it knows", "pictures", "nets"),
        rows=[[one.shape, one.pictures, one.gap, one.clean.value, one.withstood.value, one.withstood.low,
               one.withstood.high, one.loss, one.clean.n, one.clean.nets] for one in fits],
        charts={
            "gap": LineChart(
                "Share of what nets know that an attack takes from them, over the gap between learnt and new pictures",
                "gap: right on learnt pictures less right on new ones", f"lost of what is known at eps {EPS:g}",
                [Series(shape, [one.loss for one in some], x=[one.gap for one in some])
                 for shape in shapes if (some := [one for one in fits if one.shape == shape])], share=True,
            ),
            "pictures": LineChart(
                "Share of new pictures named right under attack, over the number of pictures learnt",
                "pictures learnt", f"right under PGD, eps {EPS:g}",
                [Series(shape, [one.withstood.value for one in some], [one.withstood.low for one in some],
                        [one.withstood.high for one in some], [one.pictures for one in some])
                 for shape in shapes if (some := [one for one in fits if one.shape == shape])], log_x=True, share=True,
            ),
        },
        caveats=["Nets with a wide gap know fewer new pictures: what they lose is told as a share of what they know."],
    )  # fmt: skip


def _mean(pairs: Sequence[tuple[float, float]], which: int) -> float:
    return sum(pair[which] for pair in pairs) / len(pairs)
