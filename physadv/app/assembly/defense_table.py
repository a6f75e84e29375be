"""The table of defences as the options ask for it: attacks on every victim behind every defence."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from physadv.app.assembly import parts
from physadv.app.assembly.adaptive_attacks import Carrying, Planned, planned, slug_of, told
from physadv.app.assembly.attack_recipes import AttackRecipe, Surroundings
from physadv.app.assembly.clips import warn_of_stills
from physadv.app.assembly.cost import measured_steps, seconds_of_steps
from physadv.app.assembly.defenses import undefended
from physadv.app.assembly.scenes import Parts
from physadv.app.config.judging_options import JudgingOptions
from physadv.app.config.schema import AdaptiveConfig
from physadv.app.registry import Registry
from physadv.core.defended import defended_in
from physadv.core.errors import BadOption, IncompatibleParts
from physadv.core.protocols import Victim
from physadv.engines.judging.clean_cost import AGAINST_BARE
from physadv.engines.judging.defenses.alarm_rates import with_alarms
from physadv.engines.judging.defenses.arms import AttackColumn
from physadv.engines.judging.defenses.cells import judged_cell
from physadv.engines.judging.defenses.certificates import with_certificates
from physadv.engines.judging.defenses.latency import Latency, latencies
from physadv.engines.judging.defenses.table import NO_DEFENSE, Defending, Scores, defense_table
from physadv.engines.judging.evaluate import shown_of
from physadv.engines.judging.trial import Trial, groups
from physadv.engines.judging.views import Progress
from physadv.library.compute.one_device import OneDevice
from physadv.library.files.atomic import write_text
from physadv.library.files.plain_json import plain
from physadv.library.report.defense_csv import defenses_csv
from physadv.library.runs import relation
from physadv.library.runs.forecast import Part

logger = logging.getLogger(__name__)

FILE = "defenses.json"


def beside_the_bare(options: JudgingOptions) -> JudgingOptions:
    """The options with the bare victim in front of the defences: without it nothing tells what they cost and gain.

    Raises :class:`BadOption` where no defence is named.
    """
    named = list(options.defenses)
    if not named and options.choices["defense"] != NO_DEFENSE:
        named = [{"part": options.choices["defense"], **asdict(options.defense)}]
    if not [one for one in named if one not in (NO_DEFENSE, {"part": NO_DEFENSE})]:
        raise BadOption("adaptive=true attacks defenses, and none is named. Name some with defenses=[jpeg,median]")
    if named[0] != NO_DEFENSE:
        named = [NO_DEFENSE, *(one for one in named if one != NO_DEFENSE)]
    return replace(options, defenses=named, settings={**options.settings, "defenses": named})


@dataclass(frozen=True)
class DefenseBench:
    """A judgement of victims behind defences, and the attacks on each of them."""

    trial: Trial  # of all of them together
    attacks: Mapping[int, tuple[Planned, ...]]  # number of the victim → its attacks
    carrying: Carrying

    def patches(self) -> dict[int, tuple[Any, ...]]:
        """Carry out all attacks: number of the victim → attempts with their patches."""
        every = [(number, one) for number, attacks in self.attacks.items() for one in attacks]
        made: dict[int, tuple[Any, ...]] = dict.fromkeys(self.attacks, ())
        for (number, _), pair in zip(every, told([one for _, one in every], self.carrying), strict=True):
            made[number] = (*made[number], pair)
        return made

    def rows(self, joint: Scores, progress: Callable[[], Progress], out: Path) -> list[Defending]:
        """Attack and judge every victim with all patches made against it; ``joint``: scores of all victims together."""
        rows, times = [], timed_victims(self.trial)
        for number, pairs in self.patches().items():
            victim = self.trial.victims[number]
            scores = judged_cell(self._trial(number, [under for _, under in pairs]), slug_of(victim), out, progress())
            scores = {AGAINST_BARE: joint["victims"][number].get(AGAINST_BARE, ()), **scores}
            attempts = tuple(one.attempt(under.queries) for one, under in pairs)
            rows.append(replace(_defending(victim, scores), attempts=attempts, latency=times[number]))
        return rows

    def forecast(self, joint: Part) -> tuple[Part, ...]:
        """Seconds of all attacks, measured on two steps of each kind, and of judging; ``joint``: all victims once."""
        seconds = {AttackColumn.adaptive: 0.0, AttackColumn.black_box: 0.0}
        counts = dict.fromkeys(seconds, 0)
        for attacks in self.attacks.values():
            for kind in seconds:
                if same := [one for one in attacks if one.attack is kind]:
                    counts[kind] += len(same)
                    seconds[kind] += len(same) * self._attack_s(same[0])
        arms = [4 + len(attacks) for attacks in self.attacks.values()]
        judging = joint.seconds * (1 + sum(arms) / (4 * len(arms)))
        return (
            *(Part(f"{kind} attacks", seconds[kind], f"{counts[kind]} of them") for kind in seconds),
            Part("judging", judging, joint.of),
        )

    def _attack_s(self, one: Planned) -> float:
        recipe = self.carrying.recipe(one)
        problem = one.problem(recipe, self.carrying.around)
        cost = measured_steps(problem, recipe.attack(self.carrying.around.registry, one.seed))
        return seconds_of_steps(cost, problem.budget.steps, int(recipe.options.attack.get("check_every") or 0))

    def _trial(self, number: int, others: Sequence[Any]) -> Trial:
        known = self.trial.identities
        related = self.trial.relations["patch"]
        return replace(
            self.trial, victims=(self.trial.victims[number],), others=tuple(others),
            identities=(known[number],) if known else (), beside=None, rungs=(),
            relations={**self.trial.relations, **{one.arm: related for one in others}},
        )  # fmt: skip


def defense_bench(
    registry: Registry,
    options: JudgingOptions,
    adaptive: AdaptiveConfig,
    made_by: AttackRecipe,
    *,
    pair: Parts,
    trial: Trial,
    out: Path,
) -> DefenseBench:
    """Plan the attacks on every victim.

    Raises :class:`IncompatibleParts` where none behind a defence can be attacked.
    """
    _check(adaptive)
    ink = parts.ink(options.ink)
    around = Surroundings(
        registry, pair.optimise_on, parts.renderer(options.eot, ink), options.eot.jitter.yaw_deg, trial.goal,
        OneDevice(trial.device), options.clip,
    )  # fmt: skip
    if trial.clip is not None:
        warn_of_stills(made_by.options.attack, made_by.options.transfer)
    origin = relation.origin(pair.optimise_on, options.choices["scenes"], pair.judged_apart)
    carrying = Carrying(made_by, around, adaptive, options, ink, origin, out)
    asked = _asked(options)
    attacks = {
        number: planned(victim, asked[number], adaptive, options.seed) for number, victim in enumerate(trial.victims)
    }
    if not any(
        one.attack is AttackColumn.adaptive for number in attacks for one in attacks[number] if _is_behind(one.victim)
    ):
        names = ", ".join(victim.name for victim in trial.victims if _is_behind(victim))
        raise IncompatibleParts(
            f"adaptive=true follows gradients, and none of {names} gives any. Choose a victim with gradients "
            "(victim=onnx loads the same file)"
        )
    for every in attacks.values():
        for kind in {one.attack: one for one in every}.values():
            kind.problem(carrying.recipe(kind), around)  # what cannot be is refused before hours pass
    return DefenseBench(trial, attacks, carrying)


def plain_rows(trial: Trial, scores: Scores) -> list[Defending]:
    """Rows of a judgement without attacks of its own."""
    times, shown = timed_victims(trial), shown_of(trial)
    rows: dict[int, Defending] = {}
    for group in groups(trial):
        for number, one in zip(group.numbers, group.watched, strict=True):
            told = with_alarms(scores["victims"][number], one.victim, group.showing, shown)
            told = plain(with_certificates(told, one.victim, group.showing, shown))
            rows[number] = replace(_defending(trial.victims[number], told), latency=times[number])
    return [rows[number] for number in sorted(rows)]


def write_table(rows: Sequence[Defending], out: Path) -> dict[str, Any]:
    """Write ``defenses.json`` and ``defenses.csv``; returns what the first holds."""
    table: dict[str, Any] = plain(defense_table(rows))
    write_text(out / FILE, json.dumps(table, indent=1, allow_nan=False, ensure_ascii=False))
    write_text(out / "defenses.csv", defenses_csv(table))
    return table


def timed_victims(trial: Trial) -> list[Latency]:
    """How long every victim takes for one of the pictures that are judged, against the same one without defences."""
    image = next(iter(trial.scenes.sweep(1))).srgb[:1].to(trial.device)
    times = []
    for victim in trial.victims:
        asked = [undefended(victim).to(trial.device), victim] if _is_behind(victim) else [victim]
        times.append(latencies(asked, image)[-1])
    return times


def _defending(victim: Victim, scores: Mapping[str, Any]) -> Defending:
    behind = defended_in(victim)
    if behind is None:
        return Defending(victim.name, NO_DEFENSE, (), scores)
    defenses = behind.defenses
    return Defending(
        undefended(victim).name,
        "+".join(one.name for one in defenses),
        tuple(str(one.kind) for one in defenses),
        scores,
    )


def _is_behind(victim: Victim) -> bool:
    return defended_in(victim) is not None


def _asked(options: JudgingOptions) -> list[dict[str, Any]]:
    """Options that name each victim and its defence alone, in the order of the victims."""
    settings = options.settings
    victims = [[one] for one in settings["victims"]] or [[]]
    return [
        {"victim": settings["victim"], "victims": one, "defense": settings["defense"], "defenses": [defense]}
        for one in victims for defense in options.defenses
    ]  # fmt: skip


def _check(options: AdaptiveConfig) -> None:
    if not options.lambdas:
        raise BadOption("adaptive.lambdas is empty. Give at least one weight; three or more tell where the worst is")
    if options.restarts < 1:
        raise BadOption(f"adaptive.restarts must be at least 1, got {options.restarts}")
