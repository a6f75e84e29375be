"""What an attacker makes before the episodes that are judged: universal changes, overlays and prints, each once.

They are kept in the run folder, and found there by a run that goes on.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor

from physadv.core.access import Task
from physadv.core.problem.adaptive import adaptive
from physadv.core.problem.clips import standing_still
from physadv.core.problem.objective import Member, Objective
from physadv.core.problem.patch_problem import Budget, PatchProblem
from physadv.core.protocols import Observer, PatchModel
from physadv.core.types import PatchImage, Step
from physadv.core.worlds import World, world_actions
from physadv.engines.driving.action_goal import ActionGoal
from physadv.engines.driving.fixed_change import (
    OverlayPlace,
    Steps,
    WantedActions,
    overlay_change,
    universal_change,
)
from physadv.engines.driving.hung import HungPrint, MomentScenes, check_slot, moved, printed, seen_moments
from physadv.engines.driving.meddlers import Untouched
from physadv.engines.driving.moments import Moments, collected, together
from physadv.engines.driving.rollout import Drive
from physadv.engines.driving.specs import Attacker, DriveTask, PrintSpec, UniversalSpec
from physadv.library.compute.one_device import OneDevice
from physadv.library.files.atomic import write_text
from physadv.library.files.patches import EXACT, load_patch, save_patch
from physadv.library.runs.checkpoints import FolderCheckpoints, read_checkpoint, write_checkpoint
from physadv.library.runs.options import read_object_if_there

logger = logging.getLogger(__name__)

MADE = "made.json"  # what everything took
PART = 256  # moments that are looked at in one go


@dataclass
class Workshop:
    """Makes things on first use."""

    task: DriveTask
    folder: Path  # of the run
    observers: Iterable[Observer]
    device: torch.device
    quantised: bool
    _moments: dict[str, Moments] = field(default_factory=dict)
    _asked: int = 0  # pictures, for the print that is being made

    @property
    def world(self) -> World:
        """In which attacks are made."""
        return self.task.worlds[0]

    def universal(self, attacker: Attacker, spec: UniversalSpec) -> Tensor:
        """``(C,H,W)``."""
        file = self._file(attacker, f"universal-{spec.eps:.6g}.pt")
        begun = time.perf_counter()
        if not file.is_file():
            change = universal_change(
                attacker.policy.victim, self._wanted(attacker), spec.eps, self.task.steps, self.task.minibatch,
                self.task.seed, self._teller(),
            )  # fmt: skip
            write_checkpoint(file, {"change": change})
            self._note(file, begun)
        kept: Tensor = read_checkpoint(file, self.device)["change"]
        return kept

    def overlay(self, attacker: Attacker, place: OverlayPlace) -> tuple[Tensor, Tensor]:
        """The patch and where it lies, both ``(C,H,W)``."""
        file = self._file(attacker, f"overlay-{place.side_px}px.pt")
        begun = time.perf_counter()
        if not file.is_file():
            change, cover = overlay_change(
                attacker.policy.victim, self._wanted(attacker), place, self.task.steps, self.task.minibatch,
                self.task.seed, self._teller(),
            )  # fmt: skip
            write_checkpoint(file, {"change": change, "cover": cover})
            self._note(file, begun)
        kept = read_checkpoint(file, self.device)
        return kept["change"], kept["cover"]

    def hung(self, attacker: Attacker, spec: PrintSpec) -> PatchImage:
        """The print to hang in the world, as the printer is asked for it."""
        folder = self.print_folder(attacker)
        begun = time.perf_counter()
        if not (folder / EXACT).is_file():
            made = self._optimised(attacker, spec, folder)
            save_patch(made if spec.printable is None else spec.printable(made), folder)
            self._note(folder, begun, self._asked)
        return moved(load_patch(folder), self.device)

    def made(self) -> dict[str, dict[str, float]]:
        """Name → the seconds it took, and how many pictures a victim was asked about where that is counted."""
        return dict(read_object_if_there(self.folder / MADE))

    def _note(self, made: Path, begun: float, asked: int = 0) -> None:
        name = made.relative_to(self.folder).as_posix()
        facts = {"seconds": round(time.perf_counter() - begun, 2), "asked": asked}
        write_text(self.folder / MADE, json.dumps({**self.made(), name: facts}, indent=1))

    def print_folder(self, attacker: Attacker) -> Path:
        """Where its print lies."""
        return self._file(attacker, "print")

    def _optimised(self, attacker: Attacker, spec: PrintSpec, folder: Path) -> PatchImage:
        """Rounds of looking for moments under what hangs there by then, and of optimising on all found so far."""
        check_slot(self.world, spec.slot)
        drive = Drive(self.world, attacker.policy, self.device, self.quantised)
        patch, self._asked = spec.patch(), 0
        moments, made = self._clean_moments(attacker), None
        for index in range(spec.rounds):
            if made is not None:
                hanging = {spec.slot: printed(made, spec.make_print)}
                moments = together(drive, moments, collected(
                    drive, Untouched(hanging), self.task.trained_on, self.task.moments, self.task.seed + index
                ))  # fmt: skip
            budget = replace(spec.budget, steps=max(1, spec.budget.steps // spec.rounds))
            problem = self._problem(attacker, spec, moments, patch, budget)
            made = spec.attack.run(problem, list(self.observers), FolderCheckpoints(folder / f"round-{index + 1}.pt"))
            made = moved(made, self.device)
            self._asked += problem.objective.queries.images
        assert made is not None
        return made

    def _problem(
        self, attacker: Attacker, spec: PrintSpec, moments: Moments, patch: PatchModel, budget: Budget
    ) -> PatchProblem:
        policy, world = attacker.policy, self.world
        victim = policy.victim
        if victim.task is Task.control:
            wanted = self._wanted_at(attacker, moments)
            goal = ActionGoal(wanted.toward, self.task.aim.rule)
            scenes = MomentScenes(world, moments, spec.slot, wanted.labels, victim.labels, wanted.rows)
            member = Member(victim, goal)
        else:
            assert spec.goal is not None
            rows = seen_moments(world, moments.state, spec.slot, victim.labels)
            scenes = MomentScenes(world, moments, spec.slot, None, (), rows)
            member = Member(standing_still(victim), spec.goal.bound(victim.labels))
        return PatchProblem(
            scenes, patch, HungPrint(world, moments, spec.slot, spec.make_print), Objective((adaptive(member),)),
            spec.penalties, budget, self.task.seed, OneDevice(self.device),
        )  # fmt: skip

    def _wanted(self, attacker: Attacker) -> WantedActions:
        return self._wanted_at(attacker, self._clean_moments(attacker))

    @torch.no_grad()
    def _wanted_at(self, attacker: Attacker, moments: Moments) -> WantedActions:
        """What the policy does at the moments, and what it shall do."""
        victim = attacker.policy.victim
        answers = [victim.outputs(part) for part in torch.split(moments.images, PART)]
        logits = torch.cat([one.logits for one in answers])
        labels = torch.cat([victim.decide(one).labels for one in answers])
        known = world_actions(attacker.policy, self.world).to(logits.device)
        aimed = self.task.aim.at(self.world, moments.state, logits, labels, known)
        return WantedActions(moments.images, aimed.labels, aimed.toward, aimed.open)

    def _clean_moments(self, attacker: Attacker) -> Moments:
        key = attacker.policy.victim.digest
        if key not in self._moments:
            logger.info("looking for %d moments of %s", self.task.moments, attacker.policy.name)
            drive = Drive(self.world, attacker.policy, self.device, self.quantised)
            self._moments[key] = collected(
                drive, Untouched(), self.task.trained_on, self.task.moments, self.task.seed
            )  # fmt: skip
        return self._moments[key]

    def _file(self, attacker: Attacker, name: str) -> Path:
        return self.folder / "made" / f"{slug(attacker.policy.name)}-{attacker.policy.victim.digest[:8]}" / name

    def _teller(self) -> Steps:
        watching = list(self.observers)

        def told(index: int, total: int, loss: float, success: float) -> None:
            for one in watching:
                if not index:
                    one.started(total, 0)
                one.stepped(Step(index, total, loss, success, 0.0))
                if index + 1 == total:
                    one.ended()

        return told


def slug(name: str) -> str:
    """A name as part of a path."""
    return re.sub(r"[^\w.=-]+", "_", name)
