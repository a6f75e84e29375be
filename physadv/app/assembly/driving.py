"""Closed loops put together from options: which policies drive where, and who gets between them and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from omegaconf import DictConfig

from physadv.app.assembly import parts
from physadv.app.assembly.defenses import defenses_of
from physadv.app.assembly.perturbing import NamedAttack, bounds_for, listed_attack
from physadv.app.assembly.victims import bound_to, check_access
from physadv.app.config.drive_options import DriveConfig
from physadv.app.registry import Registry
from physadv.core.access import Task
from physadv.core.errors import BadOption, IncompatibleParts
from physadv.core.problem.norm import Norm
from physadv.core.problem.patch_problem import Attack, Budget
from physadv.core.protocols import Defense, PatchModel
from physadv.core.worlds import KeepsStates, Policy, World, world_actions
from physadv.engines.driving.aims import AWAY, AttackAim
from physadv.engines.driving.fixed_change import OverlayPlace
from physadv.engines.driving.hung import check_gradient, check_slot, seen_moments
from physadv.engines.driving.observed import check_looked_into
from physadv.engines.driving.specs import (
    MEANS,
    NOISE,
    OVERLAY,
    PRINT,
    UNIVERSAL,
    Attacker,
    Driver,
    DriveTask,
    NoiseSpec,
    PrintSpec,
    UniversalSpec,
)
from physadv.engines.driving.timing import AttackTiming
from physadv.engines.perturbing.bounds import USUAL, bounds_of

WHITE, TRANSFER = "white", "transfer"
JUDGED, PRACTICE = 1_000_000, 500_000_000
"""First seeds of the episodes that are judged, and of those in which moments are collected."""
LOOKED_AT = 64  # beginnings of episodes, for what wears the print
SEEDS_APART = 100_000  # a run's first seed from the next one's


@dataclass(frozen=True)
class BuiltDrive:
    """The judgement, and what the page says of its parts."""

    task: DriveTask
    device: torch.device
    quantised: bool
    defense: str


def drive_of(registry: Registry, options: DriveConfig, config: DictConfig, chosen: Mapping[str, str]) -> BuiltDrive:
    """The whole judgement. Raises :class:`PhysadvError` for parts that do not fit, before any time is spent."""
    device = parts.device_of(options.device)
    worlds = [parts.part(registry, "world", chosen["world"], options.world, options.seed).to(device)]
    worlds += [_listed(registry, "worlds", item, options.seed).to(device) for item in options.worlds]
    (defense,) = defenses_of(registry, [], chosen["defense"], options.defense, options.seed)
    drivers = _drivers(registry, options, chosen, worlds, defense, device)
    means = means_of(options.means, worlds[0])
    aim = AttackAim(options.aim, options.horizon)
    aim.check(worlds[0])
    _check(means, drivers, worlds)
    first = JUDGED + SEEDS_APART * options.seed
    practice = PRACTICE + SEEDS_APART * options.seed
    task = DriveTask(
        worlds=tuple(worlds), drivers=drivers, means=means, aim=aim,
        timing=AttackTiming(options.beta, options.attacked_steps),
        noises=_noises(registry, options, chosen) if NOISE in means else (),
        universals=_universals(options) if UNIVERSAL in means else (),
        overlays=_overlays(options, worlds[0]) if OVERLAY in means else (),
        hung=_hung(registry, options, config, chosen, worlds[0], drivers) if PRINT in means else None,
        moments=options.moments, steps=options.budget.steps, minibatch=options.budget.batch,
        seeds=tuple(range(first, first + options.episodes)),
        trained_on=tuple(range(practice, practice + options.practice)), batch=options.batch, seed=options.seed,
    )  # fmt: skip
    return BuiltDrive(task, device, options.quantised, "" if chosen["defense"] == "none" else defense.name)


def means_of(typed: Any, world: World) -> tuple[str, ...]:
    """Those that were named; none named: a print where there is a place for one, else noise."""
    if typed is None:
        return (PRINT,) if world.slots else (NOISE,)
    items = typed if isinstance(typed, list) else [typed]
    for item in items:
        if item not in MEANS:
            raise BadOption(f"means={item} is none. Choose among {', '.join(MEANS)}, or [] to attack nothing")
    return tuple(name for name in MEANS if name in items)


def _drivers(
    registry: Registry, options: DriveConfig, chosen: Mapping[str, str], worlds: Sequence[World], defense: Defense,
    device: torch.device,
) -> tuple[Driver, ...]:  # fmt: skip
    """Every policy, behind the defence, with those whose gradients are used against it."""
    bare = [_listed(registry, "policies", item, options.seed) for item in options.policies]
    bare = bare or [parts.part(registry, "policy", chosen["policy"], options.policy, options.seed)]
    bare = [_looking(registry, one, options, chosen).to(device) for one in bare]
    if twice := next((one.name for place, one in enumerate(bare) if one.name in [o.name for o in bare[:place]]), None):
        raise BadOption(f"policies names {twice!r} twice. Leave one of the two out, or give them names")
    surrogate = None if options.surrogate is None else _listed(registry, "policies", options.surrogate, options.seed)
    surrogate = None if surrogate is None else _looking(registry, surrogate, options, chosen).to(device)
    drivers = []
    for policy in bare:
        defended = policy if chosen["defense"] == "none" else policy.behind(defense.around(policy.victim))
        others = _sources(policy, bare, surrogate, defended=defended is not policy)
        drivers.append(Driver(defended, _attackers(options.threat, defended, others)))
    return tuple(drivers)


def _looking(registry: Registry, policy: Policy, options: DriveConfig, chosen: Mapping[str, str]) -> Policy:
    """The policy, with the chosen victim to look through where it needs one."""
    if not policy.needs_victim:
        return policy
    return policy.behind(parts.part(registry, "victim", chosen["victim"], options.victim, options.seed))


def _sources(policy: Policy, bare: Sequence[Policy], surrogate: Policy | None, *, defended: bool) -> list[Policy]:
    """Policies that may stand in for this one."""
    if surrogate is not None:
        return [surrogate]
    return [*([policy] if defended else []), *(one for one in bare if one is not policy)]


def _attackers(typed: Any, policy: Policy, others: Sequence[Policy]) -> tuple[Attacker, ...]:
    threats = [typed] if isinstance(typed, str) else list(typed or [WHITE, *([TRANSFER] if others else [])])
    for threat in threats:
        if threat not in (WHITE, TRANSFER):
            raise BadOption(f"threat={threat} is none here. Choose white, transfer, or both")
    if TRANSFER in threats and not others:
        raise BadOption(
            "threat=transfer attacks another policy in place of this one: name it with surrogate=…, or several with "
            "policies=[…]"
        )
    white = [Attacker(WHITE, policy)] if WHITE in threats else []
    return (*white, *(Attacker(TRANSFER, one, one.name) for one in others if TRANSFER in threats))


def _listed(registry: Registry, kind: str, item: Any, seed: int) -> Any:
    asked = {"part": item} if isinstance(item, str) else item
    if not isinstance(asked, dict) or not isinstance(asked.get("part"), str):
        raise BadOption(f"{kind} holds part names, or {{part: NAME, option: ...}}, got {item!r}")
    return parts.named(registry, kind, asked["part"], {k: v for k, v in asked.items() if k != "part"}, seed)


def _check(means: Sequence[str], drivers: Sequence[Driver], worlds: Sequence[World]) -> None:
    """Everybody fits everywhere, and can be attacked in the way that is asked for."""
    for driver in drivers:
        for world in worlds:
            world_actions(driver.policy, world)
        for attacker in driver.attackers:
            world_actions(attacker.policy, worlds[0])
            for name in (NOISE, UNIVERSAL, OVERLAY):
                if name in means:
                    check_looked_into(attacker.policy, name)
    if len(worlds) > 1 and PRINT not in means and means:
        raise BadOption("worlds= names where else the print is hung, but nothing is printed. Add means=print")
    if PRINT in means and not isinstance(worlds[0], KeepsStates):
        raise IncompatibleParts(
            f"world {worlds[0].name!r} cannot go back to a moment, so no print can be optimised in it. Make the print "
            "in another world, and hang it here with worlds=[…]"
        )


def _noises(registry: Registry, options: DriveConfig, chosen: Mapping[str, str]) -> tuple[NoiseSpec, ...]:
    own = options.attacks or [None]
    named = [
        NamedAttack(chosen["attack"], registry.build("perturbations", chosen["attack"], options.attack))
        if item is None else listed_attack(registry, item, options.seed)
        for item in own
    ]  # fmt: skip
    return tuple(
        NoiseSpec(one.name, one.attack, norm, bound.eps, bound.told)
        for one in named
        for norm, bound in bounds_for(one, options.norm, options.eps, targeted=options.aim != AWAY)
    )


def _universals(options: DriveConfig) -> tuple[UniversalSpec, ...]:
    if options.norm not in (None, Norm.linf):
        raise IncompatibleParts(f"means=universal keeps to a bound in linf, not norm={options.norm}. Leave norm out")
    found = []
    for bound in bounds_of(options.eps or USUAL[Norm.linf], Norm.linf):
        if bound.eps is None:
            raise BadOption("means=universal needs the largest change that it may make: eps=8/255")
        found.append(UniversalSpec(bound.eps, bound.told))
    return tuple(found)


def _overlays(options: DriveConfig, world: World) -> tuple[OverlayPlace, ...]:
    typed = options.overlay.side_px
    sides = typed if isinstance(typed, list) else [typed]
    if not sides or not all(isinstance(side, int) and not isinstance(side, bool) for side in sides):
        raise BadOption(f"overlay.side_px is a whole number of pixels, or a list of them, got {typed}")
    places = tuple(OverlayPlace(side, options.overlay.left_px, options.overlay.top_px) for side in dict.fromkeys(sides))
    for place in places:
        place.box(world.observation_shape)
    return places


def _hung(
    registry: Registry, options: DriveConfig, config: DictConfig, chosen: Mapping[str, str], world: World,
    drivers: Sequence[Driver],
) -> PrintSpec:  # fmt: skip
    slot = options.slot or (world.slots[0].name if world.slots else "")
    check_slot(world, slot)
    asked = {"part": options.search} if isinstance(options.search, str) else options.search
    attack: Attack = _listed(registry, "attacks", asked, options.seed)
    ink = parts.ink(options.ink)
    patch = partial(_patch, registry, options, chosen, parts.device_of(options.device))
    victims = [one.policy.victim for driver in drivers for one in driver.attackers]
    detectors = [one for one in victims if one.task is not Task.control]
    goal = parts.part(registry, "goal", chosen["goal"], options.goal, options.seed) if detectors else None
    _check_search(world, slot, attack, victims, goal)
    if attack.needs_gradient:
        check_gradient(world, slot, patch()(), ink)
    budget = options.budget
    return PrintSpec(
        slot=slot, patch=patch, attack=attack,
        attack_name=str(asked["part"]), penalties=parts.penalties(registry, config.penalties), make_print=ink,
        printable=ink.printable if ink else None,
        budget=Budget(budget.steps, budget.batch, budget.draws, budget.held_out), rounds=options.rounds,
        goal=goal,
    )  # fmt: skip


def _check_search(world: World, slot: str, attack: Attack, victims: Sequence[Any], goal: Any) -> None:
    """The search gets what it needs of every victim, and a detector knows what wears the print."""
    for victim in victims:
        check_access(attack, victim)
        if victim.task is not Task.control:
            bound_to(victim, goal)
            begins = world.reset(torch.arange(PRACTICE, PRACTICE + LOOKED_AT))
            seen_moments(world, begins, slot, victim.labels)


def _patch(registry: Registry, options: DriveConfig, chosen: Mapping[str, str], device: torch.device) -> PatchModel:
    made: Any = parts.part(registry, "patch", chosen["patch"], options.patch, options.seed)
    patch: PatchModel = made.to(device)
    return patch
