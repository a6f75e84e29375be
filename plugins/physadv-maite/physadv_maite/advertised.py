"""MAITE components that installed packages advertise: listed from metadata, imported only when one is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from physadv.api import BadOption, MissingExtra

PREFIX = "maite.protocols."


@dataclass(frozen=True, order=True)
class Advertised:
    """One entry point, as it stands in its package's metadata."""

    group: str  # "object_detection.Model"
    name: str
    value: str  # "module:Class"
    package: str  # with version; empty where it is not known


def advertised() -> list[Advertised]:
    """All of them, of every package; nothing of theirs is imported."""
    return sorted(
        Advertised(point.group.removeprefix(PREFIX), point.name, point.value,
                   f"{point.dist.name} {point.dist.version}" if point.dist else "")
        for group in entry_points().groups if group.startswith(PREFIX) for point in entry_points(group=group)
    )  # fmt: skip


def made(option: str, named: str, role: str, arguments: Mapping[str, Any]) -> Any:
    """The component of that name or ``module:Class``, called by keyword: MAITE's own metrics take nothing else.

    ``role`` is its protocol, "object_detection.Model". An argument ``{"made": "module:Class", "size": 3}`` is made
    first, in the same way.

    Raises :class:`BadOption` where it is not known or refuses its arguments, :class:`MissingExtra` where it cannot be
    imported.
    """
    known = {one.name: one.value for one in advertised() if one.group == role}
    address = known.get(named, named)
    module, colon, attribute = address.partition(":")
    if not colon:
        raise BadOption(f"{option}={named} is neither module:Class nor advertised. Known: {', '.join(known) or 'none'}")
    try:
        maker: Any = import_module(module)
        for part in attribute.split("."):
            maker = getattr(maker, part)
    except ImportError as error:
        raise MissingExtra(f"{option}={named} cannot be imported: {error}. Install what it is part of") from error
    except AttributeError as error:
        raise BadOption(f"{option}={named}: {error}") from error
    given = {name: _argument(option, value) for name, value in arguments.items()}
    try:
        return maker(**given)
    except TypeError as error:
        raise BadOption(f"{option}={named} does not take its arguments {dict(arguments)}: {error}") from error


def _argument(option: str, value: Any) -> Any:
    if isinstance(value, dict) and "made" in value:
        return made(option, str(value["made"]), "", {name: one for name, one in value.items() if name != "made"})
    return value
