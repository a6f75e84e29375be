"""Failures of the file system as one line: not every file that fails is one that is written."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from physadv.core.errors import BadInput, BadOutput, PhysadvError


@contextmanager
def told_with_cause(folder: Path) -> Iterator[None]:
    """Failures of the file system as one line with the true cause: not every file that fails is one that is written."""
    try:
        yield
    except OSError as error:
        raise _explained(error, folder) from error


def _explained(error: OSError, folder: Path) -> PhysadvError:
    reason = error.strerror or str(error) or type(error).__name__
    if error.filename is None and error.errno not in _FULL:
        return BadInput(f"the system says: {reason}")
    file = Path(os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else folder).absolute()
    place = folder.absolute()
    if error.errno in _FULL or place in (file, *file.parents) or file in place.parents:
        return BadOutput(f"cannot write to {folder}: {reason}. Choose another out=, or free the disk")
    name = str(file)
    return BadInput(f"cannot open {name if len(name) < _LONG else name[:_LONG] + '…'}: {reason}")


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_LONG = 200  # characters of a path that are shown
