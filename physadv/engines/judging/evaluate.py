"""Judge a patch: every victim, beside no patch, a grey and a random one, with intervals and by distance or size."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from physadv.core.errors import BadInput
from physadv.core.seeding import generator
from physadv.core.types import PatchImage
from physadv.engines.judging import shards
from physadv.engines.judging.clean_cost import against_bare
from physadv.engines.judging.collect import observe
from physadv.engines.judging.exemplars import save_exemplars
from physadv.engines.judging.protocol_text import protocol
from physadv.engines.judging.readiness import expect_known, nothing_worn
from physadv.engines.judging.render_gap import render_gap
from physadv.engines.judging.scoring import JudgedVictim, ground_truth, judged, transfer, victim_scores, write_json
from physadv.engines.judging.stages.walk import walked
from physadv.engines.judging.trial import Group, Trial, groups, keeping
from physadv.engines.judging.views import Observations, Progress
from physadv.library.files.atomic import write_text
from physadv.library.files.patches import patch_digest
from physadv.library.metrics.interval import resampled_weights
from physadv.library.report.scores import scores_csv, scores_json
from physadv.parts.patches.controls import arms


def evaluate(trial: Trial, out: Path, progress: Progress) -> dict[str, Any]:
    """Judge, and write ``scores.json``, ``scores.csv``, ``coco/*.json`` and pictures into ``out``.

    Returns what ``scores.json`` holds. All arms share scenes, places and draws.
    """
    shown = shown_of(trial)
    slugs = _slugs([victim.name for victim in trial.victims])
    victims: dict[int, dict[str, Any]] = {}
    parts = groups(trial)
    first: tuple[Group, Observations] | None = None
    steps, walks = len(parts) * (1 + len(trial.rungs)), list[dict[str, Any]]()
    for place, group in enumerate(parts):
        begun = place * (1 + len(trial.rungs))
        seen = _observed(trial, group, shown, out, _share(progress, begun, steps))
        first = first or (group, seen)
        ground = ground_truth(seen)
        together = judge_group(trial, group, seen, ground, list(shown))
        for number, one in together.items():
            told = victim_scores(one, slugs[number], trial.patches_under_test)
            victims[number] = told | against_bare(one, together.values())
            one.write(out / "coco", slugs[number])
        own = f"{slugs[group.numbers[0]]}-" if len(parts) > 1 else ""
        write_json(out / "coco" / f"{own}ground_truth.json", ground)
        if trial.rungs:
            bars = [_share(progress, begun + 1 + rung, steps) for rung in range(len(trial.rungs))]
            walks += walked(trial, group, shown, _weights(trial, seen), out, bars.__getitem__)
    assert first is not None
    group, seen = first
    rows = [victims[number] for number in sorted(victims)]
    scores = {
        "protocol": protocol(trial, seen, group.showing), "patches": _patches(trial), "victims": rows,
        "transfer": transfer(rows, trial.patches_under_test),
    }  # fmt: skip
    if walks:
        scores["stages"] = walks
    if trial.beside is not None:
        weights = _weights(trial, seen)
        scores["gap"] = render_gap(
            group.showing, trial.beside, shown, group.watched, seen, weights, seen_first=trial.seen_first, out=out
        )
    write_text(out / "scores.json", scores_json(scores))
    write_text(out / "scores.csv", scores_csv(scores))
    save_exemplars(group.showing, shown, group.watched[0], seen, trial.seen_first, out)
    shards.remove(out)
    return scores


def shown_of(trial: Trial) -> dict[str, PatchImage]:
    """The patch under every arm, on the device of the trial."""
    return arms(_on(trial.patch, trial.device), trial.seed, _moved(trial))


def judge_group(
    trial: Trial, group: Group, seen: Observations, ground: dict[str, Any], shown: Sequence[str]
) -> dict[int, JudgedVictim]:
    """The numbers of each victim of a group, by its number among all."""
    _expect_wearers(seen)
    worn = [seen.categories[c] for c in seen.truth.judged_categories]
    for one in group.watched:
        expect_known(one.victim, worn, trial.goal_name)
    weights = _weights(trial, seen)
    frames = trial.clip.frames if trial.clip else 0
    return {
        number: judged(
            seen, ground, place, group.watched[place], shown, weights, trial.protocol, trial.seen_first, frames
        )
        for place, number in enumerate(group.numbers)
    }


def _observed(
    trial: Trial, group: Group, shown: Mapping[str, PatchImage], out: Path, progress: Progress
) -> Observations:
    return observe(group.showing, shown, group.watched, progress, keeping(trial, group, out))


def _weights(trial: Trial, seen: Observations) -> Any:
    images = int(seen.truth.image_of_view.max()) + 1
    return resampled_weights(images, trial.resamples, generator(trial.seed, "evaluate/bootstrap"))


def _share(progress: Progress, place: int, parts: int) -> Progress:
    """Progress over all groups."""
    return lambda done, total: progress(place * total + done, parts * total)


def _patches(trial: Trial) -> list[dict[str, Any]]:
    return [
        {
            "condition": one.arm, "name": one.name, "mm": [one.patch.width_mm, one.patch.height_mm],
            "digest": patch_digest(one.patch), "queries": one.queries,
            "trained_on": None if one.trained_on is None else [name for name, _ in one.trained_on],
        }
        for one in trial.patches_under_test
    ]  # fmt: skip


def _moved(trial: Trial) -> list[Any]:
    return [replace(one, patch=_on(one.patch, trial.device)) for one in trial.others]


def _on(patch: PatchImage, device: torch.device) -> PatchImage:
    return replace(patch, srgb=patch.srgb.detach().to(device), alpha=patch.alpha.to(device))


def _expect_wearers(seen: Observations) -> None:
    if not seen.truth.judged.any():
        raise BadInput(nothing_worn(len(seen.view_names), len(seen.truth.judged)))


def _slugs(names: Sequence[str]) -> list[str]:
    """File names for victims; equal ones are numbered."""
    plain = [re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "victim" for name in names]
    return [f"{s}-{plain[:i].count(s) + 1}" if s in plain[:i] else s for i, s in enumerate(plain)]
