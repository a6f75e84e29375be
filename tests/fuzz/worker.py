"""A process that takes one command line after another, as a shell does; one that hangs is killed with its process."""

from __future__ import annotations

import io
import multiprocessing
import os
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from physadv.cli import main
from tests.composing import remembered
from tests.running import PROCESSES


@dataclass(frozen=True)
class Answer:
    """What came of one command line."""

    code: int | None  # None: no answer in time
    stderr: str
    seconds: float


class Worker:
    """Runs command lines in ``place``, each within ``limit_s``."""

    def __init__(self, place: Path, limit_s: float) -> None:
        self._place, self._limit_s = place, limit_s
        self._process: Any = None
        self._line: Any = None

    def run(self, line: tuple[str, ...]) -> Answer:
        """The answer to one command line."""
        if self._process is None:
            self._line, theirs = multiprocessing.Pipe()
            self._process = PROCESSES.Process(target=_serve, args=(theirs, str(self._place)), daemon=True)
            self._process.start()
        begun = time.monotonic()
        self._line.send(line)
        if self._line.poll(self._limit_s):
            code, heard = self._line.recv()
            return Answer(code, heard, time.monotonic() - begun)
        self.close()
        return Answer(None, "", time.monotonic() - begun)

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None


def _serve(line: Connection, place: str) -> None:
    os.chdir(place)
    os.environ["COLUMNS"] = "400"
    with remembered():
        while True:
            line.send(_answer(line.recv()))


def _answer(words: tuple[str, ...]) -> tuple[int, str]:
    heard = io.StringIO()
    sys.argv = ["physadv"]
    with redirect_stderr(heard), redirect_stdout(io.StringIO()):
        try:
            code = main(list(words))
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else 1
        except BaseException as error:  # noqa: BLE001 - what the test looks for
            code, _ = 1, heard.write(f"Traceback: {type(error).__name__}: {error}")
    return code, heard.getvalue()
