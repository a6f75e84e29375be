"""The rows of the table: nobody, every attack, and beside each a control of the same size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from torch import Tensor

from physadv.core.access import AccessLevel
from physadv.core.types import PatchImage
from physadv.engines.driving.fixed_change import OverlayPlace, random_overlay, random_universal, square_cover
from physadv.engines.driving.hung import moved, printed
from physadv.engines.driving.meddlers import FixedChange, Untouched
from physadv.engines.driving.observed import SteppedAttack, SteppedNoise, StepPlan
from physadv.engines.driving.rollout import Meddler
from physadv.engines.driving.specs import (
    NOISE,
    OVERLAY,
    PRINT,
    UNIVERSAL,
    Attacker,
    Driver,
    DriveTask,
    PrintSpec,
    UniversalSpec,
)
from physadv.engines.driving.workshop import Workshop, slug
from physadv.parts.patches.controls import GREY, RANDOM, arms

Facts = Mapping[str, Mapping[str, float]]
"""Key of an arm that was driven → what its meddler says of itself."""

CLEAN, ATTACK, CONTROL = "clean", "attack", "control"
"""Roles."""

NOTHING = 1e-6
"""The size of a change that is none."""


@dataclass(frozen=True)
class ArmPlan:
    """One row."""

    key: str  # unique among those of a policy, and the name of a folder
    name: str  # in words
    role: str  # clean, attack or control
    means: str
    told: str  # the size: "linf 1/255", "8 × 8 px", "600 × 600 mm"
    meddler: Callable[[Facts], Meddler]
    threat: str = ""  # of an attack: white, scores, decisions or transfer
    source: str = ""  # of a transfer
    of: str = ""  # of a control: the key of the attack it stands beside
    everywhere: bool = False  # also in the other worlds
    timed: str = ""  # when it attacks, where it chooses


def arms_of(task: DriveTask, driver: Driver, workshop: Workshop) -> tuple[ArmPlan, ...]:
    """All rows of a policy, an attack before its controls."""
    clean = ArmPlan(CLEAN, "no attack", CLEAN, "", "", _untouched, everywhere=True)
    makers = {NOISE: _noise, UNIVERSAL: _universal, OVERLAY: _overlay, PRINT: _print}
    return (clean, *(plan for means in task.means for plan in makers[means](task, driver, workshop)))


def _noise(task: DriveTask, driver: Driver, workshop: Workshop) -> list[ArmPlan]:
    plans: list[ArmPlan] = []
    for spec in task.noises:
        size, timed = f"{spec.norm} {spec.told}", task.timing.told
        step = StepPlan(spec.attack, spec.norm, spec.eps, task.aim, task.timing)
        own = [
            ArmPlan(
                f"noise-{slug(spec.name)}-{spec.norm}-{_sized(spec.eps)}-{_whose(attacker)}", spec.name, ATTACK, NOISE,
                size, partial(_stepped, step, attacker, task.seed), _seen(attacker, spec.attack.needs), attacker.name,
                timed=timed,
            )
            for attacker in driver.attackers
        ]  # fmt: skip
        control = partial(_stepped_noise, step, driver, task.seed, own[0].key)
        key = f"noise-random-{spec.norm}-{_sized(spec.eps)}" + ("" if spec.eps else f"-{slug(spec.name)}")
        plans += own
        if key not in {plan.key for plan in plans}:
            plans.append(ArmPlan(key, "random noise", CONTROL, NOISE, size, control, of=own[0].key, timed=timed))
    return plans


def _universal(task: DriveTask, driver: Driver, workshop: Workshop) -> list[ArmPlan]:
    plans: list[ArmPlan] = []
    for spec in task.universals:
        told = f"linf {spec.told}"
        own = [
            ArmPlan(
                f"universal-{_sized(spec.eps)}-{_whose(attacker)}", "universal change", ATTACK, UNIVERSAL, told,
                partial(_universal_change, workshop, attacker, spec), attacker.threat, attacker.name,
            )
            for attacker in driver.attackers
        ]  # fmt: skip
        noise = random_universal(workshop.world.observation_shape, spec.eps, task.seed).to(workshop.device)
        plans += [*own, ArmPlan(f"universal-random-{_sized(spec.eps)}", "random change", CONTROL, UNIVERSAL, told,
                                partial(_fixed, noise, None), of=own[0].key)]  # fmt: skip
    return plans


def _overlay(task: DriveTask, driver: Driver, workshop: Workshop) -> list[ArmPlan]:
    shape, device = workshop.world.observation_shape, workshop.device
    plans: list[ArmPlan] = []
    for place in task.overlays:
        side = place.side_px
        own = [
            ArmPlan(
                f"overlay-{side}px-{_whose(attacker)}", "overlay", ATTACK, OVERLAY, f"{side} × {side} px",
                partial(_overlaid, workshop, attacker, place), attacker.threat, attacker.name,
            )
            for attacker in driver.attackers
        ]  # fmt: skip
        cover = square_cover(shape, place).to(device)
        changes = {GREY: 0.5 * cover, RANDOM: random_overlay(shape, place, task.seed).to(device)}
        plans += own
        plans += [
            ArmPlan(f"overlay-{side}px-{name}", f"{name} overlay", CONTROL, OVERLAY, own[0].told,
                    partial(_fixed, change, cover), of=own[0].key)
            for name, change in changes.items()
        ]  # fmt: skip
    return plans


def _print(task: DriveTask, driver: Driver, workshop: Workshop) -> list[ArmPlan]:
    spec = task.hung
    assert spec is not None
    asked = spec.patch()()
    needs = AccessLevel.gradients if spec.attack.needs_gradient else AccessLevel.scores
    told = f"{asked.width_mm:.0f} × {asked.height_mm:.0f} mm on the {spec.slot}"
    own = [
        ArmPlan(
            f"print-{spec.slot}-{_whose(attacker)}", f"print by {spec.attack_name}", ATTACK, PRINT, told,
            partial(_hung, workshop, attacker, spec), _seen(attacker, needs), attacker.name, everywhere=True,
        )
        for attacker in driver.attackers
    ]  # fmt: skip
    controls = [
        ArmPlan(
            f"print-{spec.slot}-{name}", f"{name} print", CONTROL, PRINT, told,
            partial(_hanging, workshop, spec, arms(asked, task.seed)[name]), of=own[0].key, everywhere=True,
        )
        for name in (GREY, RANDOM)
    ]  # fmt: skip
    return [*own, *controls]


def _untouched(facts: Facts) -> Meddler:
    return Untouched()


def _stepped(step: StepPlan, attacker: Attacker, seed: int, facts: Facts) -> Meddler:
    return SteppedAttack(step, attacker.policy, seed)


def _stepped_noise(step: StepPlan, driver: Driver, seed: int, attack: str, facts: Facts) -> Meddler:
    """Of the bound; where there is none, as large as the attack's largest change was."""
    eps = step.eps or facts[attack].get("size", 0.0) or NOTHING
    return SteppedNoise(step.norm, eps, step.timing, driver.policy, seed)


def _universal_change(workshop: Workshop, attacker: Attacker, spec: UniversalSpec, facts: Facts) -> Meddler:
    return FixedChange(workshop.universal(attacker, spec))


def _overlaid(workshop: Workshop, attacker: Attacker, place: OverlayPlace, facts: Facts) -> Meddler:
    return FixedChange(*workshop.overlay(attacker, place))


def _fixed(change: Tensor, cover: Tensor | None, facts: Facts) -> Meddler:
    return FixedChange(change, cover)


def _hung(workshop: Workshop, attacker: Attacker, spec: PrintSpec, facts: Facts) -> Meddler:
    return _hanging(workshop, spec, workshop.hung(attacker, spec), facts)


def _hanging(workshop: Workshop, spec: PrintSpec, patch: PatchImage, facts: Facts) -> Meddler:
    return Untouched({spec.slot: printed(moved(patch, workshop.device), spec.make_print)})


def _seen(attacker: Attacker, needs: AccessLevel) -> str:
    """What the attacker sees of the policy."""
    own = {AccessLevel.gradients: attacker.threat, AccessLevel.scores: "scores", AccessLevel.decisions: "decisions"}
    return own[needs] if attacker.threat == "white" else attacker.threat


def _whose(attacker: Attacker) -> str:
    return attacker.threat if not attacker.name else f"{attacker.threat}-{slug(attacker.name)}"


def _sized(eps: float | None) -> str:
    return "smallest" if eps is None else f"{eps:.6g}"
