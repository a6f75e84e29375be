"""Judgements as the options ask for them: who judges which patches, on which scenes, in which world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch

from physadv.app.assembly import parts
from physadv.app.assembly.clips import clip_for
from physadv.app.assembly.defenses import undefended, victims_of
from physadv.app.assembly.scenes import Parts, two_parts
from physadv.app.config.judging_options import JudgingOptions
from physadv.app.registry import Registry
from physadv.core.protocols import Goal, Victim
from physadv.core.scene_protocols import SceneSource
from physadv.engines.judging.shards import digest
from physadv.engines.judging.survey import Survey, expect_wearers, survey
from physadv.engines.judging.trial import Trial
from physadv.library.runs import record, relation
from physadv.library.runs.relation import Relation
from physadv.parts.patches.controls import PatchUnderTest


@dataclass(frozen=True)
class Bench:
    """The patches that are judged, and who judges them."""

    patches: tuple[PatchUnderTest, ...]  # the one that it is about, then those it is compared with
    victims: tuple[Victim, ...]
    goal: Goal
    device: torch.device


@dataclass(frozen=True)
class JudgedScenes:
    """Scenes that are judged on, and what is known of them beforehand."""

    source: SceneSource
    relations: Mapping[str, Relation]  # arm of each patch → how the scenes relate to what it was optimised on
    found: Survey


def bench_of(
    registry: Registry, options: JudgingOptions, patches: tuple[PatchUnderTest, ...], device: torch.device
) -> Bench:
    """The chosen victims and goal for these patches."""
    victims = victims_of(registry, options, options.choices, device, film=True)
    goal = parts.part(registry, "goal", options.choices["goal"], options.goal, options.seed)
    return Bench(patches, tuple(victims), goal, device)


def scenes_of(registry: Registry, options: JudgingOptions, victim: Victim, device: torch.device) -> Parts:
    """The chosen scenes, and what is kept of them for judging; bare photos are looked through by the victim alone."""
    choice = options.choices["scenes"]
    return two_parts(registry, choice, options.scenes, options.judge, options.seed, undefended(victim), device)


def judged_scenes(pair: Parts, patches: Sequence[PatchUnderTest], options: JudgingOptions) -> JudgedScenes:
    """Look at the scenes that are judged on. Raises :class:`BadInput` where nothing in them wears the patch."""
    patch, protocol, judge = patches[0].patch, options.protocol, options.judge
    found = survey(pair.judge_on, (patch.width_mm, patch.height_mm), protocol, judge.images)
    if protocol.truth == "scenes":
        remedy = "Give more photos of it, name another set with judge.root=, "
        remedy += "or keep a larger part with judge.share=." if judge.share else "or lower min_height_px."
        expect_wearers(found, options.wearer, remedy)
    choice = options.choices["scenes"]
    relations = {p.arm: relation.relate(pair.judge_on, choice, pair.judged_apart, p.origin) for p in patches}
    return JudgedScenes(pair.judge_on, relations, found)


def trial_of(bench: Bench, scenes: JudgedScenes, options: JudgingOptions, out: Path) -> Trial:
    """The judgement that the options ask for; clean detections are kept beside ``out``."""
    protocol, judge, chosen = options.protocol, options.judge, options.choices
    ink = None if protocol.digital else parts.ink(options.ink)
    eot = parts.still(options.eot) if protocol.digital else options.eot
    world, beside = parts.judging_renderers(scenes.source, eot, ink, judge.quality)
    known, *others = bench.patches
    clip = clip_for(bench.victims, options.clip)
    return Trial(
        patch=known.patch, scenes=scenes.source, renderer=world, beside=beside,
        victims=bench.victims, goal=bench.goal, goal_name=chosen["goal"], seed=options.seed, device=bench.device,
        batch=judge.batch, draws=judge.draws, images=judge.images,
        relations=scenes.relations, found=scenes.found,
        truth_from=undefended(bench.victims[0]).name if chosen["scenes"] == "folder" else "annotations",
        worn_by=options.label,
        protocol=protocol, known=known, others=tuple(others), identities=_identities(bench.victims, options),
        fingerprint=_fingerprint(options), cache=_cache(judge.cache, out), clip=clip,
    )  # fmt: skip


def _identities(victims: Sequence[Victim], options: JudgingOptions) -> tuple[str, ...]:
    """A digest of every victim with its options: equal weights at another size are another victim.

    A victim's digest holds its defence's options.
    """
    listed = options.settings["victims"] or [[options.choices["victim"], options.settings["victim"]]]
    asked = [item for item in listed for _ in options.defenses or [options.defense]]
    if len(asked) != len(victims):
        return ()
    return tuple(digest([v.name, v.digest, own]) for v, own in zip(victims, asked, strict=True))


def _fingerprint(options: JudgingOptions) -> str:
    """A digest of scenes and conditions, under which a stopped judgement goes on."""
    decisive = [options.settings[key] for key in ("scenes", "eot", "ink", "goal", "judge")]
    return digest([dict(options.choices), *decisive, photo_digests(options)])


def _cache(wanted: str, out: Path) -> Path | None:
    return out.resolve().parent / ".clean-detections" if wanted == "auto" else Path(wanted) if wanted else None


def photo_digests(options: JudgingOptions) -> dict[str, str]:
    """A hash over the files of every photo folder that the run used."""
    roots = {"optimised_on": options.settings["scenes"].get("root"), "judged_on": options.judge.root}
    return {f"{use}_sha256": _digest_of(root) for use, root in roots.items() if root}


@lru_cache
def _digest_of(root: str) -> str:
    """Reads every photo, so once a process: the cells of a grid ask again and again."""
    return record.digest(path for path in Path(root).rglob("*") if path.is_file())
