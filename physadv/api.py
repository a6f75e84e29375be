"""The only module a plugin imports. Importing it never imports torch; names that need torch are loaded on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from physadv.ensemble import Ensemble
from physadv.errors import BadInput, BadOption, BadShape, BrokenPart, IncompatibleParts, MissingExtra, PhysadvError
from physadv.hookspecs import API, Entry, hookimpl
from physadv.reach import FETCHES, OPENS, STAYS, TRUSTS

if TYPE_CHECKING:
    from physadv.classifier import Classifier
    from physadv.colour import linear_from_srgb, srgb_from_linear
    from physadv.iteration import Schedule, Stepper, iterate
    from physadv.labels import canonical, index_of
    from physadv.objective import Member, Objective, Verdict
    from physadv.protocols import (
        Attack,
        Budget,
        Checkpoints,
        Defense,
        Goal,
        Observer,
        PatchModel,
        Penalty,
        Problem,
        Renderer,
        SceneSource,
        Victim,
    )
    from physadv.seeding import generator
    from physadv.types import Candidates, Detections, Draws, PatchImage, SceneBatch, Score, Step, expect

_LAZY = {
    "physadv.classifier": ("Classifier",),
    "physadv.colour": ("linear_from_srgb", "srgb_from_linear"),
    "physadv.iteration": ("Schedule", "Stepper", "iterate"),
    "physadv.labels": ("canonical", "index_of"),
    "physadv.objective": ("Member", "Objective", "Verdict"),
    "physadv.protocols": (
        "Attack", "Budget", "Checkpoints", "Defense", "Goal", "Observer", "PatchModel", "Penalty", "Problem",
        "Renderer", "SceneSource", "Victim",
    ),
    "physadv.seeding": ("generator",),
    "physadv.types": ("Candidates", "Detections", "Draws", "PatchImage", "SceneBatch", "Score", "Step", "expect"),
}  # fmt: skip
_HOME = {name: module for module, names in _LAZY.items() for name in names}

__all__ = [
    "API", "FETCHES", "OPENS", "STAYS", "TRUSTS", "Attack", "BadInput", "BadOption", "BadShape", "BrokenPart",
    "Budget", "Candidates", "Checkpoints", "Classifier", "Defense", "Detections", "Draws", "Ensemble", "Entry",
    "Goal", "IncompatibleParts", "Member", "MissingExtra", "Objective", "Observer", "PatchImage", "PatchModel",
    "Penalty", "PhysadvError", "Problem", "Renderer", "SceneBatch", "SceneSource", "Schedule", "Score", "Step",
    "Stepper", "Verdict", "Victim", "canonical", "expect", "generator", "hookimpl", "index_of", "iterate",
    "linear_from_srgb", "srgb_from_linear",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'physadv.api' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
