"""The attack that made a patch, read from its run, so that it can be repeated on a defended victim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from physadv.app.assembly import ensemble, parts
from physadv.app.assembly.clips import filmed, without_stills
from physadv.app.config.groups import penalty_key
from physadv.app.config.inherit import run_of
from physadv.app.config.noted_options import noted_options
from physadv.app.config.schema import GenerateConfig
from physadv.app.config.seal import own
from physadv.app.registry import Registry
from physadv.core.clip import ClipConfig, FilmClip
from physadv.core.defended import defended_in
from physadv.core.defense_kind import DefenseKind
from physadv.core.errors import BadOption
from physadv.core.problem.clips import clip_budget
from physadv.core.problem.objective import Objective
from physadv.core.problem.patch_problem import Attack, Budget, PatchProblem
from physadv.core.protocols import Goal, Penalty, Victim
from physadv.core.scene_protocols import Renderer, SceneSource
from physadv.library.compute.one_device import OneDevice
from physadv.library.runs import record
from physadv.library.runs.options import read_options
from physadv.parts.attacks.patch.options import SquareConfig
from physadv.parts.attacks.patch.square import Square
from physadv.parts.transfer.options import TransferConfig

AVERAGED = 20
"""Draws of a random defence over which a step averages, at least (Athalye et al. 2018, arXiv:1707.07397)."""

_REMEDY = "Make the patch again with physadv generate"


@dataclass(frozen=True)
class Surroundings:
    """Everything that the judgement and the attack on its victims have in common."""

    registry: Registry
    scenes: SceneSource
    renderer: Renderer
    yaw_deg: Sequence[float]  # from and to, of what the renderer draws
    goal: Goal
    engine: OneDevice
    clip: ClipConfig = field(default_factory=ClipConfig)  # where a victim remembers frames


@dataclass(frozen=True)
class AttackRecipe:
    """How a run made its patch: kind of patch, attack, budget, penalties, and what made optimising harder."""

    options: GenerateConfig
    choices: Mapping[str, str]

    @staticmethod
    def of(patch: str) -> AttackRecipe:
        """The recipe of the run folder that ``patch=`` names.

        Raises :class:`BadOption` where that is none of ``generate``, or of another account: its options open files.
        """
        run = run_of(patch)
        if run is None or record.read(run).get("command") != "generate":
            raise BadOption(
                f"adaptive=true repeats the attack that made the patch, and {patch} is no run folder of generate. "
                "Optimise a patch first, and name its run with patch=RUN"
            )
        if not own(run):
            raise BadOption(
                f"adaptive=true repeats the attack of {run} with its options, which were not noted on this account. "
                f"{_REMEDY}"
            )
        noted = noted_options(run / "config" / "config.yaml", GenerateConfig, "generate", remedy=_REMEDY)
        chosen = read_options(run / "config" / "choices.yaml", remedy=_REMEDY)
        return AttackRecipe(noted, {str(group): str(choice) for group, choice in chosen.items()})

    def started(self, seed: int, first_seed: int) -> AttackRecipe:
        """The same from another start: all but the first begin with random colours, where the patch can."""
        patch = dict(self.options.patch)
        if seed != first_seed and "init" in patch:
            patch["init"] = "random"
        return AttackRecipe(replace(self.options, patch=patch), self.choices)

    def with_steps(self, steps: int) -> AttackRecipe:
        """The same with so many steps; 0: as many as it had."""
        budget = replace(self.options.budget, steps=steps or self.options.budget.steps)
        return AttackRecipe(replace(self.options, budget=budget), self.choices)

    def in_films(self) -> AttackRecipe:
        """The same without what films cannot have."""
        attack, transfer = without_stills(self.options.attack, self.options.transfer)
        return AttackRecipe(replace(self.options, attack=attack, transfer=transfer), self.choices)

    def searched(self, queries: int, clip: FilmClip | None = None) -> AttackRecipe:
        """A black box attack on the same kind of patch, with so many questions; with a clip, about films.

        Raises :class:`BadOption` where that is not enough for one step.
        """
        budget = replace(self.options.budget, draws=1)
        asked = Budget(1, budget.batch, 1, budget.held_out)
        asked = clip_budget(asked, clip) if clip else asked
        steps = Square(SquareConfig()).steps_within(queries, asked)
        if not steps:
            raise BadOption(
                f"adaptive.queries={queries} is not enough for one step of {asked.batch} pictures and "
                f"{asked.held_out} that are held out. Raise it, or set it to 0 for no black box attack"
            )
        options = replace(
            self.options, budget=replace(budget, steps=steps), attack=asdict(SquareConfig()), transfer=TransferConfig()
        )
        return AttackRecipe(options, {**self.choices, "attack": "square"})

    def attack(self, registry: Registry, seed: int) -> Attack:
        """The loop."""
        made: Attack = parts.named(registry, "attacks", self.choices["attack"], self.options.attack, seed)
        return made

    def problem(self, around: Surroundings, victim: Victim, seed: int, evasion: float) -> PatchProblem:
        """The patch on this victim, from the start, in the surroundings of the judgement."""
        options, registry = self.options, around.registry
        attack, transfer = self.attack(registry, seed), options.transfer
        member = ensemble.member_of(victim, attack, around.goal, transfer.shake, evasion)
        patch = parts.named(registry, "patches", self.choices["patch"], options.patch, seed)
        problem = PatchProblem(
            scenes=around.scenes, patch=patch.to(around.engine.device), renderer=around.renderer,
            objective=Objective((member,)), penalties=self._penalties(registry, seed), budget=self.budget(victim),
            seed=seed, engine=around.engine, hardening=ensemble.hardening(transfer, around.yaw_deg),
        )  # fmt: skip
        return filmed(problem, around.clip)

    def budget(self, victim: Victim) -> Budget:
        """The run's; a white box attack on a random defence takes enough draws to average over."""
        own = self.options.budget
        behind = defended_in(victim)
        random = behind is not None and any(d.kind is DefenseKind.random for d in behind.defenses)
        averaged = -(-AVERAGED // own.batch) if random and self.choices["attack"] != "square" else 1
        return Budget(own.steps, own.batch, max(own.draws, averaged), own.held_out)

    def _penalties(self, registry: Registry, seed: int) -> tuple[Penalty, ...]:
        """Those whose weight is not zero; of plugins that the run did not know there are none."""
        made = []
        for offered in registry.offered("penalties"):
            options = self.options.penalties.get(penalty_key(offered.entry.name), {})
            if options.get("weight"):
                made.append(parts.named(registry, "penalties", offered.entry.name, options, seed))
        return tuple(made)
