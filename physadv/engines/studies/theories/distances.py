"""How far is it from one picture to another? Four answers, and what each of them lets an attacker do.

Two pictures of three by three pixels are compared by hand first. Then the smallest changes that fool a net are looked
for under every distance (fast minimum norm, Pintor et al. 2021, arXiv:2102.12827).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from physadv.core.problem.perturbation_problem import Norm
from physadv.engines.studies.theories.attacked import attacked
from physadv.engines.studies.theories.learning import logits_of, right, taught_cnn
from physadv.engines.studies.theories.pictures import LabelledSet
from physadv.engines.studies.theories.shares import share
from physadv.engines.studies.theories.study import Cell, ClaimVerdict, StudyFindings, StudyTask
from physadv.library.perturbations.norms import size
from physadv.library.report.pictures.charts import PictureCell, PictureRows
from physadv.parts.attacks.perturbation.fmn import Fmn
from physadv.parts.attacks.perturbation.options_minimal import FmnConfig

ONE = ((12, 40, 7), (200, 133, 90), (3, 251, 64))
OTHER = ((12, 40, 7), (200, 12, 90), (3, 251, 65))
"""Codes from 0 to 255: the middle pixel differs by 121, the last one by 1."""
SHOWN = 7


def study(task: StudyTask) -> StudyFindings:
    """The example, and the digits."""
    task.tell("a net learns")
    net, test = taught_cnn(task, task.seed), task.sets.test
    known = test.pick(right(net, test) | torch.tensor(task.quick)).first(max(SHOWN, task.effort.test // 3))
    rows: list[list[Cell]] = [["two pictures of 3 x 3", name, *[by_hand()[norm] for norm in Norm], 1]
                              for name in ("codes, 0 to 255",)]  # fmt: skip
    found: dict[Norm, tuple[Tensor, Tensor]] = {}
    for norm in Norm:
        task.tell(f"smallest changes by {norm}")
        made = attacked(net, known, Fmn(FmnConfig(steps=5 if task.quick else 60)), None, norm=norm, seed=task.seed)
        found[norm] = (made.images, made.success)
        change = (made.images - known.images).mean(1, keepdim=True)[made.success]
        rows.append([f"smallest by {norm.capitalize()}", f"{share(made.success)} fooled",
                     *[_median(size(change, other)) for other in Norm], len(known)])  # fmt: skip
    labels = {norm: logits_of(net, images).argmax(1) for norm, (images, _) in found.items()}
    return _found(known, found, labels, rows, task.sets.names)


def by_hand() -> dict[Norm, float]:
    """The distances between the two small pictures."""
    one, other = (torch.tensor(codes, dtype=torch.float64)[None, None] for codes in (ONE, OTHER))
    return {norm: float(size(one - other, norm)) for norm in Norm}


def _found(
    known: LabelledSet, found: Mapping[Norm, tuple[Tensor, Tensor]], labels: Mapping[Norm, Tensor],
    rows: Sequence[Sequence[Cell]], names: Sequence[str],
) -> StudyFindings:  # fmt: skip
    hand = by_hand()
    words = [
        f"The two pictures of 3 x 3 differ by L0 = {hand[Norm.l0]:.0f} pixels, L1 = {hand[Norm.l1]:.0f}, "
        f"L2 = {hand[Norm.l2]:.3f} (its square, as it is often written, {hand[Norm.l2] ** 2:.0f}) and "
        f"Linf = {hand[Norm.linf]:.0f} codes.",
        "Each distance has its own smallest change: few pixels changed wholly (L0), a few changed much (L1), all "
        "changed a little (Linf), and something between (L2).",
    ]
    pictures = [[PictureCell(one.permute(1, 2, 0).numpy(), f"“{names[label]}”")
                 for one, label in zip(known.images[:SHOWN], known.labels.tolist(), strict=False)]]  # fmt: skip
    for norm, (images, _) in found.items():
        pictures.append([
            PictureCell(images[place].permute(1, 2, 0).numpy(), f"“{names[int(labels[norm][place])]}”")
            for place in range(min(SHOWN, len(known)))
        ])  # fmt: skip
    return StudyFindings(
        verdict=ClaimVerdict.shown, words=words,
        columns=("change", "what", "median L0", "median L1", "median L2", "median Linf", "pictures"), rows=rows,
        charts={"smallest": PictureRows("The same digits, and the smallest change under each distance that fools the "
                                        "net", pictures, ["picture", *[norm.capitalize() for norm in found]])},
        caveats=["Of digits the distances are those of their grey, black 0 and white 1. An attack finds an "
                 "upper bound: there may be a smaller change."],
    )  # fmt: skip


def _median(sizes: Tensor) -> float:
    return float(sizes.median()) if len(sizes) else 0.0
