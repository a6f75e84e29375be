"""The main path: scenes → patch → render → victim → goal → attack → sheet → judgement → report."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from omegaconf import DictConfig, OmegaConf

from physadv.app.assembly import clips, cost, ensemble, parts, threat_model
from physadv.app.assembly.first_batch import first_patch, save_preview
from physadv.app.assembly.judgements import first_ap50, judge
from physadv.app.assembly.sheets import make_sheet_of_run, try_sheet
from physadv.app.assembly.trials import Bench, JudgedScenes, judged_scenes, scenes_of, trial_of
from physadv.app.assembly.victims import check_pictures
from physadv.app.assembly.worn_by import worn_by
from physadv.app.config.judging_options import JudgingOptions
from physadv.app.registry import Registry
from physadv.core.errors import BadOption
from physadv.core.problem.objective import Objective
from physadv.core.problem.patch_problem import Attack, Budget, PatchProblem
from physadv.core.seeding import generator
from physadv.core.types import PatchImage
from physadv.engines.judging.cost import measured_judging
from physadv.engines.judging.readiness import check_trial
from physadv.library.compute.one_device import OneDevice
from physadv.library.files.patches import save_patch
from physadv.library.runs import relation
from physadv.library.runs.checkpoints import FolderCheckpoints
from physadv.library.runs.forecast import duration, timed
from physadv.library.runs.progress import CurveLog, ProgressBar
from physadv.library.runs.relation import Origin
from physadv.parts.patches.controls import PATCH, PatchUnderTest
from physadv.parts.printing.ink import Ink
from physadv.parts.printing.sheet import SheetOptions, check_sheet
from physadv.parts.transfer.options import TransferConfig

logger = logging.getLogger(__name__)

WORTH_STEPS = 20  # from which it is worth a second to know when the whole run will end


@dataclass(frozen=True)
class Plan:
    """Everything that is built before the first step."""

    problem: PatchProblem
    objective: Objective  # of the victims as they are judged
    attack: Attack
    ink: Ink | None
    origin: Origin  # what is optimised on
    judged: JudgedScenes
    options: JudgingOptions
    transfer: TransferConfig
    sheet: SheetOptions

    def bench(self, patch: PatchImage, queries: int = 0) -> Bench:
        """The victims that are optimised on, to judge the patch."""
        victims, goal = self.objective.victims, self.objective.members[0].goal
        trained = tuple((victim.name, victim.digest) for victim in victims)
        known = PatchUnderTest(PATCH, patch, self.options.name, trained, queries)
        return Bench((known,), victims, goal, self.problem.engine.device)


def generate(config: DictConfig, registry: Registry, out: Path) -> float:
    """Optimise, print, judge, report. Returns AP50 with the patch, which a sweep can minimise."""
    started = time.monotonic()
    plan = _plan(config, registry)
    resume = "" if config.out else f"out={out} "
    said = f"{out} (after a stop go on with the same command plus {resume}resume=true)"
    threat_model.announce(plan.problem, plan.attack, plan.ink, plan.judged, plan.options, plan.transfer, said)
    later_s = _ready(config, plan, out)
    if config.dry_run:
        return 1.0
    bar = ProgressBar(visible=config.progress, later_s=later_s)
    observers = [bar, CurveLog(out / "curves.csv"), *registry.observers()]
    queries = plan.problem.objective.queries
    queries.images = 0  # what was measured beforehand is not the attack's
    asked = plan.attack.run(plan.problem, observers, FolderCheckpoints(out / "checkpoint.pt"))
    patch = plan.ink.printable(asked) if plan.ink else asked
    save_patch(patch, out)
    plan.origin.write(out)
    make_sheet_of_run(patch, plan.sheet, out)
    spent = queries.images
    trial = trial_of(plan.bench(patch, spent), plan.judged, plan.options, out)
    scores = judge("generate", trial, plan.options, out, started=started, asked=asked, queries=spent)
    return first_ap50(scores)


def _plan(config: DictConfig, registry: Registry) -> Plan:
    options, device = JudgingOptions.of(config), parts.device_of(config.device)
    chosen, seed = options.choices, options.seed
    transfer = cast(TransferConfig, OmegaConf.to_object(config.transfer))
    budget = _budget(config.budget)
    attack = parts.part(registry, "attack", chosen["attack"], config.attack, seed)
    objective = ensemble.objective(
        registry, options, attack, device, ensemble=config.ensemble, shake=transfer.shake, evasion=config.evasion
    )
    attack, transfer = clips.fitting(registry, chosen["attack"], config.attack, (attack, transfer), objective, seed)
    pair = scenes_of(registry, options, objective.victims[0], device)
    check_pictures(objective.victims, pair.judge_on)
    objective.check(next(pair.optimise_on.batches(budget.batch, generator(seed, "check"))).to(device))
    patch = parts.part(registry, "patch", chosen["patch"], config.patch, seed)
    ink = parts.ink(options.ink)
    problem = clips.filmed(PatchProblem(
        scenes=pair.optimise_on, patch=patch.to(device), renderer=parts.renderer(options.eot, ink),
        objective=objective, penalties=parts.penalties(registry, config.penalties), budget=budget,
        seed=seed, engine=OneDevice(device), hardening=ensemble.hardening(transfer, config.eot.jitter.yaw_deg),
    ), options.clip)  # fmt: skip
    made_from = relation.origin(pair.optimise_on, chosen["scenes"], pair.judged_apart)
    known = PatchUnderTest(PATCH, problem.patch(), options.name, origin=made_from)
    judged = judged_scenes(pair, (known,), options)
    worn = worn_by(options.settings["scenes"])
    sheet = SheetOptions(paper=config.paper, title=options.name, seed=seed, tags="auto", worn_by=worn)
    return Plan(problem, objective, attack, ink, made_from, judged, options, transfer, sheet)


def _budget(options: DictConfig) -> Budget:
    for name in ("steps", "batch", "draws", "held_out"):
        if options[name] < 1:
            raise BadOption(f"budget.{name} must be at least 1, got {options[name]}")
    return Budget(options.steps, options.batch, options.draws, options.held_out)


def _ready(config: DictConfig, plan: Plan, out: Path) -> float | None:
    """Refuse now what would fail later, and tell the cost where it is asked for.

    Returns how many seconds sheet and judgement will take; ``None`` where measuring that is not worth its time.
    """
    problem, patch = plan.problem, first_patch(plan.problem)
    pages = check_sheet((patch.width_mm, patch.height_mm), plan.sheet)
    trial = trial_of(plan.bench(patch), plan.judged, plan.options, out)
    groups = check_trial(trial)
    far = plan.options.choices.get("size") == "gpu" and problem.engine.device.type == "cpu"
    if config.dry_run or far:
        check_every = config.attack.get("check_every") or 0
        told = cost.forecast(problem, plan.attack, check_every, trial, groups, lambda: try_sheet(patch, plan.sheet))
        logger.info("cost    %s", told.words())
        if far:
            logger.warning("caution size=gpu on a CPU: about %s. size=laptop is for CPUs", duration(told.total_s))
    if config.dry_run:
        save_preview(problem, out)
        logger.info("dry run: all parts fit, %d pages to print; see %s", pages, out / "preview.png")
        return None
    if problem.budget.steps < WORTH_STEPS or not config.progress:
        return None
    return measured_judging(trial, groups, 1) + timed(lambda: try_sheet(patch, plan.sheet))
