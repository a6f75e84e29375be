"""What a plugin needs of others, against what is installed and what physadv was tested with. Needs no network.

Read from the metadata of what is installed: the plugin, what it needs, and what that needs in turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from physadv.app.plugin_care.findings import CheckFinding

_PACKAGE = Path(__file__).resolve().parents[2]
_PLACES = (_PACKAGE / "constraints.txt", _PACKAGE.parent / "constraints.txt")  # the wheel's, the checkout's
OURS = "physadv"


def pinned_versions() -> dict[str, str]:
    """Distribution → the version that the tests pass with; empty where the list did not come along."""
    lines = next((place.read_text().splitlines() for place in _PLACES if place.is_file()), [])
    pinned = (line.partition("#")[0].strip().partition("==") for line in lines)
    return {canonicalize_name(name): version for name, equals, version in pinned if equals}


def dependency_findings(name: str, tested: dict[str, str] | None = None) -> list[CheckFinding]:
    """What is missing or of a wrong version, and what installing it would change of our tested versions."""
    tested = pinned_versions() if tested is None else tested
    wrong, changed = [], []
    for owner, need in _needs(distribution(name)):
        version = _version(need.name)
        if version is None:
            wrong.append(f"{owner} needs {need.name}{need.specifier}, which is not installed")
        elif not need.specifier.contains(version, prereleases=True):
            wrong.append(f"{owner} needs {need.name}{need.specifier}, but {version} is installed")
        pin = tested.get(canonicalize_name(need.name))
        if pin is not None and not need.specifier.contains(pin, prereleases=True):
            changed.append(f"{owner} needs {need.name}{need.specifier}, and physadv is tested with {need.name} {pin}")
    return [_finding("requirements", wrong), _finding("tested versions", changed)]


def _finding(name: str, said: list[str]) -> CheckFinding:
    return CheckFinding(name, "failed" if said else "passed", "; ".join(said))


def _needs(root: Distribution) -> Iterator[tuple[str, Requirement]]:
    """Who needs what; physadv's own needs are left out, they are not the plugin's doing."""
    seen: set[tuple[str, frozenset[str]]] = {(OURS, frozenset())}
    waiting: list[tuple[Distribution, frozenset[str]]] = [(root, frozenset())]
    while waiting:
        dist, extras = waiting.pop()
        for line in dist.requires or ():
            try:
                need = Requirement(line)
            except InvalidRequirement:
                continue
            if need.marker and not any(need.marker.evaluate({"extra": extra}) for extra in (*extras, "")):
                continue
            yield dist.name, need
            key = (canonicalize_name(need.name), frozenset(need.extras))
            if key not in seen and _version(need.name) is not None:
                seen.add(key)
                waiting.append((distribution(need.name), key[1]))


def _version(name: str) -> str | None:
    try:
        return distribution(name).version
    except PackageNotFoundError:
        return None
