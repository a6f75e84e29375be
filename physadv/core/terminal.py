"""The command among other processes: signals that end it, and streams that are closed, full or gone.

A polite kill (SIGTERM, as from Slurm or systemd) and a closed terminal (SIGHUP) end a command as Ctrl-C does: files are
whole, and the last line says how to go on.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, TextIO, cast

from physadv.core.errors import BadOutput

ENDING = ("SIGTERM", "SIGHUP")
_AGAIN_S = 0.2


class Stopped(KeyboardInterrupt):
    """A signal other than Ctrl-C's asks the command to end."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def exit_code(stop: KeyboardInterrupt) -> int:
    """As shells count: 128 plus the number of the signal."""
    return 128 + (stop.number if isinstance(stop, Stopped) else int(signal.SIGINT))


@contextmanager
def ending_politely() -> Iterator[None]:
    """While it lasts, the signals of :data:`ENDING` raise :class:`Stopped`.

    What is ignored stays ignored (``nohup`` ignores SIGHUP), and children that were forked meanwhile die as usual.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    owner = os.getpid()

    def stop(number: int, frame: FrameType | None) -> None:
        if os.getpid() != owner:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        raise Stopped(number)

    numbers = [getattr(signal, name) for name in ENDING if hasattr(signal, name)]
    before = {n: signal.getsignal(n) for n in numbers if signal.getsignal(n) == signal.SIG_DFL}
    for number in before:
        signal.signal(number, stop)
    try:
        with _heard_everywhere():
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _heard_everywhere() -> Iterator[None]:
    """Signals again what Python cannot raise because it came while an object was being deleted."""
    before = sys.unraisablehook

    def hook(unraisable: sys.UnraisableHookArgs) -> None:
        stop = unraisable.exc_value
        if not isinstance(stop, KeyboardInterrupt):
            before(unraisable)
            return
        number = stop.number if isinstance(stop, Stopped) else signal.SIGINT
        again = threading.Timer(_AGAIN_S, os.kill, (os.getpid(), number))  # here it would be lost, too
        again.daemon = True
        again.start()

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before


class _Forgiving:
    """A stream whose failures stop nothing: a terminal that is gone, a disk that is full, a reader that left.

    The first failure is remembered. What comes after it is dropped.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.failure: OSError | None = None

    def write(self, text: str) -> int:
        """Write ``text`` if that still works."""
        if self.failure is None:
            self._try(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        """Hand on what is buffered if that still works."""
        if self.failure is None:
            self._try(self._stream.flush)

    def _try(self, act: Callable[[], object]) -> None:
        try:
            act()
        except OSError as error:
            self.failure = error
            self._drop()

    def _drop(self) -> None:
        """Send what is still in the buffer nowhere: the interpreter writes it when it ends."""
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def sound_streams() -> Iterator[None]:
    """Standard streams that are there and fail quietly.

    Leaving it raises :class:`BadOutput` when what was printed did not arrive, unless its reader left (``| head``).
    Messages that cannot be told are dropped.
    """
    _fill_descriptors()
    before = sys.stdout, sys.stderr
    out = _Forgiving(before[0] or open(1, "w", closefd=False, encoding="utf-8"))  # noqa: SIM115 - as long as we run
    err = _Forgiving(before[1] or open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
    sys.stdout, sys.stderr = cast(TextIO, out), cast(TextIO, err)
    try:
        yield
    finally:
        out.flush()
        err.flush()
        sys.stdout, sys.stderr = before
    if out.failure and not isinstance(out.failure, BrokenPipeError):
        raise BadOutput(f"cannot write to the standard output: {out.failure.strerror or out.failure}")


def _fill_descriptors() -> None:
    """Open what is closed of 0, 1 and 2, so that no file gets their numbers: for reading, so that printing fails."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)  # takes the lowest free number: this one
