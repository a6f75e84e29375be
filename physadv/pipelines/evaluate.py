"""Judge a patch: every victim, beside no patch, a grey and a random one, with intervals and by distance or size."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from physadv.atomic import write_text
from physadv.errors import BadInput, BadOption, IncompatibleParts
from physadv.labels import canonical, index_of
from physadv.metrics import coco_format
from physadv.metrics.average_precision import average_precision, library_average_precision
from physadv.metrics.interval import resampled_weights
from physadv.metrics.summary import Summary, eligible, summarise
from physadv.metrics.tables import F64
from physadv.pipelines.conditions import CLEAN, conditions
from physadv.pipelines.exemplars import save_exemplars
from physadv.pipelines.gap import render_gap
from physadv.pipelines.protocol_text import protocol
from physadv.pipelines.showing import Observations, Progress, Showing, Watched, observe
from physadv.protocols import Goal, Renderer, SceneSource, Victim
from physadv.report.scores import scores_csv, scores_json
from physadv.seeding import generator
from physadv.types import PatchImage


@dataclass(frozen=True)
class Trial:
    """What is judged, and how."""

    patch: PatchImage
    scenes: SceneSource
    renderer: Renderer
    victims: Sequence[Victim]
    goal: Goal
    goal_name: str  # "hide": names the success in words
    seed: int
    device: torch.device
    batch: int = 8  # images at a time
    draws: int = 1  # sampled conditions for each image
    images: int = 0  # at most; 0 = all
    confidence: float | None = None  # from which a victim reports; None = each victim's own operating point
    resamples: int = 1000  # of the bootstrap
    split: str = ""  # one sentence: how these scenes relate to those that were optimised on
    truth_from: str = "annotations"  # or the name of the victim whose clean detections are the truth
    beside: Renderer | None = None  # our renderer, where ``renderer`` is the scenes' own: their gap is shown

    @property
    def seen_first(self) -> bool:
        """Whether only objects that the victim sees without the patch can become a success."""
        return self.goal_name != "conjure"


def evaluate(trial: Trial, out: Path, progress: Progress) -> dict[str, Any]:
    """Judge, and write ``scores.json``, ``scores.csv``, ``coco/*.json`` and ``contact.png`` into ``out``.

    Returns what ``scores.json`` holds. All conditions share scenes, places and draws.
    """
    showing = _showing(trial)
    watched = [_watched(victim, trial) for victim in trial.victims]
    shown = conditions(_on(trial.patch, trial.device), trial.seed)
    seen = observe(showing, shown, watched, progress)
    _expect_wearers(seen)
    for one in watched:
        _expect_known(one.victim, seen, trial)
    truth = seen.truth
    weights = resampled_weights(
        int(truth.image_of_view.max()) + 1, trial.resamples, generator(trial.seed, "evaluate/bootstrap")
    )
    ground = coco_format.ground_truth(truth, seen.view_names, seen.sizes_px, seen.categories)
    _write_json(out / "coco" / "ground_truth.json", ground)
    slugs = _slugs([one.victim.name for one in watched])
    rows = []
    for number, one in enumerate(watched):
        summaries = {c: _summary(seen, number, one, c, ground, weights, trial.seen_first) for c in shown}
        for condition in shown:
            findings = seen.reported[number, condition].findings
            _write_json(out / "coco" / f"{slugs[number]}-{condition}.json", coco_format.results(findings))
        rows.append((one, slugs[number], summaries))
    scores = {"protocol": protocol(trial, seen, showing), "victims": [_victim(*row) for row in rows]}
    if trial.beside is not None:
        scores["gap"] = render_gap(
            showing, trial.beside, shown, watched, seen, weights, seen_first=trial.seen_first, out=out
        )
    write_text(out / "scores.json", scores_json(scores))
    write_text(out / "scores.csv", scores_csv(scores))
    save_exemplars(showing, shown, watched[0], seen, trial.seen_first, out)
    return scores


def _showing(trial: Trial) -> Showing:
    if trial.batch < 1 or trial.draws < 1 or trial.images < 0:
        raise BadOption(
            f"judging needs batch >= 1, draws >= 1 and images >= 0, got {trial.batch}, {trial.draws}, {trial.images}."
        )
    if trial.confidence is not None and not 0 < trial.confidence < 1:
        raise BadOption(f"confidence must lie between 0 and 1, got {trial.confidence:g}.")
    if not trial.victims:
        raise BadOption("there is no victim to judge with. Name at least one.")
    return Showing(trial.scenes, trial.renderer, trial.batch, trial.draws, trial.images, trial.seed, trial.device)


def _watched(victim: Victim, trial: Trial) -> Watched:
    here = victim.to(trial.device)
    return Watched(here, trial.goal.bound(here.labels), trial.confidence or here.confidence)


def _on(patch: PatchImage, device: torch.device) -> PatchImage:
    return replace(patch, srgb=patch.srgb.detach().to(device), alpha=patch.alpha.to(device))


def _expect_wearers(seen: Observations) -> None:
    if not seen.truth.judged.any():
        raise BadInput(
            f"nothing to judge: {len(seen.view_names)} images with {len(seen.truth.judged)} objects, and none of them "
            "wears the patch. Choose another label, other images, or a smaller min_height_px."
        )


def _expect_known(victim: Victim, seen: Observations, trial: Trial) -> None:
    wanted = [seen.categories[c] for c in seen.truth.judged_categories]
    unknown = [name for name in wanted if index_of(name, victim.labels) is None]
    if unknown and trial.seen_first:
        raise IncompatibleParts(
            f"victim {victim.name!r} does not know {unknown[0]!r}, which wears the patch. It knows: "
            f"{', '.join(map(canonical, victim.labels[:12]))}{', …' if len(victim.labels) > 12 else ''}. "
            "Choose another victim or other scenes."
        )


def _summary(
    seen: Observations,
    number: int,
    one: Watched,
    condition: str,
    ground: dict[str, Any],
    weights: F64,
    seen_first: bool,
) -> Summary:
    truth, here, clean = seen.truth, seen.reported[number, condition], seen.reported[number, CLEAN]
    numbers = [int(c) + 1 for c in truth.judged_categories]
    library = library_average_precision(ground, coco_format.results(here.findings), numbers)
    precision = average_precision(truth, here.findings, weights, library)
    success = None
    if condition != CLEAN:
        tried = eligible(truth, clean.findings, clean.achieved, one.confidence, seen_first=seen_first)
        success = (here.achieved, tried)
    return summarise(truth, here.findings, one.confidence, precision, success)


def _victim(one: Watched, slug: str, summaries: dict[str, Summary]) -> dict[str, Any]:
    return {
        "name": one.victim.name,
        "file": slug,
        "digest": one.victim.digest,
        "confidence": one.confidence,
        "conditions": [
            {
                "condition": condition,
                "scores": summary.scores,
                "outcomes": summary.outcomes,
                "bins": [
                    {"by": b.bin.by, "low": b.bin.low, "high": b.bin.high, "words": b.bin.words, "scores": b.scores}
                    for b in summary.bins
                ],
            }
            for condition, summary in summaries.items()
        ],
    }


def _slugs(names: Sequence[str]) -> list[str]:
    """File names for victims; equal ones are numbered."""
    plain = [re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "victim" for name in names]
    return [f"{s}-{plain[:i].count(s) + 1}" if s in plain[:i] else s for i, s in enumerate(plain)]


def _write_json(path: Path, content: Any) -> None:
    write_text(path, json.dumps(content, allow_nan=False, separators=(",", ":")))
