"""Build the chosen parts from the composed configuration, and refuse pairs that cannot work together."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from physadv.app.config.groups import GROUPS, penalty_key
from physadv.app.config.spelling import literal_in
from physadv.app.registry import Registry
from physadv.core.access import AccessLevel, Task
from physadv.core.errors import BadOption, IncompatibleParts
from physadv.core.nearest import did_you_mean
from physadv.core.problem.patch_problem import Attack
from physadv.core.protocols import Goal, Penalty, Renderer, RendersItself, SceneSource, Victim
from physadv.core.types import PatchPlace
from physadv.parts.printing.ink import Ink
from physadv.parts.printing.options import InkConfig
from physadv.parts.render.options import EotConfig
from physadv.parts.victims.whole_picture import WholePicture

logger = logging.getLogger(__name__)

_WHOLE = 0.9  # share of a picture from which an object is the picture


def device_of(wanted: str) -> torch.device:
    """The device that ``device=`` names; ``auto`` takes CUDA when it is there.

    Raises :class:`BadOption` for a device that is not here.
    """
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(wanted)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise BadOption(f"device={wanted} cannot be used here ({reason}). Try device=auto or device=cpu") from error
    return device


def part(registry: Registry, group: str, choice: str, options: Any, seed: int) -> Any:
    """Build the part that was chosen for a config group. An option ``seed`` that is null takes the run's."""
    return registry.build(GROUPS[group], choice, _seeded(_plain(options), seed))


def _plain(options: Any) -> Any:
    """Options as their dataclass, also where they are still a node of the configuration."""
    return OmegaConf.to_object(options) if isinstance(options, DictConfig) else options


def penalties(registry: Registry, node: DictConfig) -> tuple[Penalty, ...]:
    """All penalties whose weight is not zero."""
    rows = []
    for offered in registry.offered("penalties"):
        options: Any = OmegaConf.to_object(node[penalty_key(offered.entry.name)])
        if options.weight:
            rows.append(registry.build("penalties", offered.entry.name, options))
    return tuple(rows)


def ink(options: InkConfig | DictConfig) -> Ink | None:
    """The printing condition of an ``ink`` preset; ``None`` where print changes nothing."""
    from physadv.parts.printing.entries import build_ink

    return build_ink(_plain(options))


def renderer(options: EotConfig | DictConfig, ink: Ink | None, quality: str | None = None) -> Renderer:
    """The world of an ``eot`` preset, where patches are seen as printed; judging may ask for a higher quality."""
    from physadv.parts.render.entries import build_renderer

    eot: EotConfig = _plain(options)
    made: Renderer = build_renderer(dataclasses.replace(eot, quality=quality) if quality else eot, ink)
    return made


def still(options: EotConfig) -> EotConfig:
    """An ``eot`` preset of which only the place of the patch is left: nothing varies."""
    return EotConfig(place=options.place)


def judging_renderers(
    scenes: SceneSource, eot: EotConfig, ink: Ink | None, quality: str
) -> tuple[Renderer, Renderer | None]:
    """The world to judge in and, where the scenes bring a renderer of their own, ours beside it.

    Such scenes decide on pose, light and camera, so of the ``eot`` preset only the place of the patch counts there.
    """
    if not isinstance(scenes, RendersItself):
        return renderer(eot, ink, quality), None
    from physadv.parts.render.entries import build_renderer
    from physadv.parts.render.options import SurfaceConfig

    place = PatchPlace(eot.place.x_mm, eot.place.y_mm, eot.place.roll_deg)
    surface = SurfaceConfig(curvature_per_m=[scenes.curvature_per_m] * 2)
    ours: Renderer = build_renderer(EotConfig(place=eot.place, surface=surface, quality=quality), ink)
    return scenes.renderer(place, ink), ours


def victim(registry: Registry, choice: str, options: Any, seed: int) -> Victim:
    """The part that was chosen as a victim, as patch attacks see it."""
    return seen_by_patches(part(registry, "victim", choice, options, seed))


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


def victims(registry: Registry, wanted: list[Any], seed: int) -> list[Victim]:
    """Several victims: part names, ONNX paths, or ``{part: onnx, path: ...}``; each one once.

    Raises :class:`BadOption` where one is named twice.
    """
    twice = next((item for place, item in enumerate(wanted) if item in wanted[:place]), None)
    if twice is not None:
        raise BadOption(f"victims names {twice!r} twice. Leave one of the two out")
    return [_victim(registry, item, seed) for item in wanted]


def _victim(registry: Registry, item: Any, seed: int) -> Victim:
    if isinstance(item, str):
        item = {"part": "onnx", "path": item} if Path(item).suffix == ".onnx" else {"part": item}
    if not isinstance(item, dict) or "part" not in item:
        raise BadOption(f"victims holds part names, ONNX paths or {{part: ..., option: ...}}, got {item!r}")
    options = {name: value for name, value in item.items() if name != "part"}
    return seen_by_patches(named(registry, "victims", item["part"], options, seed))


def named(registry: Registry, kind: str, name: str, options: Mapping[str, Any], seed: int) -> Any:
    """Build a part from its name and some of its options. An option ``seed`` that is null takes ``seed``.

    Raises :class:`BadOption` for an option that the part does not have, or a value it cannot take.
    """
    entry = registry.entry(kind, name)
    known = {f.name for f in dataclasses.fields(entry.config)}
    if unknown := sorted(set(options) - known):
        near = did_you_mean(unknown[0], known)
        raise BadOption(f"{kind} {name!r} has no option {unknown[0]!r}{near}. Known: {', '.join(sorted(known))}")
    try:
        node = OmegaConf.merge(OmegaConf.structured(entry.config), literal_in(dict(options)))
    except OmegaConfBaseException as error:
        raise BadOption(f"{kind} {name!r}: {str(error).splitlines()[0]}") from error
    return registry.build(kind, name, _seeded(OmegaConf.to_object(node), seed))


def _seeded(options: Any, seed: int) -> Any:
    """The options, with ``seed`` where theirs is null."""
    return dataclasses.replace(options, seed=seed) if getattr(options, "seed", 0) is None else options


def victims_of(
    registry: Registry, listed: Sequence[Any], choice: str, options: Any, seed: int, device: torch.device
) -> list[Victim]:
    """Those of ``victims=``, or the one of ``victim=`` with its ``options``."""
    made = victims(registry, list(listed), seed) or [victim(registry, choice, options, seed)]
    return [one.to(device) for one in made]


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
    if attack.needs_gradient and victim.access < AccessLevel.gradients:
        raise IncompatibleParts(
            f"this attack needs gradients, but victim {victim.name!r} has none. "
            "Optimise on a victim with gradients (victim=onnx loads the same file) and judge on this one with "
            "evaluate victims=[...]"
        )
    try:
        return goal.bound(victim.labels)
    except IncompatibleParts as error:
        raise IncompatibleParts(f"victim {victim.name!r} does not fit: {error}") from error
