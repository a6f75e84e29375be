"""Write the pages of plugins that are read off the code: the reference of hooks, and the index of the repository's.

python tools/plugin_pages.py

The hooks' page comes from the hooks, the contracts and the batteries themselves; the index from the entry points in
each plugin's pyproject.toml and from what its module says when it is loaded. The tests hold both pages to it.
"""

from __future__ import annotations

import inspect
import os
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

ROOT = Path(__file__).resolve().parents[1]
HOOKS, INDEX = ROOT / "docs" / "hooks.md", ROOT / "docs" / "plugin-index.md"
_HOOKS_HEAD = """# Hooks
<!-- written by tools/plugin_pages.py; do not edit -->

Every function that a plugin may mark with `@hookimpl`, and what a part must have. Nothing needs to be subclassed:
having the members is enough. How to begin: [Write a plugin](writing-plugins.md). The rules: [Plugins](plugins.md).
"""
_INDEX_HEAD = """# Plugins beside this one
<!-- written by tools/plugin_pages.py; do not edit -->

They lie in `plugins/`, are installed each by itself (`pip install ./plugins/physadv-halo`), and show what a larger
plugin looks like. Their own tests run with every `make test`. A plugin of yours is listed, with the same facts, by
`physadv plugins list` and `physadv plugins info NAME` where it is installed.

| plugin | for | offers | needs beside physadv | may | licence |
|---|---|---|---|---|---|"""


def hooks_page() -> str:
    """Every hook with what its parts must have and what holds them to it."""
    import physadv.testing
    from physadv import api
    from physadv.app.plugin_care.scaffold import PLUGIN_KINDS
    from physadv.core import hookspecs
    from physadv.core.hookspecs import KINDS

    kinds: dict[str, Any] = {kind.hook: kind for kind in KINDS}
    words = {f"physadv_{kind.plural}": word for word, kind in PLUGIN_KINDS.items()}
    lines = [_HOOKS_HEAD]
    for name, hook in vars(hookspecs).items():
        if not name.startswith("physadv_"):
            continue
        lines += [f"## `{name}`", "", _one_line(hook.__doc__), ""]
        kind = kinds.get(name)
        if kind is not None:
            lines += _offered(kind, words[name])
            lines += _members(getattr(api, kind.protocol, None) or _contract(kind.protocol))
            battery = getattr(physadv.testing, kind.battery)
            lines += [f"`physadv.testing.{kind.battery}{_signature(battery)}`: {_first(battery)}", ""]
        elif name == "physadv_observers":
            lines += ["Gives a list of new ones for every run. Begin one with", f"{_new(words[name])}:", ""]
            lines += _members(api.Observer)
            battery = physadv.testing.check_observer
            lines += [f"`physadv.testing.check_observer{_signature(battery)}`: {_first(battery)}", ""]
        else:
            lines += ["[Presets of your own](plugins.md#presets-and-groups-of-your-own) has an example.", ""]
    return "\n".join(lines).rstrip() + "\n"


def _offered(kind: Any, word: str) -> Iterator[str]:
    from physadv.app.commands import with_options

    group = kind.group
    used = [row.words for row in with_options()
            if group in row.groups and dict(row.kinds).get(group, kind.plural) == kind.plural]  # fmt: skip
    shared = [row.words for row in with_options() if dict(row.kinds).get(group) == kind.plural]
    commands = ", ".join(f"`{words}`" for words in (shared or used))
    chosen = f"`{group}=NAME` of {commands}" if group else "by its weight: `penalties.NAME.weight=`"
    yield f"Gives a list of `Entry(name, config, build, summary, source)`, chosen as {chosen}. Begin one with"
    article = "an" if kind.protocol[0] in "AEIO" else "a"
    yield f"{_new(word)}. `build(config)` returns {article} `{kind.protocol}`:"
    yield ""


def _new(word: str) -> str:
    return f"`physadv plugins new acme-x --kind {word}`"


def _contract(name: str) -> Any:
    from physadv.core import protocols, scene_protocols, worlds

    return next(vars(module)[name] for module in (protocols, scene_protocols, worlds) if name in vars(module))


def _members(protocol: Any) -> Iterator[str]:
    yield "| member | |"
    yield "|---|---|"
    for owner in reversed(protocol.__mro__):
        for name, member in vars(owner).items():
            if owner.__module__.startswith("physadv.") and (
                not name.startswith("_") or name == "__len__" or name == "__call__"
            ):
                yield f"| {_shown(name, member)} | {_one_line(_function(member).__doc__)} |"
    yield ""


def _function(member: Any) -> Any:
    return member.fget if isinstance(member, property) else member


def _shown(name: str, member: Any) -> str:
    text = _signature(_function(member))
    if isinstance(member, property):
        return f"`{name}: {text.partition('->')[2].strip()}`".replace("|", "\\|")
    return f"`{name}{text}`".replace("|", "\\|")


def _signature(function: Any) -> str:
    said = inspect.signature(function)
    kept = [one for one in said.parameters.values() if one.name != "self"]
    return str(said.replace(parameters=kept)).replace("'", "")


def _one_line(text: str | None) -> str:
    plain = " ".join((text or "").replace("``", "`").split()).replace("|", "\\|")
    return re.sub(r"(?::\w+)?:\w+:`~?(?:[\w.]*\.)?(\w+)`", r"`\1`", plain)


def _first(function: Any) -> str:
    return _one_line((inspect.getdoc(function) or "").partition("\n\n")[0])


def index_page() -> str:
    """The plugins of the repository: what they offer, need and may do."""
    lines = [_INDEX_HEAD]
    projects = {path.parent: tomllib.loads(path.read_text(encoding="utf-8"))["project"]
                for path in sorted((ROOT / "plugins").glob("*/pyproject.toml"))}  # fmt: skip
    registry = _registry([name for project in projects.values() for name in _modules(project)])
    for folder, project in projects.items():
        page = folder / "README.md"
        link = f"../plugins/{folder.name}/README.md" if page.is_file() else f"../plugins/{folder.name}"
        offers = [*_parts(registry, project), *_advertised(project)]
        lines.append(
            f"| [`{folder.name}`]({link}) | {project['description']} | {'; '.join(offers) or 'functions to import'} | "
            f"{', '.join(_needs(project)) or 'nothing'} | {_may(project)} | {project['license']} |"
        )
    return "\n".join(lines) + "\n"


def _modules(project: Mapping[str, Any]) -> list[str]:
    return list(project.get("entry-points", {}).get("physadv", {}).values())


def _registry(modules: list[str]) -> Any:
    from physadv.app.registry import Registry

    sys.path[:0] = [str(path.parent) for path in (ROOT / "plugins").glob("*/pyproject.toml")]
    with patch.dict(os.environ, {"PHYSADV_PLUGINS": ",".join(modules), "PHYSADV_BLOCK": ""}):
        return Registry(strict=True, discover=False)


def _parts(registry: Any, project: Mapping[str, Any]) -> Iterator[str]:
    from physadv.core.hookspecs import KINDS

    for module in _modules(project):
        for kind in KINDS:
            names = [f"`{row.entry.name}`" for row in registry.offered(kind.plural) if row.owner == module]
            if names:
                yield f"{kind.plural}: {', '.join(names)}"
        if hasattr(sys.modules[module], "physadv_observers"):  # by name: which ones depends on what else is installed
            yield "observers"


def _advertised(project: Mapping[str, Any]) -> Iterator[str]:
    others = {group: rows for group, rows in project.get("entry-points", {}).items() if group != "physadv"}
    for prefix in sorted({group.rpartition(".")[0] for group in others}):
        count = sum(len(rows) for group, rows in others.items() if group.startswith(f"{prefix}."))
        yield f"to `{prefix}`: {count} entries"


def _needs(project: Mapping[str, Any]) -> list[str]:
    extras = project.get("optional-dependencies", {})
    first = [need for need in project["dependencies"] if not need.startswith("physadv")]
    return [f"`{need}`" for need in first] + [
        f"`{need}` (extra {name})" for name, needs in extras.items() for need in needs
    ]


def _may(project: Mapping[str, Any]) -> str:
    declared = [
        one
        for module in _modules(project)
        for one in getattr(sys.modules[module], "physadv_permissions", ("does not say",))
    ]
    return ", ".join(declared) or "nothing more"


if __name__ == "__main__":
    for place, text in ((HOOKS, hooks_page()), (INDEX, index_page())):
        place.write_text(text, encoding="utf-8")
