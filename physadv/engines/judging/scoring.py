"""From what was seen to the numbers of one victim, and to the transfer table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from physadv.core.access import Task
from physadv.core.defended import defended_in
from physadv.core.types import Score, named
from physadv.engines.judging.options import ProtocolConfig
from physadv.engines.judging.views import Observations, VictimUnderTest
from physadv.library.files.atomic import write_text
from physadv.library.metrics import coco_format
from physadv.library.metrics.average_precision import library_average_precision
from physadv.library.metrics.distances import distance_scores
from physadv.library.metrics.films import film_scores
from physadv.library.metrics.outcomes import Outcome, outcomes
from physadv.library.metrics.summary import Difference, MeasuredSummary, differences, eligible, summarise
from physadv.library.metrics.tables import F64
from physadv.parts.patches.controls import CLEAN, GREY, PATCH, RANDOM, PatchUnderTest, role

_KINDS = {Task.detection: "detector", Task.classification: "classifier", Task.control: "policy"}
_TABLED = ("success", "AP50")  # what the table of transfer shows


@dataclass(frozen=True)
class JudgedVictim:
    """One victim: its numbers under every arm, and what they were made of."""

    seen: Observations
    place: int  # among the victims of ``seen``
    watched: VictimUnderTest
    measured: Mapping[str, MeasuredSummary]
    distances: Mapping[str, tuple[Score, ...]]
    films: Mapping[str, tuple[Score, ...]]  # of what is judged on films

    def write(self, folder: Path, slug: str) -> None:
        """The reports as COCO files."""
        for arm in self.measured:
            coco_format.write_results(folder / f"{slug}-{arm}.json", self.seen.reported[self.place, arm].findings)


def judged(
    seen: Observations,
    ground: dict[str, Any],
    place: int,
    watched: VictimUnderTest,
    shown: Sequence[str],
    weights: F64,
    protocol: ProtocolConfig,
    seen_first: bool,
    frames: int = 0,
) -> JudgedVictim:
    """Measure a victim under every arm.

    ``ground`` is :func:`ground_truth` of what was seen, ``weights`` ``(R,I)`` are the resamples of the images,
    ``frames`` how many views each film has; 0: there are no films.
    """
    truth, clean = seen.truth, seen.reported[place, CLEAN]
    numbers = [int(c) + 1 for c in truth.judged_categories]
    tried = eligible(truth, clean.findings, clean.achieved, watched.confidence, seen_first=seen_first, iou=protocol.iou)
    measured, films = {}, {}
    for arm in shown:
        here = seen.reported[place, arm]
        if frames:
            now, before = (
                outcomes(truth, one.findings, watched.confidence, protocol.iou) == Outcome.DETECTED
                for one in (here, clean)
            )
            films[arm] = film_scores(truth, now, before, frames, weights)
        measured[arm] = summarise(
            truth, here.findings, watched.confidence, weights,
            library_average_precision(ground, here.findings, numbers),
            success=None if arm == CLEAN else (here.achieved, tried),
            clean=None if arm == CLEAN else clean.findings,
            iou=protocol.iou,
            classifier=watched.victim.task is Task.classification, covered=seen.covered,
        )  # fmt: skip
    distances = {c: distance_scores(dict(columns), seen.measured, weights) for c, columns in seen.distances.items()}
    return JudgedVictim(seen, place, watched, measured, distances, films)


def victim_scores(one: JudgedVictim, slug: str, patches_under_test: Sequence[PatchUnderTest]) -> dict[str, Any]:
    """A victim as ``scores.json`` shows it."""
    victim = one.watched.victim
    return {
        "name": victim.name,
        "file": slug,
        "digest": victim.digest,
        "confidence": one.watched.confidence,
        "kind": _KINDS[victim.task],
        "defense": "+".join(defense.name for defense in behind.defenses) if (behind := defended_in(victim)) else "none",
        "unseen": {c.arm: None if c.trained_on is None else _unseen(victim.digest, c) for c in patches_under_test},
        "conditions": [_arm(one, arm) for arm in one.measured],
    }


def _unseen(digest: str, patch: PatchUnderTest) -> bool:
    return digest not in {known for _, known in patch.trained_on or ()}


def _arm(one: JudgedVictim, arm: str) -> dict[str, Any]:
    summary = one.measured[arm].summary
    return {
        "condition": arm,
        "role": role(arm),
        "scores": summary.scores,
        "outcomes": summary.outcomes,
        "errors": summary.errors,
        "bins": [
            {"by": b.bin.by, "low": b.bin.low, "high": b.bin.high, "words": b.bin.words, "scores": b.scores}
            for b in summary.bins
        ],
        "distances": one.distances.get(arm, ()),
        "differences": _differences(one.measured, arm),
        **({"films": one.films[arm]} if one.films else {}),
    }


def _differences(measured: Mapping[str, MeasuredSummary], arm: str) -> list[Difference]:
    """Paired, against what the arm is compared with: no patch, the controls and, for our patch, its rivals."""
    against = {"clean": [], "control": [CLEAN], "patch": [CLEAN, GREY, RANDOM]}[role(arm)]
    if arm == PATCH:  # ours minus theirs
        against += [other for other in measured if role(other) == "patch" and other != PATCH]
    rows = (differences(measured[arm], measured[minus], minus) for minus in against)
    return [difference for row in rows for difference in row]


def transfer(
    victims: Sequence[Mapping[str, Any]], patches_under_test: Sequence[PatchUnderTest]
) -> dict[str, Any] | None:
    """Arms × victims; ``None`` where there is one patch and one victim."""
    if len(victims) < 2 and len(patches_under_test) < 2:
        return None
    rows = [c["condition"] for c in victims[0]["conditions"]]
    tables: dict[str, Any] = {}
    for score in _TABLED:
        cells = [
            [named(v["conditions"][row]["scores"], score) for v in victims] for row in range(len(rows))
        ]  # fmt: skip
        tables[score] = {"rows": rows, "columns": [v["name"] for v in victims], "cells": cells}
    trained = {c.arm: [name for name, _ in c.trained_on] for c in patches_under_test if c.trained_on is not None}
    return tables | {"trained_on": trained}


def ground_truth(seen: Observations) -> dict[str, Any]:
    """The objects in COCO's format: the same for every victim that was shown them."""
    return coco_format.ground_truth(seen.truth, seen.view_names, seen.sizes_px, seen.categories)


def write_json(path: Path, content: Any) -> None:
    """The content without a space."""
    write_text(path, json.dumps(content, allow_nan=False, separators=(",", ":")))
