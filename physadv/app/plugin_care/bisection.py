"""Which plugin makes a command fail: the set is halved until one is left, or a few that fail only together."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from physadv.app.commands import COMMANDS
from physadv.core.errors import BadOption

Fails = Callable[[Sequence[str]], bool]
"""Whether the command fails with these plugins alone."""


def culprits(plugins: Sequence[str], fails: Fails) -> list[str]:
    """The smallest set that halving finds; with all of ``plugins`` the command fails, without any it does not.

    ``a b c d`` → ``a b`` fails → ``a`` does not, ``b`` does: ``b``. Where no part fails alone they are needed together:
    then each is left out in turn, and stays out if the command fails all the same.
    """
    left = list(plugins)
    while len(left) > 1:
        halves = left[: len(left) // 2], left[len(left) // 2 :]
        failing = next((half for half in halves if fails(half)), None)
        if failing is None:
            break
        left = failing
    if len(left) > 1:
        for one in tuple(left):
            rest = [other for other in left if other != one]
            if fails(rest):
                left = rest
    return left


@dataclass
class Tries:
    """The command, run in a process of its own for every set of plugins."""

    words: tuple[str, ...]
    plugins: tuple[str, ...]  # all that are there
    scratch: Path  # run folders go there, a new one for each try: one that exists would fail for that reason
    seconds: float | None = None  # a try that takes longer counts as failed
    count: int = 0
    said: str = ""  # the last line of the last try that failed

    def fails(self, kept: Sequence[str]) -> bool:
        """Run it with these plugins alone."""
        self.count += 1
        off = [name for name in self.plugins if name not in kept]
        blocked = [*filter(None, os.environ.get("PHYSADV_BLOCK", "").split(",")), *off]
        env = {**os.environ, "PHYSADV_BLOCK": ",".join(blocked), "PYTHONPATH": _paths()}
        command = [sys.executable, "-m", "physadv.cli", *self._words()]
        try:
            done = subprocess.run(
                command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=self.seconds,
                check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            self.said = f"it took longer than {self.seconds:g} s"
            return True
        if done.returncode:
            lines = done.stderr.strip().splitlines()
            self.said = lines[-1] if lines else f"exit code {done.returncode}"
        return done.returncode != 0

    def _words(self) -> list[str]:
        row = COMMANDS.get(" ".join(self.words[:2])) or COMMANDS.get(self.words[0])
        if row is None:
            raise BadOption(f"{' '.join(self.words[:2])!r} is not a command that could be tried. See physadv --help")
        if not row.writes_run_folder:
            return list(self.words)
        return [*(word for word in self.words if not word.startswith("out=")), f"out={self.scratch / str(self.count)}"]


def _paths() -> str:
    return os.pathsep.join(path for path in sys.path if path)
