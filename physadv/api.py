"""The names that plugins and loops of one's own are made of: the only module of ours that a plugin imports.

Importing it never imports torch; names that need torch are loaded on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from physadv.core.access import AccessLevel, Task
from physadv.core.defense_kind import DefenseKind
from physadv.core.errors import (
    BadInput,
    BadOption,
    BadShape,
    BrokenPart,
    BudgetSpent,
    IncompatibleParts,
    MissingExtra,
    PhysadvError,
)
from physadv.core.hookspecs import API, Entry, hookimpl
from physadv.core.problem.ensemble import Ensemble
from physadv.core.reach import FETCHES, OPENS, STAYS, TRUSTS

if TYPE_CHECKING:
    from physadv.app.python.build import build, renderer
    from physadv.core.answers import ActionLogits, Actions, ClassLogits, TopClasses
    from physadv.core.defended import Defended, EvasionBehind, RandomlyDefended, defended_in
    from physadv.core.labels import canonical, index_of
    from physadv.core.problem.counted import Counted, Queries
    from physadv.core.problem.limited import Limited
    from physadv.core.problem.objective import Member, Objective, Verdict
    from physadv.core.problem.patch_problem import Attack, Budget, PatchProblem, Problem
    from physadv.core.problem.perturbation_problem import Norm, PerturbationAttack, PerturbationProblem, Perturbed
    from physadv.core.protocols import (
        Checkpoints,
        Defense,
        Engine,
        Evasion,
        Goal,
        Observer,
        PatchModel,
        Penalty,
        Victim,
    )
    from physadv.core.scene_protocols import NeedsObjects, Photographs, Renderer, RendersItself, SceneSource
    from physadv.core.seeding import generator
    from physadv.core.types import Candidates, Detections, Draws, PatchImage, SceneBatch, Score, Step, expect
    from physadv.core.worlds import (
        Advises,
        EpisodeMeasure,
        KeepsStates,
        Observation,
        Policy,
        ShowsObjects,
        TellsConditions,
        TextureSlot,
        Transition,
        World,
    )
    from physadv.core.wrapped import Wrapped
    from physadv.library.colour.conversion import linear_from_srgb, srgb_from_linear
    from physadv.library.compute.one_device import OneDevice
    from physadv.library.environments.world_env import WorldEnv
    from physadv.library.environments.world_vector_env import WorldVectorEnv
    from physadv.library.faces.alignment import similarity
    from physadv.library.faces.face import Face, FaceFinder
    from physadv.library.faces.people import people_in
    from physadv.library.files.patches import load_patch, save_patch
    from physadv.library.runs.checkpoints import NoCheckpoints
    from physadv.library.runs.iteration import Schedule, Stepper, iterate
    from physadv.parts.defenses.filtered import FilterDefense, Filtered
    from physadv.parts.defenses.tasks import require_task
    from physadv.parts.policies.control_victim import ControlVictim
    from physadv.parts.scenes.options import PortraitsConfig
    from physadv.parts.scenes.portraits import portraits
    from physadv.parts.victims.classifier import Classifier
    from physadv.parts.victims.detector import Detector
    from physadv.parts.victims.recogniser import AlignedNetwork, FaceEmbedder, Recogniser
    from physadv.parts.victims.whole_picture import WholePicture
    from physadv.parts.worlds.gymnasium import GymnasiumWorld

_LAZY = {
    "physadv.app.python.build": ("build", "renderer"),
    "physadv.core.answers": ("ActionLogits", "Actions", "ClassLogits", "TopClasses"),
    "physadv.core.defended": ("Defended", "EvasionBehind", "RandomlyDefended", "defended_in"),
    "physadv.core.labels": ("canonical", "index_of"),
    "physadv.core.problem.counted": ("Counted", "Queries"),
    "physadv.core.problem.limited": ("Limited",),
    "physadv.core.problem.objective": ("Member", "Objective", "Verdict"),
    "physadv.core.problem.patch_problem": ("Attack", "Budget", "PatchProblem", "Problem"),
    "physadv.core.problem.perturbation_problem": ("Norm", "PerturbationAttack", "PerturbationProblem", "Perturbed"),
    "physadv.core.protocols": (
        "Checkpoints", "Defense", "Engine", "Evasion", "Goal", "Observer", "PatchModel", "Penalty", "Victim",
    ),
    "physadv.core.scene_protocols": ("NeedsObjects", "Photographs", "Renderer", "RendersItself", "SceneSource"),
    "physadv.core.seeding": ("generator",),
    "physadv.core.types": ("Candidates", "Detections", "Draws", "PatchImage", "SceneBatch", "Score", "Step", "expect"),
    "physadv.core.worlds": (
        "Advises", "EpisodeMeasure", "KeepsStates", "Observation", "Policy", "ShowsObjects", "TellsConditions",
        "TextureSlot", "Transition", "World",
    ),
    "physadv.core.wrapped": ("Wrapped",),
    "physadv.library.colour.conversion": ("linear_from_srgb", "srgb_from_linear"),
    "physadv.library.compute.one_device": ("OneDevice",),
    "physadv.library.environments.world_env": ("WorldEnv",),
    "physadv.library.environments.world_vector_env": ("WorldVectorEnv",),
    "physadv.library.faces.alignment": ("similarity",),
    "physadv.library.faces.face": ("Face", "FaceFinder"),
    "physadv.library.faces.people": ("people_in",),
    "physadv.library.files.patches": ("load_patch", "save_patch"),
    "physadv.library.runs.checkpoints": ("NoCheckpoints",),
    "physadv.library.runs.iteration": ("Schedule", "Stepper", "iterate"),
    "physadv.parts.defenses.filtered": ("FilterDefense", "Filtered"),
    "physadv.parts.defenses.tasks": ("require_task",),
    "physadv.parts.policies.control_victim": ("ControlVictim",),
    "physadv.parts.policies.greedy": ("GreedyPolicy",),
    "physadv.parts.scenes.options": ("PortraitsConfig",),
    "physadv.parts.scenes.portraits": ("portraits",),
    "physadv.parts.victims.classifier": ("Classifier",),
    "physadv.parts.victims.detector": ("Detector",),
    "physadv.parts.victims.recogniser": ("AlignedNetwork", "FaceEmbedder", "Recogniser"),
    "physadv.parts.victims.whole_picture": ("WholePicture",),
    "physadv.parts.worlds.gymnasium": ("GymnasiumWorld",),
}  # fmt: skip
_HOME = {name: module for module, names in _LAZY.items() for name in names}

__all__ = [
    "API", "FETCHES", "OPENS", "STAYS", "TRUSTS", "AccessLevel", "ActionLogits", "Actions", "Advises",
    "AlignedNetwork", "Attack", "BadInput", "BadOption", "BadShape", "BrokenPart", "Budget", "BudgetSpent",
    "Candidates", "Checkpoints", "ClassLogits", "Classifier", "ControlVictim", "Counted", "Defended", "Defense",
    "DefenseKind", "Detections", "Detector", "Draws", "Engine", "Ensemble", "Entry", "EpisodeMeasure",
    "Evasion", "EvasionBehind", "Face", "FaceEmbedder", "FaceFinder", "FilterDefense", "Filtered", "Goal",
    "GymnasiumWorld", "IncompatibleParts", "KeepsStates", "Limited", "Member", "MissingExtra", "NeedsObjects",
    "NoCheckpoints", "Norm", "Objective", "Observation", "Observer", "OneDevice", "PatchImage", "PatchModel",
    "PatchProblem", "Penalty", "PerturbationAttack", "PerturbationProblem", "Perturbed", "Photographs",
    "PhysadvError", "Policy", "PortraitsConfig", "Problem", "Queries", "RandomlyDefended", "Recogniser",
    "Renderer", "RendersItself", "SceneBatch", "SceneSource", "Schedule", "Score", "ShowsObjects", "Step",
    "Stepper", "Task", "TellsConditions", "TextureSlot", "TopClasses", "Transition", "Verdict", "Victim",
    "WholePicture", "World", "WorldEnv", "WorldVectorEnv", "Wrapped", "build", "canonical", "defended_in",
    "expect", "generator", "hookimpl", "index_of", "iterate", "linear_from_srgb", "load_patch", "people_in",
    "portraits", "renderer", "require_task", "save_patch", "similarity", "srgb_from_linear",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'physadv.api' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
