"""The attacks of the table of defences, each a run of its own below the table's: it goes on after a stop."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from physadv.app.assembly.attack_recipes import AttackRecipe, Surroundings
from physadv.app.config.judging_options import JudgingOptions
from physadv.app.config.run_folder import write_options
from physadv.app.config.schema import AdaptiveConfig
from physadv.core.access import AccessLevel
from physadv.core.clip import ClipConfig, clip_of
from physadv.core.defended import defended_in, remembers
from physadv.core.problem.patch_problem import PatchProblem
from physadv.core.protocols import Observer, Victim
from physadv.core.types import PatchImage
from physadv.engines.judging.defenses.arms import AttackColumn, Attempt
from physadv.library.files.patches import load_patch, patch_digest, save_patch
from physadv.library.runs import record
from physadv.library.runs.checkpoints import FolderCheckpoints
from physadv.library.runs.forecast import duration
from physadv.library.runs.progress import CurveLog, ProgressBar
from physadv.library.runs.relation import Origin
from physadv.parts.patches.controls import PatchUnderTest
from physadv.parts.printing.ink import Ink

logger = logging.getLogger(__name__)

SHARED = ("scenes", "eot", "ink", "victim", "goal", "judge", "protocol", "clip", "device")
"""Options that an attack has from the judgement."""

FOLDER = "attacks"  # below the table's run


@dataclass(frozen=True)
class Planned:
    """One attack on one victim behind its defences."""

    victim: Victim
    asked: Mapping[str, Any]  # options that name this victim and its defence
    attack: AttackColumn
    seed: int
    evasion: float | None = None  # λ; None where there is nothing to evade
    queries: int = 0  # that a black box attack may ask; another number of them is another attack

    @property
    def arm(self) -> str:
        """A short name, told apart from the others on this victim."""
        weight = "" if self.evasion is None else f" λ={self.evasion:g}"
        return f"{self.attack}{weight} seed={self.seed}"

    @property
    def slug(self) -> str:
        """A name for its folder."""
        weight = "" if self.evasion is None else f"-lambda-{self.evasion:g}"
        asking = f"-{self.queries}" if self.attack is AttackColumn.black_box else ""
        kind = str(self.attack).replace(" ", "-")
        return f"{slug_of(self.victim)}-{kind}{asking}{weight}-seed-{self.seed}"

    def attempt(self, queries: int | None) -> Attempt:
        """As the table tells it."""
        return Attempt(self.arm, self.attack, self.seed, self.evasion, queries, f"{FOLDER}/{self.slug}")

    def recipe(self, made_by: AttackRecipe, options: AdaptiveConfig, first_seed: int, clip: ClipConfig) -> AttackRecipe:
        """The run's recipe as this attack follows it, with films where the victim remembers frames."""
        films = remembers(self.victim)
        if self.attack is AttackColumn.black_box:
            return made_by.searched(self.queries, clip_of(clip) if films else None)
        made = made_by.with_steps(options.steps).started(self.seed, first_seed)
        return made.in_films() if films else made

    def problem(self, recipe: AttackRecipe, around: Surroundings) -> PatchProblem:
        """The problem from its start."""
        return recipe.problem(around, self.victim, self.seed, self.evasion or 0.0)


def slug_of(victim: Victim) -> str:
    """A name for files."""
    return re.sub(r"[^a-z0-9]+", "-", victim.name.lower()).strip("-")


def planned(victim: Victim, asked: Mapping[str, Any], options: AdaptiveConfig, seed: int) -> tuple[Planned, ...]:
    """All attacks on one victim: restarts x λ where it gives gradients, and one search where it gives scores."""
    made: list[Planned] = []
    if victim.access >= AccessLevel.gradients:
        behind = defended_in(victim)
        weights: Sequence[float | None] = options.lambdas if behind and behind.evasion else [None]
        made += [
            Planned(victim, asked, AttackColumn.adaptive, seed + restart, weight)
            for weight in weights
            for restart in range(options.restarts)
        ]
    if options.queries and victim.access >= AccessLevel.scores:
        made.append(Planned(victim, asked, AttackColumn.black_box, seed, queries=options.queries))
    return tuple(made)


@dataclass(frozen=True)
class Carrying:
    """How planned attacks are carried out."""

    made_by: AttackRecipe
    around: Surroundings
    adaptive: AdaptiveConfig
    options: JudgingOptions
    ink: Ink | None
    origin: Origin
    out: Path

    def out_of(self, one: Planned) -> Path:
        """The attack's run folder."""
        return self.out / FOLDER / one.slug

    def recipe(self, one: Planned) -> AttackRecipe:
        """The recipe that the attack follows."""
        return one.recipe(self.made_by, self.adaptive, self.options.seed, self.options.clip)

    def done(self, one: Planned) -> PatchUnderTest | None:
        """The patch of an attack that is done; ``None`` where it is not."""
        folder = self.out_of(one)
        noted = record.read(folder)
        if not noted:
            return None
        patch = load_patch(folder)
        if noted.get("patch_digest") != patch_digest(patch):
            return None
        trained = ((one.victim.name, one.victim.digest),)
        return PatchUnderTest(one.arm, patch, one.slug, trained, noted.get("queries"), self.origin)

    def carry_out(self, one: Planned) -> PatchUnderTest:
        """Attack, or go on with it, and keep the patch with its record; what is done already is only read."""
        if (found := self.done(one)) is not None:
            return found
        folder, begun = self.out_of(one), time.monotonic()
        recipe, attack = self.recipe(one), self.recipe(one).attack(self.around.registry, one.seed)
        problem = one.problem(recipe, self.around)
        write_options(folder, self._settings(one, recipe), self._choices(recipe))
        followers: list[Observer] = [ProgressBar(visible=self.options.progress), CurveLog(folder / "curves.csv")]
        asked = attack.run(problem, followers, FolderCheckpoints(folder / "checkpoint.pt"))
        patch = self.ink.printable(asked) if self.ink else asked
        save_patch(patch, folder)
        self.origin.write(folder)
        self._write_record(one, recipe, patch, problem.objective.queries.images, time.monotonic() - begun)
        made = self.done(one)
        assert made is not None
        return made

    def _write_record(
        self, one: Planned, recipe: AttackRecipe, patch: PatchImage, queries: int, seconds: float
    ) -> None:
        folder = self.out_of(one)
        made = record.RunRecord(
            command="generate", name=one.slug, seed=one.seed, choices=self._choices(recipe),
            config=self._settings(one, recipe), victims=[{"name": one.victim.name, "digest": one.victim.digest}],
            data={"scenes": self.options.choices["scenes"]}, device=str(self.around.engine.device), seconds=seconds,
            queries=queries, patch_mm=[patch.width_mm, patch.height_mm], patch_digest=patch_digest(load_patch(folder)),
            artefacts=sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()),
        )  # fmt: skip
        record.write(folder, made)

    def _choices(self, recipe: AttackRecipe) -> dict[str, str]:
        return {**self.options.choices, **{group: recipe.choices[group] for group in ("patch", "attack")}}

    def _settings(self, one: Planned, recipe: AttackRecipe) -> dict[str, Any]:
        """The options of ``generate`` that make this attack: the run's own, in the surroundings of the table."""
        own, shared = recipe.options, self.options.settings
        made_of: dict[str, Any] = {
            **asdict(own), "ensemble": str(own.ensemble), "name": one.slug,
            **{key: shared[key] for key in SHARED},
            **one.asked, "seed": one.seed, "evasion": one.evasion or 0.0, "budget": asdict(recipe.budget(one.victim)),
            "out": "", "resume": False, "dry_run": False,
        }  # fmt: skip
        return made_of


def told(attacks: Sequence[Planned], carrying: Carrying) -> Iterator[tuple[Planned, PatchUnderTest]]:
    """Carry out one after another, and say before each which it is and when all will be done."""
    begun, spent = time.monotonic(), 0
    for place, one in enumerate(attacks):
        if carrying.done(one) is None:
            rest = (time.monotonic() - begun) / spent * (len(attacks) - place) if spent else None
            when = "" if rest is None else f"; about {duration(rest)} to go"
            logger.info("attack  %d of %d: %s against %s%s", place + 1, len(attacks), one.arm, one.victim.name, when)
            spent += 1
        yield one, carrying.carry_out(one)
