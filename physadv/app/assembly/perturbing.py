"""Attacks on images put together from options: who is asked, who gets how much of it, and how much may be changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import torch

from physadv.app.assembly import parts
from physadv.app.assembly.defenses import defenses_of
from physadv.app.assembly.scenes import filled, some_of
from physadv.app.assembly.victims import bound_to, check_pictures, listed_victims
from physadv.app.config.perturb_options import PerturbConfig
from physadv.app.config.schema import JudgeConfig
from physadv.app.registry import Registry
from physadv.core.access import AccessLevel, Task
from physadv.core.defense_kind import DefenseKind
from physadv.core.errors import BadOption, IncompatibleParts
from physadv.core.problem.norm import Norm
from physadv.core.problem.perturbation_problem import PerturbationAttack
from physadv.core.protocols import Victim
from physadv.core.scene_protocols import NeedsObjects, SceneSource
from physadv.engines.perturbing.attacked_victim import AttackedVictim, is_grey
from physadv.engines.perturbing.attempt import AttackArm
from physadv.engines.perturbing.bounds import ORDER, SMALLEST, USUAL, ChangeBound, bounds_of
from physadv.engines.perturbing.probe import refusal
from physadv.engines.perturbing.run import PerturbTask
from physadv.engines.perturbing.targets import check_targets

THREATS = {
    "white": AccessLevel.gradients, "scores": AccessLevel.scores, "decisions": AccessLevel.decisions,
    "transfer": AccessLevel.gradients,
}  # fmt: skip
OWN = {AccessLevel.gradients: "white", AccessLevel.scores: "scores", AccessLevel.decisions: "decisions"}
SUITABLE = {"white": "pgd", "scores": "square", "decisions": "hop-skip-jump", "transfer": "mi-fgsm"}
"""The attack that shows a level where several are compared."""
FIRST = 8  # pictures that are looked at to see whether they are grey


@dataclass(frozen=True)
class NamedAttack:
    """An attack that was asked for."""

    name: str
    attack: PerturbationAttack


def task_of(registry: Registry, options: PerturbConfig, chosen: Mapping[str, str]) -> PerturbTask:
    """The whole judgement. Raises :class:`PhysadvError` for parts that do not fit, before any time is spent."""
    device = parts.device_of(options.device)
    subject = _subject(registry, options, chosen, device)
    check_targets(options.targets, subject.labels, detector=subject.goal is not None)
    arms = arms_of(registry, options, chosen, subject, device)
    scenes = _pictures(registry, options, chosen, subject, device)
    subject = replace(subject, grey=_grey(options.grey, subject, scenes))
    return PerturbTask(
        subject, scenes, arms, options.targets, options.batch, options.restarts, options.budget or None,
        options.seed, device,
    )  # fmt: skip


def _grey(typed: bool | None, subject: AttackedVictim, source: SceneSource) -> bool:
    classifies = subject.victim.task is Task.classification
    if typed and not classifies:
        raise BadOption("grey=true is for classifiers. Leave it out")
    if typed is not None or not classifies:
        return bool(typed)
    return all(bool(is_grey(scene).all()) for scene in islice(source.sweep(FIRST), 1))


def arms_of(
    registry: Registry, options: PerturbConfig, chosen: Mapping[str, str], subject: AttackedVictim, device: torch.device
) -> tuple[AttackArm, ...]:
    """One for every attack, level of access and bound."""
    arms: list[AttackArm] = []
    surrogate = _surrogate(registry, options, chosen, device)
    for named, threat in pairs_of(registry, options, chosen):
        if threat == "transfer" and surrogate is None:
            raise BadOption("threat=transfer attacks another victim in place of this one: name it with surrogate=…")
        stand_in = surrogate if threat == "transfer" else None
        _check_access(named, threat, (stand_in or subject).victim)
        for norm, bound in bounds_for(named, options.norm, options.eps, targeted=bool(options.targets)):
            arms.append(AttackArm(named.name, named.attack, threat, THREATS[threat], norm, bound.eps, bound.told,
                                  stand_in))  # fmt: skip
    if surrogate is not None and all(arm.surrogate is None for arm in arms):
        raise BadOption("surrogate= is for threat=transfer, which is not asked for. Add it, or leave surrogate out")
    keys = [arm.key for arm in arms]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        raise BadOption(f"the attack {twice} is asked for twice. Leave one of the two out")
    return tuple(arms)


def pairs_of(registry: Registry, options: PerturbConfig, chosen: Mapping[str, str]) -> list[tuple[NamedAttack, str]]:
    """Each attack with the level of access it gets."""
    threats = _threats(options.threat)
    listed = [listed_attack(registry, item, options.seed) for item in options.attacks]
    own = NamedAttack(chosen["attack"], registry.build("perturbations", chosen["attack"], options.attack))
    if listed and threats and len(listed) != len(threats) and 1 not in (len(listed), len(threats)):
        raise BadOption(f"attacks names {len(listed)} and threat {len(threats)}. Give one level for each attack")
    if not threats:
        return [(one, OWN[one.attack.needs]) for one in listed or [own]]
    if len(listed) > 1 or len(threats) == 1:
        levels = threats * len(listed or [own]) if len(threats) == 1 else threats
        return list(zip(listed or [own], levels, strict=True))
    if listed:
        return [(listed[0], threat) for threat in threats]
    fitting = {level: level == OWN[own.attack.needs] for level in threats}  # what transfers is another attack
    return [
        (own if fitting[level] else listed_attack(registry, SUITABLE[level], options.seed), level) for level in threats
    ]


def _threats(typed: Any) -> list[str]:
    items: Sequence[Any] = [] if typed is None or typed == "" else typed if isinstance(typed, list) else [typed]
    for item in items:
        if item not in THREATS:
            raise BadOption(f"threat={item} is no level of access. Choose among {', '.join(THREATS)}")
    return [str(item) for item in items]


def listed_attack(registry: Registry, item: Any, seed: int) -> NamedAttack:
    """An attack on images that a list names: ``pgd``, or ``{part: pgd, steps: 100}``."""
    asked = {"part": item} if isinstance(item, str) else item
    if not isinstance(asked, dict) or not isinstance(asked.get("part"), str):
        raise BadOption(f"attacks holds part names, or {{part: pgd, steps: 100}}, got {item!r}")
    options = {name: value for name, value in asked.items() if name != "part"}
    attack: PerturbationAttack = parts.named(registry, "perturbations", asked["part"], options, seed)
    told = ",".join(f"{name}={value}" for name, value in options.items())
    return NamedAttack(f"{asked['part']} {told}".strip(), attack)


def _check_access(named: NamedAttack, threat: str, victim: Victim[Any, Any]) -> None:
    level, needs = THREATS[threat], named.attack.needs
    if needs > level:
        raise IncompatibleParts(
            f"attack={named.name} needs {needs.name}, but threat={threat} gives only {level.name}. Choose "
            f"attack={SUITABLE[threat]}, or threat={OWN[needs]}"
        )
    if victim.access < needs:
        raise IncompatibleParts(
            f"attack={named.name} needs {needs.name}, but victim {victim.name!r} gives only {victim.access.name}. "
            f"Choose attack={SUITABLE[OWN[victim.access]]}, or attack a surrogate: threat=transfer surrogate=…"
        )


def bounds_for(named: NamedAttack, wanted: Norm | None, eps: Any, *, targeted: bool) -> list[tuple[Norm, ChangeBound]]:
    """The norm and the bounds that were given; of what was not given, what the attack takes."""
    norm = wanted or _first_norm(named, targeted=targeted)
    if eps is not None:
        bounds = bounds_of(eps, norm)
        for bound in bounds:
            if why := refusal(named.attack, norm, bound.eps, targeted=targeted):
                raise why
        return [(norm, bound) for bound in bounds]
    usual, smallest = bounds_of([USUAL[norm], SMALLEST], norm)[::-1]
    if why := refusal(named.attack, norm, usual.eps, targeted=targeted):
        if refusal(named.attack, norm, None, targeted=targeted):
            raise why
        return [(norm, smallest)]
    return [(norm, usual)]


def _first_norm(named: NamedAttack, *, targeted: bool) -> Norm:
    """The first that the attack takes, with a bound or without. Raises its refusal where there is none."""
    refused = None
    for norm in ORDER:
        for bound in bounds_of([USUAL[norm], SMALLEST], norm):
            why = refusal(named.attack, norm, bound.eps, targeted=targeted)
            if why is None:
                return norm
            refused = refused or why
    assert refused is not None
    raise refused


def _pictures(
    registry: Registry, options: PerturbConfig, chosen: Mapping[str, str], subject: AttackedVictim, device: torch.device
) -> SceneSource:
    """At most so many. Raises :class:`IncompatibleParts` where a classifier gets pictures without labels."""
    source = parts.part(registry, "scenes", chosen["scenes"], options.scenes, options.seed)
    victim = subject.victim
    if victim.task is Task.classification:
        if isinstance(source, NeedsObjects):
            raise IncompatibleParts(
                f"scenes={chosen['scenes']} does not say what its pictures show, so nobody knows when "
                f"{victim.name!r} is wrong. Give pictures by class: scenes=classes scenes.root=FOLDER"
            )
        check_pictures([victim], source)
    if victim.task is Task.detection:
        source = filled(source, victim, device)
    return some_of(source, JudgeConfig(images=options.images, share=0.0), options.seed)


def _subject(
    registry: Registry, options: PerturbConfig, chosen: Mapping[str, str], device: torch.device
) -> AttackedVictim:
    victim = parts.part(registry, "victim", chosen["victim"], options.victim, options.seed)
    return _seen(registry, options, chosen, victim, device)


def _surrogate(
    registry: Registry, options: PerturbConfig, chosen: Mapping[str, str], device: torch.device
) -> AttackedVictim | None:
    if not options.surrogate:
        return None
    (victim,) = listed_victims(registry, [options.surrogate], options.seed)
    return _with_goal(registry, options, chosen, victim.to(device))


def _seen(
    registry: Registry, options: PerturbConfig, chosen: Mapping[str, str], victim: Any, device: torch.device
) -> AttackedVictim:
    (defense,) = defenses_of(registry, [], chosen["defense"], options.defense, options.seed)
    if defense.kind is DefenseKind.temporal:
        raise IncompatibleParts(
            f"defense {defense.name!r} remembers frames, and here pictures are no film. Choose another defense="
        )
    return _with_goal(registry, options, chosen, defense.around(victim.to(device)).to(device))


def _with_goal(registry: Registry, options: PerturbConfig, chosen: Mapping[str, str], victim: Any) -> AttackedVictim:
    if victim.task is not Task.detection:
        return AttackedVictim(victim)
    goal = parts.part(registry, "goal", chosen["goal"], options.goal, options.seed)
    return AttackedVictim(victim, bound_to(victim, goal))
