"""The victims that the options name, as patch attacks see them; pairs that cannot work together are refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from physadv.app.assembly import parts
from physadv.app.registry import Registry
from physadv.core.access import AccessLevel, Task
from physadv.core.errors import BadOption, IncompatibleParts
from physadv.core.problem.patch_problem import Attack
from physadv.core.protocols import Goal, Victim
from physadv.core.scene_protocols import SceneSource
from physadv.parts.victims.whole_picture import WholePicture

_WHOLE = 0.9  # share of a picture from which an object is the picture


def bare_victims(
    registry: Registry, listed: Sequence[Any], choice: str, options: Any, seed: int
) -> list[Victim[Any, Any]]:
    """Those of ``victims=``, or the one of ``victim=`` with its ``options``, as they are."""
    return listed_victims(registry, list(listed), seed) or [parts.part(registry, "victim", choice, options, seed)]


def chosen_victim(registry: Registry, choice: str, options: Any, seed: int) -> Victim:
    """The part that was chosen as a victim, as patch attacks see it."""
    return seen_by_patches(parts.part(registry, "victim", choice, options, seed))


def seen_by_patches(victim: Victim[Any, Any]) -> Victim:
    """The victim as a detector: a classifier's one object is the whole picture.

    Raises :class:`IncompatibleParts` for a policy.
    """
    if victim.task is Task.control:
        raise IncompatibleParts(
            f"victim {victim.name!r} is a policy: it takes actions, and here detections are attacked or judged. "
            "Choose a detector or a classifier"
        )
    return WholePicture(victim) if victim.task is Task.classification else victim


def listed_victims(registry: Registry, wanted: list[Any], seed: int) -> list[Victim[Any, Any]]:
    """Several victims: part names, ONNX paths, or ``{part: onnx, path: ...}``; each one once.

    Raises :class:`BadOption` where one is named twice.
    """
    twice = next((item for place, item in enumerate(wanted) if item in wanted[:place]), None)
    if twice is not None:
        raise BadOption(f"victims names {twice!r} twice. Leave one of the two out")
    return [_victim(registry, item, seed) for item in wanted]


def _victim(registry: Registry, item: Any, seed: int) -> Victim[Any, Any]:
    if isinstance(item, str):
        item = {"part": "onnx", "path": item} if Path(item).suffix == ".onnx" else {"part": item}
    if not isinstance(item, dict) or "part" not in item:
        raise BadOption(f"victims holds part names, ONNX paths or {{part: ..., option: ...}}, got {item!r}")
    options = {name: value for name, value in item.items() if name != "part"}
    made: Victim[Any, Any] = parts.named(registry, "victims", item["part"], options, seed)
    return made


def check_pictures(victims: Iterable[Victim], scenes: SceneSource) -> None:
    """A classifier sees whole pictures, so the object must be the picture.

    Raises :class:`IncompatibleParts` for a classifier where objects are parts of pictures.
    """
    named = next((v.name for v in victims if v.task is Task.classification), None)
    if named is None:
        return
    scene = next(iter(scenes.sweep(1)), None)
    if scene is None or not len(scene.boxes_xyxy_px):
        return
    sides = scene.boxes_xyxy_px[0, 2:] - scene.boxes_xyxy_px[0, :2]
    if float(sides.prod() / scene.sizes_px[0].prod()) < _WHOLE:
        raise IncompatibleParts(
            f"victim {named!r} is a classifier: it names whole pictures, and here objects are parts of pictures. "
            "Give it pictures by class with scenes=classes scenes.root=FOLDER"
        )


def check_fit(attack: Attack, victim: Victim, goal: Goal) -> Goal:
    """The goal bound to the victim's labels; pairs that cannot work are refused with advice."""
    check_access(attack, victim)
    return bound_to(victim, goal)


def check_access(attack: Attack, victim: Victim) -> None:
    """Raise :class:`IncompatibleParts` for a victim that gives less than the attack needs."""
    if attack.needs_gradient and victim.access < AccessLevel.gradients:
        raise IncompatibleParts(
            f"this attack needs gradients, but victim {victim.name!r} has none. "
            "Optimise on a victim with gradients (victim=onnx loads the same file) and judge on this one with "
            "evaluate victims=[...], or search without them: attack=square"
        )
    if victim.access < AccessLevel.scores:
        raise IncompatibleParts(
            f"attacks on a patch read scores, but victim {victim.name!r} gives only decisions. "
            "Optimise on another victim and judge on this one with evaluate victims=[...]"
        )


def bound_to(victim: Victim, goal: Goal) -> Goal:
    """The goal bound to the victim's labels; :class:`IncompatibleParts`, naming the victim, where they do not fit."""
    try:
        return goal.bound(victim.labels)
    except IncompatibleParts as error:
        raise IncompatibleParts(f"victim {victim.name!r} does not fit: {error}") from error
