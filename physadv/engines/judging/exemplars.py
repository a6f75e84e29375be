"""Pictures of where the patch works best, as usual and worst: chosen by rule, not by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from physadv.core.labels import canonical
from physadv.core.types import Detections, PatchImage
from physadv.engines.judging.films import Films
from physadv.engines.judging.views import JudgedView, Observations, VictimUnderTest, ViewSource
from physadv.library.metrics.summary import eligible, own_scores
from physadv.library.metrics.tables import I64
from physadv.library.report.pictures import contact_sheet
from physadv.library.report.pictures.pair_pictures import save_pairs
from physadv.parts.patches.controls import CLEAN, PATCH, RANDOM, role

TYPICAL = "typical"
_PLACES = (("works best", 0.0), ("", 0.15), (TYPICAL, 0.5), ("", 0.65), ("fails", 1.0))


@dataclass(frozen=True, slots=True)
class Exemplar:
    """One object in one view, and why it is shown."""

    title: str
    row: int  # of Truth
    view: int


def chosen(seen: Observations, watched: VictimUnderTest, *, seen_first: bool) -> list[Exemplar]:
    """Objects at fixed quantiles of how well the patch does, the median first, each from another view.

    Sorted by whether the goal is achieved, then by the score that is left. Objects that could not become a success
    are not shown, unless there are no others.
    """
    truth, patch, clean = seen.truth, seen.reported[0, PATCH], seen.reported[0, CLEAN]
    tried = eligible(truth, clean.findings, clean.achieved, watched.confidence, seen_first=seen_first)
    rows = np.flatnonzero(tried if tried.any() else truth.judged)
    left = own_scores(truth, patch.findings)
    rows = rows[np.lexsort((rows, left[rows], ~patch.achieved[rows]))]
    rows = rows[_first_of_each(truth.view_of[rows])]
    return [Exemplar(title, int(rows[p]), int(truth.view_of[rows[p]])) for p, title in places(len(rows))]


def places(count: int) -> list[tuple[int, str]]:
    """Which of ``count`` objects, in order from best to worst, are shown, and why; the median one comes first.

    Of two, the worse one comes first: neither is the median, and nobody shall say that we chose the better.
    """
    if count < 3:
        return [(0, "the only one")][:count] if count < 2 else [(1, "fails"), (0, "works best")]
    picks: dict[int, str] = {}
    for title, quantile in _PLACES:
        place = round(quantile * (count - 1))
        if place not in picks or (title and not picks[place]):
            picks[place] = title
    return sorted(picks.items(), key=lambda pick: (pick[1] != TYPICAL, pick[0]))


def _first_of_each(values: I64) -> I64:
    """Where each value occurs first, in the order given."""
    return np.sort(np.unique(values, return_index=True)[1])


def save_exemplars(
    showing: ViewSource,
    arms: Mapping[str, PatchImage],
    watched: VictimUnderTest,
    seen: Observations,
    seen_first: bool,
    out: Path,
) -> Path:
    """Render the chosen views again, and write ``contact_sheet.png`` and ``pairs/``; the rule looks at the first patch.

    Every arm is shown but the random control, whose pictures say no more than the grey one's.
    """
    found = rows_of(showing, arms, watched, seen, chosen(seen, watched, seen_first=seen_first))
    save_pairs(found, {c: role(c) for c in arms}, watched.victim.name, out)
    return contact_sheet.sheet(found, out / "contact.png")


@torch.no_grad()
def rows_of(
    showing: ViewSource,
    arms: Mapping[str, PatchImage],
    watched: VictimUnderTest,
    seen: Observations,
    picks: Sequence[Exemplar],
) -> list[contact_sheet.ObjectRow]:
    """The chosen views under every arm but the random control."""
    wanted = {one.view: one for one in picks}
    rows: dict[int, contact_sheet.ObjectRow] = {}
    shown = {arm: patch for arm, patch in arms.items() if arm != RANDOM}
    films = Films(showing, shown, (watched,))
    for view in showing.holding(wanted, seen.batches):
        films.begin(view)
        here = [(place, int(number)) for place, number in enumerate(view.numbers) if int(number) in wanted]
        if here or films.remembered:  # a film is seen whole, or not remembered
            images = {arm: showing.render(view, patch) for arm, patch in shown.items()}
            told = {arm: films.decided(0, arm, batch, watched.confidence) for arm, batch in images.items()}
            for place, number in here:
                rows[number] = _row(view, place, wanted[number], images, told, watched, seen)
        if len(rows) == len(wanted):
            break
    return [rows[number] for number in wanted]


def _row(
    view: JudgedView,
    place: int,
    one: Exemplar,
    images: Mapping[str, Tensor],
    told: Mapping[str, tuple[Detections, ...] | None],
    watched: VictimUnderTest,
    seen: Observations,
) -> contact_sheet.ObjectRow:
    """One object of a view; ``told`` are the reports of a victim that remembers, another one is asked."""
    box = tuple(float(v) for v in seen.truth.boxes_xyxy_px[one.row])
    label = _own_word(view, seen.categories[int(seen.truth.category[one.row])])
    height, width = view.scene.sizes_px[place].tolist()
    tiles = []
    for arm, batch in images.items():
        image, reports = batch[place : place + 1], told[arm]
        if reports is None:
            (found,) = watched.victim.decide(watched.victim.outputs(image), watched.confidence)
        else:
            found = reports[place]
        tiles.append(contact_sheet.ArmTile(arm, image[0, :, :height, :width].cpu(), _marks(found, watched, label)))
    where = "" if seen.truth.distance_m is None else f"{seen.truth.distance_m[one.row]:.0f} m"
    return contact_sheet.ObjectRow(one.title, where, label, (box[0], box[1], box[2], box[3]), tuple(tiles))


def _own_word(view: JudgedView, category: str) -> str:
    """The category as the user's data spell it."""
    return next((name for name in view.scene.label_names if canonical(name) == category), category)


def _marks(found: Detections, watched: VictimUnderTest, label: str) -> tuple[contact_sheet.ReportMark, ...]:
    names = [watched.victim.labels[i] for i in found.labels.tolist()]
    return tuple(
        contact_sheet.ReportMark((box[0], box[1], box[2], box[3]), name, score, canonical(name) == canonical(label))
        for box, name, score in zip(found.boxes_xyxy_px.tolist(), names, found.scores.tolist(), strict=True)
    )
