"""The feed that is watched: a camera, a file, or a world with a print in it."""

from __future__ import annotations

import logging

import torch

from physadv.app.assembly import parts
from physadv.app.config.watch_options import WatchConfig
from physadv.app.registry import Registry
from physadv.core.errors import BadOption
from physadv.core.nearest import did_you_mean
from physadv.core.types import PatchImage
from physadv.core.worlds import World
from physadv.library.files.patches import load_patch
from physadv.parts.frames.feed import Feed
from physadv.parts.frames.open import open_source
from physadv.parts.frames.source import FrameSource
from physadv.parts.frames.world_film import NAME, Played, WorldFilm

logger = logging.getLogger(__name__)


def feed_of(registry: Registry, options: WatchConfig, world: str) -> FrameSource:
    """What ``source=`` names. Raises :class:`PhysadvError` where it is not there, or does not go with the options."""
    if options.source.strip() != NAME:
        if options.hung or options.slot:
            raise BadOption(f"hung= and slot= put a print into a world, but source={options.source}. Say source=world")
        return open_source(options.source, options=options.frames)
    options.frames.check()
    image = _print(options)
    filmed: World = parts.part(registry, "world", world, options.world, options.seed)
    _check_slot(filmed, options.slot)
    prints = {} if image is None else {options.slot or _first_slot(filmed): image}
    if prints:
        filmed.observe(filmed.reset(torch.tensor([options.seed])), prints)  # what does not fit is refused here
    return Feed(WorldFilm(Played(filmed, prints, options.episodes, options.seed), options.frames), options.frames)


def _print(options: WatchConfig) -> PatchImage | None:
    """The patch as it looks in print."""
    if not options.hung:
        if options.slot:
            raise BadOption(f"slot={options.slot} is a place for a print, but there is none. Say hung=RUN or a picture")
        return None
    image, ink = load_patch(options.hung, options.width_mm or None), parts.ink(options.ink)
    if ink is None:
        return image
    with torch.no_grad():
        printed: PatchImage = ink(image)
    return printed


def _first_slot(world: World) -> str:
    if not world.slots:
        raise BadOption(f"world={world.name} has no slot in which hung= could hang. Choose another world")
    logger.info("slot    %s of %s", world.slots[0].name, world.name)
    return world.slots[0].name


def _check_slot(world: World, slot: str) -> None:
    names = [one.name for one in world.slots]
    if slot and slot not in names:
        raise BadOption(f"world={world.name} has no slot {slot!r}{did_you_mean(slot, names) or '.'} It has "
                        f"{', '.join(names) or 'none'}")  # fmt: skip
