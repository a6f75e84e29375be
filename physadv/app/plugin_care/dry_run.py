"""The answer of pip to what it would install for a plugin, against what is installed and what physadv is tested with.

A dry run installs nothing, and takes only wheels: to ask an archive of sources for its needs runs its code.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, distribution, version
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from physadv.app.plugin_care.dependencies import OURS, pinned_versions
from physadv.app.plugin_care.findings import CheckFinding

SECONDS = 25.0  # that pip may take: without a way to an index it would try for minutes
NAME = "installation"
_PIP = (
    "-m", "pip", "install", "--dry-run", "--quiet", "--report", "-", "--disable-pip-version-check", "--no-input",
    "--no-color", "--only-binary=:all:", "--retries", "0", "--timeout", "5",
)  # fmt: skip

Asked = Callable[[Sequence[str]], subprocess.CompletedProcess[str]]
"""Run Python with these words."""


def _python(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, *words]
    return subprocess.run(
        command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def installation_finding(name: str, ask: Asked = _python) -> CheckFinding:
    """Tell what ``pip install`` of the needs of the distribution ``name`` would change here; never a failure of pip's.

    ``failed`` where it would leave a version that physadv is tested with; "not tried" where pip cannot tell.
    """
    needs = list(_needs(name))
    if not needs:
        return CheckFinding(NAME, "passed", "it needs nothing beside physadv")
    try:
        done = ask([*_PIP, *needs])
    except subprocess.TimeoutExpired:
        return CheckFinding(NAME, "not tried", f"pip did not answer in {SECONDS:g} s: no way to an index?")
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
        return CheckFinding(NAME, "not tried", f"pip cannot tell: {lines[-1] if lines else 'it said nothing'}")
    try:
        report = json.loads(done.stdout)
    except ValueError:
        return CheckFinding(NAME, "not tried", "pip's report cannot be read; it is older than 23")
    return _finding(report)


def _needs(name: str) -> Iterable[str]:
    for line in distribution(name).requires or ():
        try:
            need = Requirement(line)
        except InvalidRequirement:
            continue
        if canonicalize_name(need.name) != OURS and (not need.marker or need.marker.evaluate({"extra": ""})):
            yield str(need)


def _finding(report: Mapping[str, Any]) -> CheckFinding:
    tested = pinned_versions()
    bad: list[str] = []
    good: list[str] = []
    for item in report.get("install", ()):
        name, new = canonicalize_name(item["metadata"]["name"]), item["metadata"]["version"]
        old, pin = _installed(name), tested.get(name)
        leaves = pin not in (None, new)
        told = f"{name} {old} → {new}" if old else f"{name} {new}, new here"
        (bad if leaves else good).append(f"{told}, tested with {pin}" if leaves else told)
    if bad:
        return CheckFinding(NAME, "failed", f"would change {'; '.join(bad + good)}")
    return CheckFinding(NAME, "passed", f"would change {'; '.join(good)}" if good else "would change nothing")


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
