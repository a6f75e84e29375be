"""White boxes and black boxes: the same pictures attacked by those who know more and those who know less.

With gradients (PGD), with scores (Square, NES, SimBA), with decisions alone (HopSkipJump), and with none of these, from
a net of one's own (transfer). Questions are counted as they were really asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from physadv.core.problem.perturbation_problem import PerturbationAttack
from physadv.engines.studies.theories.attacked import attacked, attacked_and_counted, noisy, pgd
from physadv.engines.studies.theories.learning import right, taught, taught_cnn
from physadv.engines.studies.theories.nets import mlp
from physadv.engines.studies.theories.shares import Share, share
from physadv.engines.studies.theories.study import ClaimVerdict, StudyFindings, StudyTask
from physadv.library.report.pictures.charts import LineChart, Series
from physadv.parts.attacks.perturbation.hop_skip_jump import HopSkipJump
from physadv.parts.attacks.perturbation.mi_fgsm import MiFgsm
from physadv.parts.attacks.perturbation.nes import Nes
from physadv.parts.attacks.perturbation.options import MiFgsmConfig
from physadv.parts.attacks.perturbation.options_black_box import (
    HopSkipJumpConfig,
    NesConfig,
    SimbaConfig,
    SquareSearchConfig,
)
from physadv.parts.attacks.perturbation.simba import Simba
from physadv.parts.attacks.perturbation.square_search import SquareSearch

EPS, QUERIES, QUICK_QUERIES, FEW = 0.15, 600, 40, 100
MARKS = (1, 2, 5, 10, 20, 50, 100, 200, 400, 600)


@dataclass(frozen=True)
class _Level:
    """An attack, and what its attacker may see."""

    sees: str
    name: str
    success: Tensor  # (n,) bool
    queries: Tensor  # (n,) int64

    def by(self, queries: int) -> Share:
        """Share that was fooled with at most so many questions."""
        return share(self.success & (self.queries <= queries))


def study(task: StudyTask) -> StudyFindings:
    """All on the same pictures, all of which the net knows."""
    task.tell("nets learn")
    net, test = taught_cnn(task, task.seed), task.sets.test
    own = taught(lambda: mlp(task.sets.side_px, len(task.sets.names)), task.sets.train, task.effort.epochs,
                 task.seed + 1)  # fmt: skip
    known = test.pick(right(net, test) | torch.tensor(task.quick)).first(max(6, task.effort.test // 3))
    queries = QUICK_QUERIES if task.quick else QUERIES
    attacks: list[tuple[str, str, PerturbationAttack]] = [
        ("gradients", "PGD", pgd(40)),
        ("scores", "Square", SquareSearch(SquareSearchConfig(queries=queries))),
        ("scores", "NES", Nes(NesConfig(queries=queries, samples=20))),
        ("scores", "SimBA", Simba(SimbaConfig(queries=queries))),
        ("decisions", "HopSkipJump", HopSkipJump(HopSkipJumpConfig(queries=queries))),
    ]
    levels = []
    for sees, name, attack in attacks:
        task.tell(name)
        made, asked = attacked_and_counted(net, known, attack, EPS, seed=task.seed)
        levels.append(_Level(sees, name, made.success, asked))
    task.tell("transfer")
    carried = attacked(own, known, MiFgsm(MiFgsmConfig()), EPS, seed=task.seed).images
    fooled = ~right(net, known.with_images(carried))
    levels.append(_Level("nothing", "transfer", fooled, torch.ones(len(known), dtype=torch.int64)))
    return _found(levels, share(~right(net, noisy(known, EPS, task.seed))), queries)


def _found(levels: Sequence[_Level], noise: Share, queries: int) -> StudyFindings:
    by_name = {one.name: one.by(queries) for one in levels}
    most = {one.name: float(one.queries[one.success].float().median()) if one.success.any() else None for one in levels}
    few = ", ".join(f"{name} {one.value:.0%}" for name, one in by_name.items())
    scored = {one.name: one.by(FEW) for one in levels if one.sees == "scores"}
    early = max(scored, key=lambda name: scored[name].value)
    decided = next(one.by(FEW) for one in levels if one.sees == "decisions")
    words = [
        f"With at most {queries} questions a picture, of {levels[0].success.numel()} pictures that the net knows these "
        f"are fooled at eps {EPS:g}: {few}; noise of the same size {noise}.",
        f"With at most {FEW} questions: PGD {levels[0].by(FEW).value:.0%}, the best that sees scores ({early}) "
        f"{scored[early].value:.0%}, HopSkipJump, which sees decisions alone, {decided.value:.0%}; and who has another "
        f"net of his own needs none before the one try ({by_name['transfer'].value:.0%}).",
    ]
    marks = [mark for mark in MARKS if mark <= queries]
    ordered = levels[0].by(FEW).value >= scored[early].value >= decided.value
    return StudyFindings(
        verdict=ClaimVerdict.seen if ordered else ClaimVerdict.mixed, words=words,
        columns=("attacker sees", "attack", "fooled", "low", "high", "questions, median of the fooled", "pictures"),
        rows=[[one.sees, one.name, by_name[one.name].value, by_name[one.name].low, by_name[one.name].high,
               most[one.name], by_name[one.name].n] for one in levels]
        + [["nothing", "noise", noise.value, noise.low, noise.high, None, noise.n]],
        charts={
            "queries": LineChart(
                f"Share of pictures fooled at eps {EPS:g}, over the questions asked about each", "questions a picture",
                "fooled", [Series(f"{one.name} ({one.sees})", [one.by(mark).value for mark in marks], x=marks)
                           for one in levels]
                + [Series("noise", [noise.value] * len(marks), x=marks, faint=True)], log_x=True, share=True,
            ),
        },
        caveats=["A question with a gradient counts as one. Few questions are allowed here: with more of them the "
                 "black boxes come further."],
    )  # fmt: skip
