"""One picture under several names: found by its pixels, so that it neither counts twice nor lands on both sides."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from physadv.errors import BadInput
from physadv.images import load_srgb

_TAIL = 1024  # bytes: compressed pixels, which differ between pictures; what is before them may be notes


def first_of_same(files: Sequence[Path], sizes: Sequence[tuple[int, int]]) -> list[int]:
    """For each file the first that shows the same picture, often itself.

    Only files of one size in pixels that end alike are decoded and compared: of thousands of photos a thousandth.
    """
    alike: dict[tuple[tuple[int, int], bytes], list[int]] = defaultdict(list)
    for index, (file, size) in enumerate(zip(files, sizes, strict=True)):
        alike[size, _tail(file)].append(index)
    first = list(range(len(files)))
    for group in alike.values():
        if len(group) > 1:
            seen: dict[bytes, int] = {}
            for index in group:
                first[index] = seen.setdefault(_pixels(files[index]), index)
    return first


def _tail(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            stream.seek(0, 2)
            stream.seek(max(0, stream.tell() - _TAIL))
            return stream.read()
    except OSError as error:
        raise BadInput(f"cannot read {str(file)!r}: {error.strerror}. Check its permissions.") from error


def _pixels(file: Path) -> bytes:
    return hashlib.sha256(load_srgb(file).numpy().tobytes()).digest()
