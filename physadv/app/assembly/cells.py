"""The cells of a grid as judgements: the options that hold their conditions, and the scenes these make."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from physadv.app.assembly import parts
from physadv.app.assembly.trials import Bench, JudgedScenes, judged_scenes, scenes_of, trial_of
from physadv.app.config.judging_options import JudgingOptions
from physadv.app.registry import Registry
from physadv.engines.judging.grid.axes import AXES, Cell, held, told_by
from physadv.engines.judging.shards import digest
from physadv.engines.judging.trial import Trial, exact_digest
from physadv.parts.scenes.at_distance import TooNear
from physadv.parts.scenes.options import MarkedConfig

logger = logging.getLogger(__name__)

_DECISIVE = ("scenes", "eot", "ink", "goal", "judge", "protocol", "victim", "victims")


@dataclass
class CellTrials:
    """The judgement of every cell. Scenes are made anew only where their options differ from the cell before."""

    registry: Registry
    options: JudgingOptions
    bench: Bench
    out: Path
    _made: dict[str, JudgedScenes] = field(default_factory=dict)  # at most one: photos are kept in memory

    def options_of(self, cell: Cell) -> JudgingOptions:
        """The options with the cell's conditions held."""
        return self.options.holding(held(cell, self.options.settings))

    def scenes(self, cell: Cell) -> JudgedScenes:
        """Scenes and victims of the cell."""
        here = self.options_of(cell)
        key = digest([here.settings["scenes"]])
        if key not in self._made:
            self._made.clear()
            pair = scenes_of(self.registry, here, self.bench.victims[0], self.bench.device)
            self._made[key] = judged_scenes(pair, self.bench.patches, here)
        return self._made[key]

    def trial(self, cell: Cell) -> Trial:
        """The cell's judgement."""
        return trial_of(self.bench, self.scenes(cell), self.options_of(cell), self.out)

    def check_scenes(self, cells: Sequence[Cell]) -> None:
        """Refuse now what the scenes of a later cell would refuse. Photos have been looked at for their distances."""
        if has_photos(self.options):
            return
        for here in {digest([o.settings["scenes"]]): o for o in map(self.options_of, cells)}.values():
            parts.part(self.registry, "scenes", here.choices["scenes"], here.scenes, here.seed)

    def photographed(self, axes: Mapping[str, list[float]], *, asked: bool) -> dict[str, list[float]]:
        """The axes without distances that no photo can show; those that were ``asked`` for by name are refused."""
        if "distance_m" not in axes or not has_photos(self.options):
            return dict(axes)
        logger.info("photos  %s", distance_words(self.options))
        able: list[float] = []
        for distance in axes["distance_m"]:
            here = self.options_of((("distance_m", distance),))
            try:
                scenes_of(self.registry, here, self.bench.victims[0], self.bench.device)
            except TooNear as error:
                if asked or distance == axes["distance_m"][-1]:
                    raise
                logger.warning("left    distance_m=%g: %s", distance, error)
            else:
                able.append(distance)
        return {name: able if name == "distance_m" else values for name, values in axes.items()}

    def files(self, cells: Sequence[Cell]) -> dict[Cell, Path]:
        """Cell → where it is kept: the name tells the cell, and changes with everything its numbers depend on."""
        return {cell: self.out / "cells" / f"{self._name(cell)}.json" for cell in cells}

    def _name(self, cell: Cell) -> str:
        here = self.options_of(cell)
        facts = [
            dict(here.choices), [here.settings[key] for key in _DECISIVE], here.seed,
            [(v.name, v.digest) for v in self.bench.victims], [exact_digest(c.patch) for c in self.bench.patches],
        ]  # fmt: skip
        return "-".join(f"{AXES[name].name}={value:g}" for name, value in cell) + "-" + digest(facts)[:12]


def has_photos(options: JudgingOptions) -> bool:
    """Whether the scenes are annotated photos, whose distances rest on assumptions."""
    return isinstance(options.scenes, MarkedConfig)


def distance_words(options: JudgingOptions) -> str:
    """By what distances in annotated photos are told."""
    scenes: MarkedConfig = options.scenes
    return told_by(scenes.label, float(scenes.object_height_mm), scenes.field_of_view_deg)


@contextmanager
def said_once() -> Iterator[None]:
    """Log what scenes say of themselves once: they are made again for many cells."""
    said: set[str] = set()

    def is_new(entry: logging.LogRecord) -> bool:
        text = entry.getMessage()
        known = text in said and entry.name.startswith("physadv.parts.scenes")
        said.add(text)
        return not known

    handlers = logging.getLogger().handlers[:]
    for handler in handlers:
        handler.addFilter(is_new)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(is_new)
