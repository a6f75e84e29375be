"""The main path: scenes → patch → render → victim → goal → attack → sheet → judgement → report."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from omegaconf import DictConfig

from physadv.config.commands import penalty_key
from physadv.errors import BadOption
from physadv.images import save_png
from physadv.objective import Objective
from physadv.patch_files import save_patch
from physadv.pipelines import assemble, ensemble, judging, relation, scenes
from physadv.pipelines.conditions import PATCH, Contender
from physadv.pipelines.folder import FolderCheckpoints, choices
from physadv.pipelines.observers import CurveLog, ProgressBar
from physadv.pipelines.relation import Origin, Relation
from physadv.pipelines.survey import Survey
from physadv.printing.ink import Ink
from physadv.protocols import Attack, Budget, Problem, SceneSource
from physadv.registry import Registry
from physadv.seeding import generator

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """Everything that is built before the first step."""

    problem: Problem
    attack: Attack
    ink: Ink | None
    judge_on: SceneSource
    origin: Origin  # what is optimised on
    relation: Relation  # of what is judged on to that
    found: Survey  # what there is to judge on


def generate(config: DictConfig, registry: Registry, out: Path) -> float:
    """Optimise, print, judge, report. Returns AP50 with the patch, which a sweep can minimise."""
    started = time.monotonic()
    plan = _plan(config, registry)
    _announce(config, plan, out)
    if config.dry_run:
        _preview(plan.problem, out)
        return 1.0
    observers = [ProgressBar(visible=config.progress), CurveLog(out / "curves.csv"), *registry.observers()]
    asked = plan.attack.run(plan.problem, observers, FolderCheckpoints(out / "checkpoint.pt"))
    patch = plan.ink.printable(asked) if plan.ink else asked
    save_patch(patch, out)
    plan.origin.write(out)
    judging.make_sheet(patch, config, out)
    budget, objective = plan.problem.budget, plan.problem.objective
    queries = sum(len(objective.asked(step)) for step in range(budget.steps)) * budget.batch * budget.draws
    trained = tuple((victim.name, victim.digest) for victim in objective.victims)
    case = judging.Case(
        patch, plan.judge_on, {PATCH: plan.relation}, plan.found, list(objective.victims), objective.members[0].goal,
        plan.problem.device, known=Contender(PATCH, patch, config.name, trained, queries), asked=asked,
        queries=queries, started=started,
    )  # fmt: skip
    return judging.judge("generate", case, config, out)


def _plan(config: DictConfig, registry: Registry) -> Plan:
    chosen, device = choices(), assemble.device_of(config.device)
    budget, practice = _budget(config), ensemble.practice(config)
    attack = assemble.part(registry, "attack", chosen["attack"], config.attack, config.seed)
    objective = ensemble.objective(config, registry, attack, device)
    parts = scenes.two_parts(
        registry, chosen["scenes"], config.scenes, config.judge, config.seed, objective.victims[0], device
    )
    optimise_on, judge_on = parts.optimise_on, parts.judge_on
    assemble.check_pictures(objective.victims, judge_on)
    objective.check(next(optimise_on.batches(config.budget.batch, generator(config.seed, "check"))).to(device))
    patch = assemble.part(registry, "patch", chosen["patch"], config.patch, config.seed)
    ink = assemble.ink(config.ink)
    problem = Problem(
        scenes=optimise_on, patch=patch.to(device), renderer=assemble.renderer(config.eot, ink),
        objective=objective, penalties=assemble.penalties(registry, config.penalties), budget=budget,
        seed=config.seed, device=device, practice=practice,
    )  # fmt: skip
    made_from = relation.origin(optimise_on, chosen["scenes"], parts.judged_apart)
    related = relation.relate(judge_on, chosen["scenes"], parts.judged_apart, made_from)
    found = judging.surveyed(judge_on, problem.patch(), config)
    return Plan(problem, attack, ink, judge_on, made_from, related, found)


def _budget(config: DictConfig) -> Budget:
    for name, value in config.budget.items():
        if value < 1:
            raise BadOption(f"budget.{name} must be at least 1, got {value}")
    return Budget(config.budget.steps, config.budget.batch, config.budget.draws, config.budget.held_out)


def _announce(config: DictConfig, plan: Plan, out: Path) -> None:
    """Say the threat model before spending any time."""
    chosen, problem = choices(), plan.problem
    patch = problem.patch()
    weights = [f"{p.name} {config.penalties[penalty_key(p.name)].weight:g}" for p in problem.penalties]
    named = "" if config.out else f"out={out} "
    rows = {
        "goal": f"{chosen['goal']} · {_named(problem.objective)} (white box) on {problem.device}",
        "patch": f"{chosen['patch']} {patch.width_mm:.0f} × {patch.height_mm:.0f} mm, "
        f"{patch.srgb.shape[2]} × {patch.srgb.shape[1]} texels",
        "world": f"scenes {chosen['scenes']} · eot {chosen['eot']} · ink {plan.ink.name if plan.ink else 'none'} · "
        f"penalties {', '.join(weights) or 'none'}",
        "harder": _hardened(config.transfer),
        "attack": f"{chosen['attack']}, {problem.budget.steps} steps × {problem.budget.batch} images × "
        f"{problem.budget.draws} draws, seed {problem.seed}",
        "judge": plan.relation.words,
        "on": plan.found.words(judging.wearer_word(config)),
        "run": f"{out} (after a stop go on with the same command plus {named}resume=true)",
    }
    for name, text in rows.items():
        if text:
            logger.info("%-7s %s", name, text)
    judging.warn(plan.found, {PATCH: plan.relation}, patch, config)


def _named(objective: Objective) -> str:
    if len(objective.members) == 1:
        return f"victim {objective.members[0].name}"
    names = [m.name if m.weight == 1 else f"{m.weight:g} × {m.name}" for m in objective.members]
    return f"victims {', '.join(names)} ({objective.ensemble})"


def _hardened(transfer: DictConfig) -> str:
    """What makes optimising harder than judging."""
    on = {
        "cutout": transfer.cutout.probability > 0,
        "erased blocks": any(transfer.erase.share),
        "shaken victims": transfer.shake.probability > 0,
        "curriculum of viewpoints": transfer.curriculum.sharpness > 0,
    }
    named = ", ".join(name for name, is_on in on.items() if is_on)
    return f"while optimising: {named}" if named else ""


@torch.no_grad()
def _preview(problem: Problem, out: Path) -> None:
    """One rendered batch, as the attack would see it."""
    random = generator(problem.seed, "preview")
    scene = next(problem.scenes.batches(problem.budget.batch, random)).to(problem.device)
    images = problem.renderer.render(scene, problem.patch(), problem.renderer.sample(scene, random))
    problem.objective.measure(images, scene)
    save_png(torch.cat(list(images.cpu()), dim=2), out / "preview.png")
    logger.info("dry run: all parts fit; see %s", out / "preview.png")
