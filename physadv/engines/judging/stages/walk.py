"""Where a patch loses its effect: success with stages added one by one, and with each left out, on the same draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from physadv.core.types import PatchImage, Score
from physadv.engines.judging import shards
from physadv.engines.judging.collect import Keeping, observe
from physadv.engines.judging.options import ProtocolConfig
from physadv.engines.judging.protocol_scenes import ByProtocol
from physadv.engines.judging.rungs import Rung
from physadv.engines.judging.shards import Shards, digest
from physadv.engines.judging.trial import Group, Trial, keeping, key_of
from physadv.engines.judging.views import Observations, Progress, ViewSource
from physadv.library.metrics.differences import Difference, difference
from physadv.library.metrics.interval import resampled_means
from physadv.library.metrics.outcomes import share
from physadv.library.metrics.summary import eligible
from physadv.library.metrics.tables import F64, Bool
from physadv.parts.patches.controls import CLEAN, GREY, PATCH

ARMS = (PATCH, GREY)
SCREEN = "screen"
Stages = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WorldSuccess:
    """Success of one arm in one world, and in every resample of the images."""

    score: Score
    replicates: F64  # (R,)


def walked(
    trial: Trial,
    group: Group,
    shown: Mapping[str, PatchImage],
    weights: F64,
    out: Path,
    progress_of: Callable[[int], Progress],
) -> list[dict[str, Any]]:
    """A table for every victim of the group; ``weights`` ``(R, I)`` are the resamples, ``progress_of`` a rung's bar.

    The objects are the same in every world: those that can become a success both on the screen and with all stages.
    """
    street = max(trial.rungs, key=lambda rung: len(rung.stages)).stages
    seen: dict[Stages, Observations] = {}
    for place, rung in enumerate(trial.rungs):
        arms = (CLEAN, *ARMS) if rung.stages in ((), street) else ARMS
        kept = _keeping(trial, group, rung, place, out)
        here = {arm: shown[arm] for arm in arms}
        seen[rung.stages] = observe(_showing(trial, group.showing, rung), here, group.watched, progress_of(place), kept)
    return [
        {"victim": one.victim.name} | _table(trial, seen, street, number, one.confidence, weights)
        for number, one in enumerate(group.watched)
    ]


def _showing(trial: Trial, showing: ViewSource, rung: Rung) -> ViewSource:
    if rung.relit:
        return replace(showing, renderer=rung.renderer)
    size = (trial.patch.width_mm, trial.patch.height_mm)
    unlit = ByProtocol(showing.scenes, ProtocolConfig(digital=True), size, None, trial.worn_by, trial.device)
    return replace(showing, renderer=rung.renderer, scenes=unlit)


def _keeping(trial: Trial, group: Group, rung: Rung, place: int, out: Path) -> Keeping:
    """Beside the shards of the judgement, so that a walk that was stopped goes on, too."""
    usual = keeping(trial, group, out, measure=False)
    if usual.shards is None:
        return usual
    folder = out / shards.FOLDER / f"{'-'.join(map(str, group.numbers))}-stages-{place}"
    return replace(usual, shards=Shards(folder, digest([key_of(trial, group), list(rung.stages)])))


def _table(
    trial: Trial,
    seen: Mapping[Stages, Observations],
    street: Stages,
    number: int,
    confidence: float,
    weights: F64,
) -> dict[str, Any]:
    tried = np.logical_and(*(_tried(trial, seen[stages], number, confidence) for stages in ((), street)))
    shares = {stages: {arm: _share(here, number, arm, tried, weights) for arm in ARMS} for stages, here in seen.items()}
    added = [_row(SCREEN, shares[()], None, "")]
    for count, (stage, before) in enumerate(zip(street, (SCREEN, *street), strict=False)):
        added.append(_row(stage, shares[street[: count + 1]], shares[street[:count]], before))
    left_out = [
        _row(stage, shares[tuple(s for s in street if s != stage)], shares[street], "all stages") for stage in street
    ]
    return {"added": added, "left_out": left_out}


def _tried(trial: Trial, here: Observations, number: int, confidence: float) -> Bool:
    clean = here.reported[number, CLEAN]
    return eligible(
        here.truth, clean.findings, clean.achieved, confidence, seen_first=trial.seen_first, iou=trial.protocol.iou
    )


def _share(here: Observations, number: int, arm: str, tried: Bool, weights: F64) -> WorldSuccess:
    truth, achieved = here.truth, here.reported[number, arm].achieved
    image = truth.image_of_view[truth.view_of]
    score = share("success", achieved, tried, truth, "more attacked")
    return WorldSuccess(score, resampled_means(achieved[tried].astype(np.float64), image[tried], weights))


def _row(
    stage: str, here: Mapping[str, WorldSuccess], before: Mapping[str, WorldSuccess] | None, minus: str
) -> dict[str, Any]:
    """One world: both arms, what changed against the one ``before``, and the patch above grey."""
    changes: dict[str, Difference] = {}
    if before is not None:
        changes = {arm: _minus(here[arm], before[arm], minus) for arm in ARMS}
    return {
        "stage": stage, "success": {arm: one.score for arm, one in here.items()}, "change": changes,
        "above_grey": _minus(here[PATCH], here[GREY], GREY),
    }  # fmt: skip


def _minus(here: WorldSuccess, there: WorldSuccess, name: str) -> Difference:
    return difference(here.score, there.score, here.replicates, there.replicates, name)
