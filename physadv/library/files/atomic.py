"""Writes whole files or nothing: a stopped process or a full disk leaves the old file, never half of a new one."""

from __future__ import annotations

import errno
import os
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from physadv.core.errors import BadOutput

DAY_S = 86400.0
_DRAFT = ".physadv-"
_REASONS = {
    errno.ENOSPC: "the disk is full. Free some space",
    errno.EDQUOT: "your disk quota is used up. Free some space",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "you have no permission to write there",
    errno.EPERM: "you have no permission to write there",
    errno.EISDIR: "it is a folder",
    errno.ENOTDIR: "part of its path is a file, not a folder",
    errno.EEXIST: "part of its path is a file, not a folder",
    errno.ENAMETOOLONG: "its name is too long",
}


def write_bytes(path: str | os.PathLike[str], data: bytes) -> Path:
    """Put ``data`` at ``path``, making its folders; readers see the old file or the new one, never a mixture."""
    return write_chunks(path, (data,))


def write_chunks(path: str | os.PathLike[str], chunks: Iterable[bytes]) -> Path:
    """Put the chunks one after another at ``path``, as they come; see :func:`write_bytes`.

    Raises :class:`BadOutput` where the file cannot be written.
    """
    target = Path(path)
    # a short name of its own, in the same folder: renaming is atomic only within one file system
    draft = target.parent / f"{_DRAFT}{secrets.token_hex(8)}.tmp"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with draft.open("xb") as stream:
                for chunk in chunks:
                    stream.write(chunk)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(draft, target)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise BadOutput(_message(target, error)) from error
    return target


def write_text(path: str | os.PathLike[str], text: str) -> Path:
    """Put ``text`` at ``path`` as UTF-8; see :func:`write_bytes`."""
    return write_bytes(path, text.encode())


def sweep_drafts(folder: Path, older_than_s: float = DAY_S, *, below: bool = True) -> None:
    """Remove drafts that killed processes left in ``folder`` and ``below`` it: those not touched for so long."""
    name = f"{_DRAFT}*.tmp"
    for draft in folder.rglob(name) if below else folder.glob(name):
        with suppress(OSError):  # somebody else swept it, or the file system is read-only
            if time.time() - draft.stat().st_mtime >= older_than_s:
                draft.unlink()


def _message(target: Path, error: OSError) -> str:
    reason = _REASONS.get(error.errno or 0, error.strerror or type(error).__name__)
    return f"cannot write {str(target)!r}: {reason}, or choose another place."
