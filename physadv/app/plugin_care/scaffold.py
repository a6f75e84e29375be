"""A new plugin, complete: a part that works, its options, a preset, tests, a page, a file for CI. Needs no torch.

The texts lie in ``templates/``: for every kind a file, which opens with facts and goes on with files, each behind a
line ``==> PATH``.
"""

from __future__ import annotations

import keyword
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from string import Template

from physadv.app.config.groups import penalty_key
from physadv.core.errors import BadOption, BadOutput
from physadv.core.hookspecs import API, KINDS
from physadv.core.nearest import did_you_mean
from physadv.core.version import __version__

_NAME = re.compile(r"[a-z][a-z0-9]*([-_.][a-z0-9]+)*")


@dataclass(frozen=True)
class PluginKind:
    """What a plugin can be made of: a kind of part, or observers, which are not chosen and have no options."""

    word: str  # as typed: "defense"
    plural: str  # of the hook and of the template
    protocol: str


_PARTS = (PluginKind(kind.name.split()[0], kind.plural, kind.protocol) for kind in KINDS)
PLUGIN_KINDS = {kind.word: kind for kind in (*_PARTS, PluginKind("observer", "observers", "Observer"))}
"""Word → kind, in the order data meets them."""


def kind_called(word: str) -> PluginKind:
    """The kind, by its name or its plural. Raises :class:`BadOption`."""
    for kind in PLUGIN_KINDS.values():
        if word.lower() in (kind.word, kind.plural):
            return kind
    known = ", ".join(PLUGIN_KINDS)
    raise BadOption(f"no kind named {word!r}{did_you_mean(word, PLUGIN_KINDS) or '.'} Known: {known}")


@dataclass(frozen=True)
class PluginName:
    """The names that follow from that of the distribution: ``acme-blur``."""

    dist: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.dist):
            raise BadOption(
                f"{self.dist!r} is not a name for a package: lower-case letters and digits, joined by '-', beginning "
                "with a letter, as in acme-blur"
            )
        if keyword.iskeyword(self.module) or self.module in sys.stdlib_module_names or self.module == "physadv":
            raise BadOption(
                f"{self.dist!r} is a name of Python or of physadv itself; put yours before: acme-{self.dist}"
            )

    @property
    def module(self) -> str:
        """``acme_blur``."""
        return re.sub("[-.]", "_", self.dist)

    @property
    def part(self) -> str:
        """``acme/blur``: third parties prefix their parts; a leading "physadv-" says nothing about one."""
        first, *rest = self.dist.removeprefix("physadv-").replace("_", "-").replace(".", "-").split("-")
        return f"{first}/{'-'.join(rest) or first}"

    @property
    def of_class(self) -> str:
        """``AcmeBlur``."""
        return "".join(word.capitalize() for word in self.module.split("_"))


def written(name: PluginName, kind: PluginKind, folder: Path) -> list[Path]:
    """Write the package ``folder/NAME`` whole, or not at all; its files, relative to it.

    Raises :class:`BadOutput` where the name is taken or nothing can be written, :class:`BadOption` for the name of a
    module that is there already, which the new one would hide.
    """
    place = folder / name.dist
    if place.exists():
        raise BadOutput(f"{place} exists already. Choose another name, or another folder with --folder")
    if find_spec(name.module) is not None:
        raise BadOption(f"a module {name.module!r} is installed already, and the new one would hide it: choose another")
    files = _files(name, kind)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as temporary:
            root = Path(temporary) / name.dist
            for path, text in files.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text, encoding="utf-8")
            shutil.move(root, place)
    except OSError as error:
        raise BadOutput(f"{place} cannot be written: {error.strerror or error}") from error
    return sorted(map(Path, files))


def _files(name: PluginName, kind: PluginKind) -> dict[str, str]:
    """Path → text."""
    own = _sections(kind.plural)
    facts = dict(line.split(": ", 1) for line in own.pop("facts").splitlines())
    entry = {} if kind.plural == "observers" else _sections("entry")
    names = _words(name, kind, facts)
    sections = {**_sections("shared"), **entry, **own}
    return {Template(path).substitute(names): Template(text).substitute(names) for path, text in sections.items()}


def _sections(template: str) -> dict[str, str]:
    text = resources.files(__package__).joinpath("templates", f"{template}.txt").read_text(encoding="utf-8")
    _, *blocks = re.split(r"^==> ", text, flags=re.M)
    return dict(block.split("\n", 1) for block in blocks)


def _words(name: PluginName, kind: PluginKind, facts: Mapping[str, str]) -> dict[str, str]:
    major, minor = __version__.split(".")[:2]
    summary = facts["summary"]
    words = {
        "dist": name.dist, "module": name.module, "part": name.part, "Class": name.of_class, "api": str(API),
        "key": penalty_key(name.part), "ENV": f"{name.module.upper()}_EVERY", "kind": kind.word,
        "hook": f"physadv_{kind.plural}", "protocol": kind.protocol, "summary": summary,
        "Summary": summary[0].upper() + summary[1:],
        "requirement": f"physadv>={major}.{minor},<{major}.{int(minor) + 1}",
    }  # fmt: skip
    rest = {"returns": "$protocol", "battery": "", "option": "", "nonsense": ""} | dict(facts)
    words |= {key: Template(rest[key]).substitute(words) for key in ("returns", "battery", "option", "nonsense", "use")}
    return words | {"imports": _imports(rest.get("imports", ""))}


def _imports(names: str) -> str:
    """Sorted as ruff does: of physadv, whose modules are third parties' here."""
    return f"from physadv.api import BadOption\nfrom physadv.testing import {names}"
