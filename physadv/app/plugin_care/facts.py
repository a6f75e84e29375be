"""Whatever can be told of an installed plugin without using it. Never imports torch."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from physadv.app.config.help import comments
from physadv.app.plugins import PluginRecord
from physadv.app.registry import Registry
from physadv.core.errors import BadOption
from physadv.core.hookspecs import KINDS
from physadv.core.nearest import did_you_mean

PERMISSIONS = {
    "network": "talks to other machines while it runs",
    "downloads": "fetches files",
    "writes": "writes outside of the run folder",
}
"""That a plugin may declare with ``physadv_permissions``. A declaration, not a fence: what it says is not enforced."""


@dataclass(frozen=True)
class OptionFacts:
    """A field of the options."""

    name: str
    type: str
    default: str  # as Python writes it
    meaning: str


@dataclass(frozen=True)
class PartFacts:
    """A row that the plugin offers."""

    kind: str
    name: str
    summary: str
    source: str
    options: tuple[OptionFacts, ...]


@dataclass(frozen=True)
class PluginFacts:
    """All of one plugin."""

    name: str
    distribution: str
    version: str
    module: str
    file: str
    physadv_api: int | None  # None: it does not say
    status: str
    reason: str  # where it is left out, or has a warning
    seconds: float  # to load
    permissions: tuple[str, ...] | None  # None: it does not say
    parts: tuple[PartFacts, ...]
    observers: tuple[str, ...]
    presets: tuple[str, ...]  # "experiment/acme_blur"


def plugin_called(registry: Registry, name: str) -> PluginRecord:
    """By its own name, that of its distribution or of its module. Raises :class:`BadOption`."""
    wanted = _plain(name)
    for record in registry.records:
        if wanted and wanted in map(_plain, (record.name, record.distribution, record.module)):
            return record
    known = [record.name for record in registry.records]
    told = f"Installed: {', '.join(known)}" if known else "None is installed"
    raise BadOption(f"no plugin named {name!r} is installed{did_you_mean(name, known) or '.'} {told}")


def facts_of(registry: Registry, record: PluginRecord) -> PluginFacts:
    """What it offers, declares and took to load."""
    folders = registry.config_dirs(only=record.name)
    registry.with_observers()
    module: Any = registry.manager.get_plugin(record.name)
    parts = [
        PartFacts(kind.plural, row.entry.name, row.entry.summary, row.entry.source, _options(row.entry.config))
        for kind in KINDS
        for row in registry.offered(kind.plural)
        if row.owner == record.name
    ]
    return PluginFacts(
        record.name, record.distribution, record.version, record.module, getattr(module, "__file__", None) or "",
        getattr(module, "physadv_api", None), record.status, record.error or record.warning, round(record.seconds, 4),
        _permissions(module), tuple(parts), tuple(record.observers), tuple(_presets(folders)),
    )  # fmt: skip


def _plain(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _permissions(module: Any) -> tuple[str, ...] | None:
    """As declared. Raises :class:`BadOption` for what is none of ours."""
    declared = getattr(module, "physadv_permissions", None)
    if declared is None:
        return None
    listed = (declared,) if isinstance(declared, str) else tuple(declared)
    for one in listed:
        if one not in PERMISSIONS:
            raise BadOption(
                f"the plugin {module.__name__!r} declares physadv_permissions {one!r}"
                f"{did_you_mean(str(one), PERMISSIONS) or '.'} Known: {', '.join(PERMISSIONS)}. Its author must mend it"
            )
    return listed


def _options(config: type) -> tuple[OptionFacts, ...]:
    meanings = comments(config)
    return tuple(
        OptionFacts(field.name, _type(field.type), _default(field), meanings.get(field.name, ""))
        for field in dataclasses.fields(config)
    )


def _type(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default is not dataclasses.MISSING:
        return repr(field.default)
    return "" if field.default_factory is dataclasses.MISSING else repr(field.default_factory())


def _presets(folders: list[str]) -> list[str]:
    return sorted(
        path.relative_to(folder).with_suffix("").as_posix()
        for folder in folders
        for path in Path(folder).rglob("*.yaml")
    )
