"""The main path: scenes → patch → render → victim → goal → attack → sheet → judgement → report."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from omegaconf import DictConfig

from physadv.app.assembly import cost, ensemble, judge, parts, scenes
from physadv.app.assembly.folder import FolderCheckpoints
from physadv.app.config.choices import choices
from physadv.app.config.groups import penalty_key
from physadv.app.registry import Registry
from physadv.core.errors import BadOption
from physadv.core.problem.objective import Objective
from physadv.core.problem.patch_problem import Attack, Budget, PatchProblem
from physadv.core.protocols import SceneSource
from physadv.core.seeding import generator
from physadv.core.types import PatchImage
from physadv.engines.judging.readiness import check_trial
from physadv.engines.judging.survey import Survey
from physadv.library.compute.one_device import OneDevice
from physadv.library.files.images import save_png
from physadv.library.files.patches import save_patch
from physadv.library.runs import relation
from physadv.library.runs.progress import CurveLog, ProgressBar
from physadv.library.runs.relation import Origin, Relation
from physadv.parts.patches.controls import PATCH, PatchUnderTest
from physadv.parts.printing.ink import Ink
from physadv.parts.printing.sheet import check_sheet

logger = logging.getLogger(__name__)

WORTH_STEPS = 20  # from which it is worth a second to know when the whole run will end


@dataclass(frozen=True)
class Plan:
    """Everything that is built before the first step."""

    problem: PatchProblem
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
    later_s = _ready(config, plan, out)
    if config.dry_run:
        return 1.0
    bar = ProgressBar(visible=config.progress, later_s=later_s)
    observers = [bar, CurveLog(out / "curves.csv"), *registry.observers()]
    plan.problem.objective.queries.images = 0  # what was measured beforehand is not the attack's
    asked = plan.attack.run(plan.problem, observers, FolderCheckpoints(out / "checkpoint.pt"))
    patch = plan.ink.printable(asked) if plan.ink else asked
    save_patch(patch, out)
    plan.origin.write(out)
    judge.make_sheet(patch, config, out)
    return judge.judge("generate", _case(config, plan, patch, asked, started), config, out)


def _case(
    config: DictConfig, plan: Plan, patch: PatchImage, asked: PatchImage | None = None, started: float = 0.0
) -> judge.Case:
    objective = plan.problem.objective
    queries = objective.queries.images
    trained = tuple((victim.name, victim.digest) for victim in objective.victims)
    return judge.Case(
        patch, plan.judge_on, {PATCH: plan.relation}, plan.found, list(objective.victims), objective.members[0].goal,
        plan.problem.engine.device, known=PatchUnderTest(PATCH, patch, config.name, trained, queries), asked=asked,
        queries=queries, started=started,
    )  # fmt: skip


def _ready(config: DictConfig, plan: Plan, out: Path) -> float | None:
    """Refuse now what would fail later, and tell the cost where it is asked for.

    Returns how many seconds sheet and judgement will take; ``None`` where measuring that is not worth its time.
    """
    problem, patch = plan.problem, _first(plan.problem)
    pages = check_sheet((patch.width_mm, patch.height_mm), judge.sheet_options(config))
    trial = judge.trial_of(_case(config, plan, patch), config, out)
    groups = check_trial(trial)
    far = choices().get("size") == "gpu" and problem.engine.device.type == "cpu"
    if config.dry_run or far:
        check_every = config.attack.get("check_every") or 0
        told = cost.forecast(problem, plan.attack, check_every, trial, groups, lambda: judge.try_sheet(patch, config))
        logger.info("cost    %s", told.words())
        if far:
            logger.warning("caution size=gpu on a CPU: about %s. size=laptop is for CPUs", cost.duration(told.total_s))
    if config.dry_run:
        _preview(problem, out)
        logger.info("dry run: all parts fit, %d pages to print; see %s", pages, out / "preview.png")
        return None
    if problem.budget.steps < WORTH_STEPS or not config.progress:
        return None
    return cost.measured_judging(trial, groups, 1) + cost.timed(lambda: judge.try_sheet(patch, config))


def _first(problem: PatchProblem) -> PatchImage:
    """The patch as it is before the first step."""
    with torch.no_grad():
        patch = problem.patch()
    return replace(patch, srgb=patch.srgb.detach().cpu(), alpha=patch.alpha.detach().cpu())


def _plan(config: DictConfig, registry: Registry) -> Plan:
    chosen, device = choices(), parts.device_of(config.device)
    budget, hardening = _budget(config), ensemble.hardening(config)
    attack = parts.part(registry, "attack", chosen["attack"], config.attack, config.seed)
    objective = ensemble.objective(config, registry, attack, device)
    pair = scenes.two_parts(
        registry, chosen["scenes"], config.scenes, config.judge, config.seed, objective.victims[0], device
    )
    optimise_on, judge_on = pair.optimise_on, pair.judge_on
    parts.check_pictures(objective.victims, judge_on)
    objective.check(next(optimise_on.batches(config.budget.batch, generator(config.seed, "check"))).to(device))
    patch = parts.part(registry, "patch", chosen["patch"], config.patch, config.seed)
    ink = parts.ink(config.ink)
    problem = PatchProblem(
        scenes=optimise_on, patch=patch.to(device), renderer=parts.renderer(config.eot, ink),
        objective=objective, penalties=parts.penalties(registry, config.penalties), budget=budget,
        seed=config.seed, engine=OneDevice(device), hardening=hardening,
    )  # fmt: skip
    made_from = relation.origin(optimise_on, chosen["scenes"], pair.judged_apart)
    related = relation.relate(judge_on, chosen["scenes"], pair.judged_apart, made_from)
    found = judge.surveyed(judge_on, problem.patch(), config)
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
        "goal": f"{chosen['goal']} · {_named(problem.objective)} (white box) on {problem.engine.device}",
        "patch": f"{chosen['patch']} {patch.width_mm:.0f} × {patch.height_mm:.0f} mm, "
        f"{patch.srgb.shape[2]} × {patch.srgb.shape[1]} texels",
        "world": f"scenes {chosen['scenes']} · eot {chosen['eot']} · ink {plan.ink.name if plan.ink else 'none'} · "
        f"penalties {', '.join(weights) or 'none'}",
        "harder": _hardened(config.transfer),
        "attack": f"{chosen['attack']}, {problem.budget.steps} steps × {problem.budget.batch} images × "
        f"{problem.budget.draws} draws, seed {problem.seed}",
        "judge": plan.relation.words,
        "on": plan.found.words(judge.wearer_word(config)),
        "run": f"{out} (after a stop go on with the same command plus {named}resume=true)",
    }
    for name, text in rows.items():
        if text:
            logger.info("%-7s %s", name, text)
    judge.warn(plan.found, {PATCH: plan.relation}, patch, config)
    judge.look_first(problem.objective.victims, plan.judge_on, problem.engine.device, chosen["goal"])


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
def _preview(problem: PatchProblem, out: Path) -> None:
    """One rendered batch, as the attack would see it."""
    random = generator(problem.seed, "preview")
    scene = next(problem.scenes.batches(problem.budget.batch, random)).to(problem.engine.device)
    images = problem.renderer.render(scene, problem.patch(), problem.renderer.sample(scene, random))
    problem.objective.measure(images, scene)
    save_png(torch.cat(list(images.cpu()), dim=2), out / "preview.png")
