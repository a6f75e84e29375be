"""The axes of a grid: which option of scenes or conditions is held at a value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import product
from typing import Any

from physadv.core.errors import BadOption
from physadv.library.placement.object_sizes import object_height_mm


@dataclass(frozen=True)
class Axis:
    """A condition, and where it is set: at the first of ``places`` that the chosen parts have."""

    name: str
    words: str
    unit: str
    places: tuple[str, ...]  # dotted keys of [low, high] ranges
    option: Callable[[float], float] = lambda value: value  # from the axis' value to the option's
    remedy: str = ""  # what to do where none of the places is there
    instead: str = ""  # a key of the same meaning: with it the axis would say nothing of its own


AXES = {
    axis.name: axis
    for axis in (
        Axis(
            "distance_m",
            "distance",
            "m",
            ("scenes.distance_m",),
            remedy="only drawn scenes and annotated photos have distances: use scenes=road, or annotate the photos for "
            "scenes=coco, yolo or voc",
        ),
        Axis(
            "yaw_deg",
            "yaw",
            "°",
            ("scenes.yaw_deg",),
            remedy="photos show the object as it was filmed: patch_yaw_deg turns the patch alone, scenes=road turns a "
            "sign with it",
        ),
        Axis(
            "patch_yaw_deg",
            "yaw of the patch alone",
            "°",
            ("eot.jitter.yaw_deg",),
            remedy="there yaw_deg turns the object together with its patch",
            instead="scenes.yaw_deg",
        ),
        Axis("pitch_deg", "pitch of the patch alone", "°", ("eot.jitter.pitch_deg",)),
        Axis("scale", "scale", "×", ("eot.jitter.scale",)),
        Axis("defocus_px", "defocus", "px", ("eot.optics.defocus_px",)),
        Axis("exposure_ev", "exposure", "stops", ("eot.camera.exposure_ev",)),
        Axis("temperature_k", "colour temperature", "K", ("scenes.temperature_k", "eot.light.temperature_k")),
        Axis("jpeg_quality", "JPEG quality", "", ("eot.camera.compression",), lambda quality: 100.0 - quality),
        Axis("occlusion", "occlusion", "", ("eot.cover.arms",)),
    )
}

Cell = tuple[tuple[str, float], ...]
"""Pairs of an axis and the value it is held at, in the order of :data:`AXES`."""


def place_of(axis: Axis, settings: Mapping[str, Any]) -> str | None:
    """The key that the axis sets with these parts; ``None`` where they have nothing of the kind."""
    if axis.instead and _value(settings, axis.instead) is not None:
        return None
    return next((key for key in axis.places if _value(settings, key) is not None), None)


def _value(settings: Mapping[str, Any], key: str) -> Any:
    """The value at a dotted key; ``None`` where there is none."""
    found: Any = settings
    for name in key.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def chosen_axes(
    values: Mapping[str, Sequence[float]], asked: Sequence[str], settings: Mapping[str, Any], scenes: str
) -> dict[str, list[float]]:
    """The axes that have ``values`` and can be set, with their values in order; only those ``asked`` for, if any.

    ``settings`` are the options of scenes and world as plain values. One that was asked for by name and cannot be set
    is refused, with what to do.
    """
    for name in asked:
        if name not in AXES:
            near = get_close_matches(name, AXES, n=1, cutoff=0.4)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise BadOption(f"axes={name}: there is no such axis.{hint} Known: {', '.join(AXES)}")
    known = {name: sorted({float(v) for v in row}) for name, row in values.items()
             if row and (not asked or name in asked)}  # fmt: skip
    able = {name: row for name, row in known.items() if place_of(AXES[name], settings)}
    unable = [name for name in known if name not in able]
    if unable and (asked or not able):
        raise BadOption("; ".join(why_not(name, scenes) for name in unable))
    empty = [name for name in asked if name not in known]
    if empty or not able:
        raise BadOption(f"axes.{(empty or ['distance_m'])[0]} has no value. Set some, as axes.distance_m=[5,10,20]")
    return able


def told_by(label: str, stated_mm: float, field_of_view_deg: float) -> str:
    """By what the distance of an object in photos is told: both numbers make every distance longer or shorter."""
    tall = object_height_mm(label, stated_mm)
    return (
        f"distance by the height of a {label} in the photo: {tall:g} mm{'' if stated_mm else ' (assumed)'}, seen "
        f"by a camera of {field_of_view_deg:g}° across the longer side (scenes.object_height_mm, "
        "scenes.field_of_view_deg)"
    )


def why_not(name: str, scenes: str) -> str:
    """Why the scenes cannot set the axis, and the remedy."""
    remedy = AXES[name].remedy or "the options of eot= have nothing of the kind"
    return f"scenes={scenes} cannot set {name}: {remedy}"


def mapped(wanted: Sequence[str], axes: Iterable[str]) -> tuple[str, str] | None:
    """The two axes of the map, or ``None`` where there is none or one of them cannot be set.

    Raises :class:`BadOption` unless two different axes are wanted, or nothing.
    """
    if not wanted:
        return None
    if len(wanted) != 2 or wanted[0] == wanted[1] or not set(wanted) <= set(AXES):
        raise BadOption(f"map takes two different axes out of {', '.join(AXES)}, or nothing; got {list(wanted)}")
    first, second = wanted
    return (first, second) if set(wanted) <= set(axes) else None


def condition_words(name: str, value: float) -> str:
    """ "distance 10 m"."""
    axis = AXES[name]
    space = "" if axis.unit in ("", "°") else " "
    return f"{axis.words} {value:g}{space}{axis.unit}"


def cells(axes: dict[str, list[float]], pair: tuple[str, str] | None) -> list[Cell]:
    """Every value of every axis alone, and every pair of values of the map."""
    made: list[Cell] = [((name, value),) for name, values in axes.items() for value in values]
    if pair:
        made += [
            tuple(zip(pair, values, strict=True)) for values in product(axes[pair[0]], axes[pair[1]])
        ]  # fmt: skip
    return made


def held(cell: Cell, settings: Mapping[str, Any]) -> dict[str, list[float]]:
    """Which options hold the conditions of the cell: dotted key → range of one value."""
    made: dict[str, list[float]] = {}
    for name, value in cell:
        axis = AXES[name]
        key = place_of(axis, settings)
        assert key is not None
        made[key] = [axis.option(value)] * 2
    return made
