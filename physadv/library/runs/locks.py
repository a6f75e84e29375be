"""A run folder belongs to the command that works in it. The system lets go of it however that command ends."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from physadv.core.errors import BadOutput

if sys.platform != "win32":  # there, making the folder is all that keeps two commands apart
    import fcntl

WAIT_S = 8.0  # the helpers of a command that was killed notice that within five seconds


@contextmanager
def locked(folder: Path, *, shared: bool = False, wait_s: float = WAIT_S) -> Iterator[None]:
    """Hold ``folder``, alone or with others that share it. Raises :class:`BadOutput` when another command has it.

    File systems that know no locks on folders are used without one.
    """
    if sys.platform == "win32":
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _lock(descriptor, folder, shared=shared, wait_s=wait_s)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path, *, shared: bool, wait_s: float) -> None:
    if sys.platform == "win32":
        return
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                raise BadOutput(
                    f"another command is working in {folder}. Wait until it has ended, or choose another out="
                ) from error
            time.sleep(0.2)
        except OSError:
            return  # no locks here
        else:
            return
