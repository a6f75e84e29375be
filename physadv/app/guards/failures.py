"""An exception of a stranger's code as one line with its place, as the author of that code needs it. Needs no torch."""

from __future__ import annotations

import traceback
from pathlib import Path

from physadv.core.labels import on_one_line

_OURS = "physadv/app/"


def failure_text(error: BaseException) -> str:
    """``ValueError: no such layer (/home/me/net.py, line 12)``: the place is the last that is not the host's own."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"SyntaxError: {on_one_line(error.msg)} ({error.filename}, line {error.lineno})"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if _foreign(f.filename)]
    place = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {on_one_line(str(error)) or 'without a message'}{place}"


def _foreign(filename: str) -> bool:
    return _OURS not in Path(filename).as_posix() and "importlib" not in filename and not filename.startswith("<")
