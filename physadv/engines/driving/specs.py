"""How an attacker gets between world and policy: the means, with all that each of them needs to be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from physadv.core.problem.norm import Norm
from physadv.core.problem.patch_problem import Attack, Budget
from physadv.core.problem.perturbation_problem import PerturbationAttack
from physadv.core.protocols import Goal, PatchModel, Penalty
from physadv.core.types import PatchImage
from physadv.core.worlds import Policy, World
from physadv.engines.driving.aims import AttackAim
from physadv.engines.driving.fixed_change import OverlayPlace
from physadv.engines.driving.hung import MakePrint
from physadv.engines.driving.timing import AttackTiming

NOISE, UNIVERSAL, OVERLAY, PRINT = "noise", "universal", "overlay", "print"
MEANS = {
    NOISE: "each picture is changed on its own, step by step",
    UNIVERSAL: "all pictures are changed alike, within a bound",
    OVERLAY: "a small square of every picture is pasted over",
    PRINT: "something printed hangs in the world",
}


@dataclass(frozen=True)
class NoiseSpec:
    """One attack on observations with one bound."""

    name: str  # "pgd"
    attack: PerturbationAttack
    norm: Norm
    eps: float | None
    told: str  # of eps, as it was typed


@dataclass(frozen=True)
class UniversalSpec:
    """One bound of a universal perturbation."""

    eps: float
    told: str


@dataclass(frozen=True)
class PrintSpec:
    """What hangs in the world, and how it is found."""

    slot: str
    patch: Callable[[], PatchModel]  # a new one each time
    attack: Attack
    attack_name: str
    penalties: tuple[Penalty, ...]
    make_print: MakePrint | None
    printable: Callable[[PatchImage], PatchImage] | None
    budget: Budget
    rounds: int  # in each of which moments are collected anew, under what hangs there by then
    goal: Goal | None = None  # of policies with a detector, not yet bound; others shall act as aimed at
    check_every: int = 10


@dataclass(frozen=True)
class Attacker:
    """Whose gradients make an attack."""

    threat: str  # white: of the policy that drives; transfer: of another one
    policy: Policy
    name: str = ""  # of a transfer's source


@dataclass(frozen=True)
class Driver:
    """A policy that is judged, and who attacks it."""

    policy: Policy
    attackers: tuple[Attacker, ...]


@dataclass(frozen=True)
class DriveTask:
    """One judgement."""

    worlds: tuple[World, ...]  # attacks are made in the first; what is printed is hung in all of them
    drivers: tuple[Driver, ...]
    means: tuple[str, ...]
    aim: AttackAim
    timing: AttackTiming
    noises: tuple[NoiseSpec, ...]
    universals: tuple[UniversalSpec, ...]
    overlays: tuple[OverlayPlace, ...]
    hung: PrintSpec | None
    moments: int  # that are collected
    steps: int  # of universal and overlay
    minibatch: int  # moments a step of these
    seeds: tuple[int, ...]
    trained_on: tuple[int, ...]  # seeds of the episodes in which moments are collected; none of them is judged
    batch: int  # episodes side by side
    seed: int
