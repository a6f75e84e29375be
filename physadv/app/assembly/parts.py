"""Build the chosen parts from their options."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from physadv.app.config.groups import GROUPS, penalty_key
from physadv.app.config.spelling import literal_in
from physadv.app.registry import Registry
from physadv.core.errors import BadOption
from physadv.core.hookspecs import Entry
from physadv.core.nearest import did_you_mean
from physadv.core.protocols import Penalty
from physadv.core.scene_protocols import Renderer, RendersItself, SceneSource
from physadv.core.types import PatchPlace
from physadv.parts.printing.ink import Ink
from physadv.parts.printing.options import InkConfig
from physadv.parts.render.options import EotConfig

logger = logging.getLogger(__name__)


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


def named(registry: Registry, kind: str, name: str, options: Mapping[str, Any], seed: int) -> Any:
    """Build a part from its name and some of its options. An option ``seed`` that is null takes ``seed``.

    Raises :class:`BadOption` for an option that the part does not have, or a value it cannot take.
    """
    return registry.build(kind, name, _seeded(filled(kind, registry.entry(kind, name), options), seed))


def filled(kind: str, entry: Entry[Any, Any], options: Mapping[str, Any]) -> Any:
    """The options of a part, some of them set. Raises :class:`BadOption` as :func:`named` does."""
    known = {f.name for f in dataclasses.fields(entry.config)}
    if unknown := sorted(set(options) - known):
        near = did_you_mean(unknown[0], known)
        raise BadOption(f"{kind} {entry.name!r} has no option {unknown[0]!r}{near}. Known: {', '.join(sorted(known))}")
    try:
        node = OmegaConf.merge(OmegaConf.structured(entry.config), literal_in(dict(options)))
        return OmegaConf.to_object(node)
    except OmegaConfBaseException as error:
        raise BadOption(f"{kind} {entry.name!r}: {str(error).splitlines()[0]}") from error


def _seeded(options: Any, seed: int) -> Any:
    """The options, with ``seed`` where theirs is null."""
    return dataclasses.replace(options, seed=seed) if getattr(options, "seed", 0) is None else options
