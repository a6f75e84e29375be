"""One picture under several names: found by its pixels, so that it neither counts twice nor lands on both sides."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from pathlib import Path

from physadv.core.errors import BadInput
from physadv.library.colour.conversion import rgb_u8_from_srgb
from physadv.library.files.images import load_srgb

_TAIL = 1024  # bytes


def first_of_same(files: Sequence[Path], sizes: Sequence[tuple[int, int]]) -> list[int]:
    """For each file the first that shows the same picture, often itself.

    Only files of one size in pixels that end alike are decoded and compared: the end holds compressed pixels, which
    differ between pictures, while notes and names of cameras come before them.
    """
    first = list(range(len(files)))
    ends = _alike(range(len(files)), lambda index: (sizes[index], _end_of(files[index], _TAIL)))
    for group in ends:
        for likely in _ending_alike(group, files):
            for same in _alike(likely, lambda index: _pixels(files[index])):
                for index in same:
                    first[index] = same[0]
    return first


def _ending_alike(group: list[int], files: Sequence[Path]) -> list[list[int]]:
    """By more than the tail, which frames of one still scene may share."""
    half = min(files[index].stat().st_size for index in group) // 2
    return _alike(group, lambda index: _end_of(files[index], half))


def _alike(indices: Iterable[int], key: Callable[[int], Hashable]) -> list[list[int]]:
    """Groups of two and more with the same key, in order."""
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for index in indices:
        groups[key(index)].append(index)
    return [group for group in groups.values() if len(group) > 1]


def _end_of(file: Path, count: int) -> bytes:
    """Digest of the last bytes."""
    try:
        with file.open("rb") as stream:
            stream.seek(max(0, stream.seek(0, 2) - count))
            return hashlib.sha256(stream.read()).digest()
    except OSError as error:
        raise BadInput(f"cannot read {str(file)!r}: {error.strerror}. Check its permissions.") from error


def _pixels(file: Path) -> bytes:
    return hashlib.sha256(rgb_u8_from_srgb(load_srgb(file)).tobytes()).digest()
