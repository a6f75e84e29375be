"""The threat model in words: goal, victims, patch, world, attack and judgement, said before any time is spent."""

from __future__ import annotations

import logging

from physadv.app.assembly.trials import JudgedScenes
from physadv.app.config.groups import penalty_key
from physadv.app.config.judging_options import JudgingOptions
from physadv.core.problem.objective import Objective
from physadv.core.problem.patch_problem import Attack, PatchProblem
from physadv.engines.judging.first_look import warn_of_scenes, warn_of_victims
from physadv.parts.patches.controls import PATCH
from physadv.parts.printing.ink import Ink
from physadv.parts.transfer.options import TransferConfig

logger = logging.getLogger(__name__)


def announce(
    problem: PatchProblem,
    attack: Attack,
    ink: Ink | None,
    judged: JudgedScenes,
    options: JudgingOptions,
    transfer: TransferConfig,
    run: str,
) -> None:
    """Say it, with what ``run`` says about the run folder, and what spoils the judgement already."""
    patch, budget, chosen = problem.patch(), problem.budget, options.choices
    rows = {
        "goal": f"{chosen['goal']} · {_victims(problem.objective)} ({_box(attack)}) on {problem.engine.device}",
        "patch": f"{chosen['patch']} {patch.width_mm:.0f} × {patch.height_mm:.0f} mm, "
        f"{patch.srgb.shape[2]} × {patch.srgb.shape[1]} texels",
        "world": f"scenes {chosen['scenes']} · eot {chosen['eot']} · ink {ink.name if ink else 'none'} · "
        f"penalties {_penalties(problem, options)}",
        "harder": _hardened(transfer),
        "adapts": _evasions(problem.objective),
        "attack": f"{chosen['attack']}, {budget.steps} steps × {budget.batch} images × {budget.draws} draws, "
        f"seed {problem.seed}",
        "judge": judged.relations[PATCH].words,
        "on": judged.found.words(options.wearer),
        "run": run,
    }
    for name, text in rows.items():
        if text:
            logger.info("%-7s %s", name, text)
    warn_of_scenes(judged.found, judged.relations, patch, options.wearer)
    warn_of_victims(problem.objective.victims, judged.source, problem.engine.device, chosen["goal"])


def _victims(objective: Objective) -> str:
    if len(objective.members) == 1:
        return f"victim {objective.members[0].name}"
    names = [m.name if m.weight == 1 else f"{m.weight:g} × {m.name}" for m in objective.members]
    return f"victims {', '.join(names)} ({objective.ensemble})"


def _box(attack: Attack) -> str:
    return "white box" if attack.needs_gradient else "black box: scores alone"


def _evasions(objective: Objective) -> str:
    """Members whose defence is evaded."""
    evaded = [f"{m.name} ({m.evasion_weight:g})" for m in objective.members if m.evasion and m.evasion_weight]
    return f"to what the defense looks for: {', '.join(evaded)}" if evaded else ""


def _penalties(problem: PatchProblem, options: JudgingOptions) -> str:
    weights = options.settings["penalties"]
    return ", ".join(f"{p.name} {weights[penalty_key(p.name)]['weight']:g}" for p in problem.penalties) or "none"


def _hardened(transfer: TransferConfig) -> str:
    """Options that make optimising harder than judging."""
    on = {
        "cutout": transfer.cutout.probability > 0,
        "erased blocks": any(transfer.erase.share),
        "shaken victims": transfer.shake.probability > 0,
        "curriculum of viewpoints": transfer.curriculum.sharpness > 0,
    }
    named = ", ".join(name for name, is_on in on.items() if is_on)
    return f"while optimising: {named}" if named else ""
