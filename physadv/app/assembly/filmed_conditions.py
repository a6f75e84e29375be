"""The conditions that films of a print show, at the options of scenes and preset that they set."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from physadv.app.config.judging_options import JudgingOptions
from physadv.core.errors import BadInput, BadOption
from physadv.core.masking import masked
from physadv.engines.watch.recordings import Film, with_optics
from physadv.library.calibration.conditions import MIN_FRAMES, BoardFrame, Range, ranges
from physadv.library.calibration.film_sense import check_film
from physadv.library.calibration.preset import Placed, overrides, placed, preset_text
from physadv.parts.render.options import check

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FilmedConditions:
    """The findings of all films together."""

    films: Sequence[Film]
    frames: Sequence[BoardFrame]  # of all films
    found: Mapping[str, Range]
    placed: Sequence[Placed]  # those of ``found`` that an option can take
    lens_deg: float | None  # field of view of the films, where the scenes have a lens and it is another
    width_px: int  # of the pictures that blur and noise are for

    @property
    def overrides(self) -> list[str]:
        """Options that belong to the scenes, and so cannot stand in a preset of conditions."""
        return overrides(self.placed, self.lens_deg)

    def cases(self, options: JudgingOptions) -> dict[str, JudgingOptions]:
        """The options as before, at the filmed places and through their lens only, and under all that was measured.

        Raises :class:`BadOption` for a range that no renderer can take.
        """
        seen_through = options.holding({"scenes.field_of_view_deg": self.lens_deg} if self.lens_deg else {})
        values = {option.key: [option.low, option.high] for option in self.placed}
        places = {key: value for key, value in values.items() if key.startswith("scenes.")}
        after = seen_through.holding(values)
        check(after.eot)
        return {"before": options, "places": seen_through.holding(places), "after": after}

    def preset(self, name: str, parent: str) -> str:
        """The preset's text, which differs from its ``parent`` only in what was measured."""
        optics = sum(frame.optics is not None for frame in self.frames)
        sources = ", ".join(sorted({Path(masked(film.source)).name or film.folder.name for film in self.films}))
        heading = [
            f"What {len(self.frames)} frames of {sources} show of a printed board: central 96 % of each condition.",
            f"Blur, noise and light were measured in {optics} of them.",
        ]
        return preset_text(parent, name, self.placed, heading, self.width_px, self.overrides)


def filmed_conditions(
    films: Sequence[Film], options: JudgingOptions, max_frames: int, width_px: int
) -> FilmedConditions:
    """Measure all films, blur, noise and light in at most ``max_frames`` of each, for pictures ``width_px`` wide.

    Raises :class:`BadInput` for a film that cannot be right, and where too few frames show a board with a pose.
    """
    by_film = [_frames(film, max_frames) for film in films]
    frames = [frame for film in by_film for frame in film]
    found = ranges(by_film, width_px / films[0].size_px[0])
    low, high = options.settings["scenes"].get("blur_px") or (0.0, 0.0)
    at_options = placed(found, _keys(options.settings), (float(low), float(high)))
    if not at_options:
        raise BadInput(
            f"{len(frames)} frames of {len(films)} run(s) show a board with a pose; at least {MIN_FRAMES} are needed. "
            "Film longer, nearer, or with larger tags (physadv sheet range_m=10)"
        )
    return FilmedConditions(films, frames, found, at_options, _lens_deg(films[0], options), width_px)


def picture_width_px(wanted: int, settings: Mapping[str, Any]) -> int:
    """Of the pictures in which the preset will act: as ``wanted``, or as the scenes say.

    Raises :class:`BadOption` where neither tells.
    """
    scenes = settings["scenes"]
    known = wanted or scenes.get("width_px") or scenes.get("long_side_px")
    if not known:
        raise BadOption("how wide are the pictures of these scenes? Say picture_px=640")
    return int(known)


def _frames(film: Film, max_frames: int) -> list[BoardFrame]:
    frames = with_optics(film, max_frames)
    if doubt := check_film(frames, [sight.miss for sight in film.sights], str(film.folder)):
        logger.warning("doubt: %s", doubt)
    return frames


def _keys(settings: Mapping[str, Any]) -> list[str]:
    """Dotted names of the options that scenes and preset have."""
    groups = {group: rows for group, rows in settings["eot"].items() if isinstance(rows, Mapping)}
    return [f"scenes.{name}" for name in settings["scenes"]] + [
        f"eot.{group}.{name}" for group, rows in groups.items() for name in rows
    ]


def _lens_deg(film: Film, options: JudgingOptions) -> float | None:
    own_deg = options.settings["scenes"].get("field_of_view_deg")
    if own_deg is None or options.choices["scenes"] != "road":
        return None
    filmed_deg = round(film.field_of_view_deg, 1)
    return None if filmed_deg == own_deg else filmed_deg
