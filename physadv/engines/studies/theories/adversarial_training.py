"""Training against attacks: the one defence of the lecture that holds (Madry et al. 2018, arXiv:1706.06083).

Nets learn from clean pictures, from pictures after one step of an attack, and after several. On little data the attack
must grow while the net learns: beside it stands a net that met all of it at once.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from physadv.engines.studies.theories.attacked import noisy, pgd, withstood
from physadv.engines.studies.theories.learning import Adversary, right, taught_cnn
from physadv.engines.studies.theories.shares import Share, series_of, share
from physadv.engines.studies.theories.study import Cell, ClaimVerdict, StudyFindings, StudyTask
from physadv.library.report.pictures.charts import LineChart, Series
from physadv.parts.attacks.perturbation.options_black_box import SquareSearchConfig
from physadv.parts.attacks.perturbation.square_search import SquareSearch

EPS_LEARNT = 0.2
SIZES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25)
JUDGED, QUERIES, QUICK_QUERIES = 0.1, 400, 20


def study(task: StudyTask) -> StudyFindings:
    """Four ways to learn."""
    recipes = {
        "clean": None, "FGSM": Adversary(EPS_LEARNT, steps=1), "PGD": Adversary(EPS_LEARNT),
        "PGD at once": Adversary(EPS_LEARNT, ramp=False),
    }  # fmt: skip
    sizes = sorted({*task.some(SIZES), JUDGED})
    left: dict[str, list[Share]] = {}
    black: dict[str, Share] = {}
    noise: list[Share] = []
    for name, change in recipes.items():
        nets = []
        for seed in task.seeds:
            task.tell(f"{name}, seed {seed}")
            nets.append(taught_cnn(task, seed, change))
        left[name] = [_left(nets, eps, task) for eps in sizes]
        black[name] = _black_box(nets[0], task)
        if name == "clean":
            noise = [share([right(net, noisy(task.sets.test, max(eps, 1e-6), task.seed)) for net in nets])
                     for eps in sizes]  # fmt: skip
    return _found(sizes, left, black, noise)


def _left(nets: list[nn.Module], eps: float, task: StudyTask) -> Share:
    test = task.sets.test
    if not eps:
        return share([right(net, test) for net in nets])
    return share([withstood(net, test, pgd(), eps, seed=task.seed) for net in nets])


def _black_box(net: nn.Module, task: StudyTask) -> Share:
    """Of a third of the pictures: an attack without gradients must not come further than one with them."""
    some = task.sets.test.first(max(6, task.effort.test // 3))
    attack = SquareSearch(SquareSearchConfig(queries=QUICK_QUERIES if task.quick else QUERIES))
    return share(withstood(net, some, attack, JUDGED, seed=task.seed))


def _found(
    sizes: list[float], left: Mapping[str, list[Share]], black: Mapping[str, Share], noise: list[Share]
) -> StudyFindings:
    at = sizes.index(JUDGED)
    plain, robust, at_once = (left[name] for name in ("clean", "PGD", "PGD at once"))
    better = robust[at].low > plain[at].high
    words = [
        f"At eps {JUDGED:g} PGD leaves {robust[at]} right after training against it, {left['FGSM'][at]} after training "
        f"against one step, {plain[at]} after plain training (noise: {noise[at]}).",
        f"It costs "
        f"{100 * (plain[0].value - robust[0].value):.1f} points of clean accuracy ({plain[0]} to {robust[0]}).",
        f"A net that meets the whole attack from the first picture on names {at_once[0]} of the clean pictures right, "
        f"and {at_once[at]} under attack: {_at_once(robust[at], at_once[at])}.",
        f"An attack that asks for no gradient leaves {black['PGD']} of a third of the pictures, so "
        f"{'no masked gradient shows' if black['PGD'].high >= robust[at].low else 'gradients may be masked'}.",
    ]
    control = series_of("clean, noise instead", noise, sizes)
    return StudyFindings(
        verdict=ClaimVerdict.seen if better else ClaimVerdict.unseen, words=words,
        columns=("learnt from", "eps", "right under PGD", "low", "high", "pictures", "nets"),
        rows=[*_rows(sizes, left),
              *_rows([JUDGED], {f"{name}, judged by Square": [one] for name, one in black.items()})],
        charts={
            "robust": LineChart(
                f"Share of pictures still named right under PGD, over eps, by training (against eps {EPS_LEARNT:g})",
                "eps", "right", [*[series_of(name, shares, sizes) for name, shares in left.items()],
                                 Series(control.name, control.y, control.low, control.high, sizes, faint=True)],
                share=True,
            ),
        },
        caveats=["Robust is what no attack has broken yet: these figures are upper bounds, and hold for this norm and "
                 "these sizes."],
    )  # fmt: skip


def _rows(sizes: list[float], left: Mapping[str, list[Share]]) -> list[list[Cell]]:
    return [
        [name, eps, one.value, one.low, one.high, one.n, one.nets]
        for name, shares in left.items()
        for eps, one in zip(sizes, shares, strict=True)
    ]


def _at_once(grown: Share, at_once: Share) -> str:
    if at_once.high < grown.low:
        return "the attack must grow while the net learns"
    return "here that does no clear harm"
