"""The stages of a preset one at a time, each at the end of its range, and the numbers of one draw."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from physadv.core.types import Draws
from physadv.parts.render.options import EotConfig, ranges

GROUPS = ("jitter", "surface", "cover", "light", "optics", "sensor", "camera")
COMPANION = {
    "light.shadow": "light.key_to_ambient", "light.gloss": "light.key_to_ambient",
    "surface.breadth_mm": "surface.depth_mm",
}  # fmt: skip
"""Options that show nothing without another one."""
HIDDEN = (
    "light.key_azimuth_deg", "light.key_height_deg", "light.shadow_edge_mm", "light.gloss_width_deg",
    "surface.depth_mm",
)  # fmt: skip
"""Options that only say how another one looks."""


def single_stages(options: EotConfig) -> Iterator[tuple[str, EotConfig]]:
    """Title and options: nothing varies, every option that varies at the high end of its range, all of it drawn."""
    yield "nothing varies", only(options, ())
    for group in GROUPS:
        for option, span in ranges(getattr(options, group)).items():
            name = f"{group}.{option}"
            neutral = list(getattr(getattr(EotConfig(), group), option))
            if list(span) == neutral or name in HIDDEN:
                continue
            yield f"{name} {span[1]:g}", only(options, (name, COMPANION.get(name, name)))
    yield "everything, drawn", options


def only(options: EotConfig, names: tuple[str, ...]) -> EotConfig:
    """The preset with nothing but ``names``, each at the high end of its range."""
    single = dataclasses.replace(EotConfig(), place=options.place)
    for name in names:
        group, option = name.split(".")
        high = list(getattr(getattr(options, group), option))[1]
        changed: dict[str, Any] = {option: [high, high]}
        if name == "optics.motion_px":
            changed["motion_spread_deg"] = options.optics.motion_spread_deg
        single = dataclasses.replace(single, **{group: dataclasses.replace(getattr(single, group), **changed)})
    return single


def drawn_numbers(drawn: Draws, row: int) -> dict[str, str]:
    """Every number that was drawn for the object of this ``row``, by the option's dotted name."""
    numbers = {}
    for group in GROUPS:
        for option, values in drawn.stages[group].items():
            if values.ndim in (1, 2) and values.is_floating_point() and option != "crop":
                own = values[0 if group == "camera" else row]
                numbers[f"{group}.{option}"] = " ".join(f"{value:.4g}" for value in own.reshape(-1).tolist())
    return numbers
