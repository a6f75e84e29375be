"""The axes of a grid: which option of scenes or conditions is held at a value."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import product

from omegaconf import DictConfig, OmegaConf

from physadv.errors import BadOption


@dataclass(frozen=True)
class Axis:
    """A condition, and where it is set: at the first of ``places`` that the chosen parts have."""

    name: str
    words: str
    unit: str
    places: tuple[str, ...]  # dotted keys of [low, high] ranges
    option: Callable[[float], float] = lambda value: value  # from the axis' value to the option's


AXES = {
    axis.name: axis
    for axis in (
        Axis("distance_m", "distance", "m", ("scenes.distance_m",)),
        Axis("yaw_deg", "yaw", "°", ("scenes.yaw_deg", "eot.jitter.yaw_deg")),
        Axis("pitch_deg", "pitch", "°", ("eot.jitter.pitch_deg",)),
        Axis("scale", "scale", "×", ("eot.jitter.scale",)),
        Axis("defocus_px", "defocus", "px", ("eot.optics.defocus_px",)),
        Axis("exposure_ev", "exposure", "stops", ("eot.camera.exposure_ev",)),
        Axis("temperature_k", "colour temperature", "K", ("scenes.temperature_k", "eot.light.temperature_k")),
        Axis("jpeg_quality", "JPEG quality", "", ("eot.camera.compression",), lambda quality: 100.0 - quality),
        Axis("occlusion", "occlusion", "", ("eot.cover.arms",)),
    )
}

Cell = tuple[tuple[str, float], ...]
"""What is held at what: pairs of axis and value, in the order of :data:`AXES`."""


def place_of(axis: Axis, config: DictConfig) -> str | None:
    """The key that the axis sets with these parts; ``None`` where they have nothing of the kind."""
    return next((key for key in axis.places if OmegaConf.select(config, key) is not None), None)


def chosen_axes(config: DictConfig) -> dict[str, list[float]]:
    """The axes that have values and can be set, with their values in order."""
    known = {name: sorted({float(v) for v in values}) for name, values in config.axes.items() if values}
    return {name: values for name, values in known.items() if place_of(AXES[name], config)}


def mapped(config: DictConfig, axes: Iterable[str]) -> tuple[str, str] | None:
    """The two axes of the map, or ``None`` where there is none or one of them cannot be set."""
    wanted = list(config.map)
    if not wanted:
        return None
    if len(wanted) != 2 or wanted[0] == wanted[1] or not set(wanted) <= set(AXES):
        raise BadOption(f"map takes two different axes out of {', '.join(AXES)}, or nothing; got {wanted}")
    first, second = wanted
    return (first, second) if set(wanted) <= set(axes) else None


def cells(axes: dict[str, list[float]], pair: tuple[str, str] | None) -> list[Cell]:
    """Every value of every axis alone, and every pair of values of the map."""
    made: list[Cell] = [((name, value),) for name, values in axes.items() for value in values]
    if pair:
        made += [
            tuple(zip(pair, values, strict=True)) for values in product(axes[pair[0]], axes[pair[1]])
        ]  # fmt: skip
    return made


def held(config: DictConfig, cell: Cell) -> DictConfig:
    """The configuration with the cell's conditions held."""
    made: DictConfig = config.copy()
    for name, value in cell:
        axis = AXES[name]
        key = place_of(axis, config)
        assert key is not None
        OmegaConf.update(made, key, [axis.option(value)] * 2)
    return made
