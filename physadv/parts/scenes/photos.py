"""Photographs on disk as small upright uint8 images, kept in memory up to a limit."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Protocol

import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from physadv.core.errors import BadInput, BadOption
from physadv.library.files.digests import digest_of_picture
from physadv.library.files.images import load_srgb, opened, unreadable
from physadv.parts.scenes.resize import resized

_EXIF_ORIENTATION = 0x0112
_BROKEN = (  # what Pillow raises on damaged headers
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error,
    Image.DecompressionBombError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Header:
    """A picture file's account of itself before its pixels."""

    size_px: tuple[int, int]  # height and width as seen upright
    orientation: int  # EXIF: 1 is as stored, 3 upside down, 6 and 8 a quarter turn; 2, 4, 5 and 7 are mirrored

    @property
    def stored_px(self) -> tuple[int, int]:
        """Height and width of the raster, not turned."""
        return self.size_px[::-1] if self.orientation >= 5 else self.size_px


def header(path: Path) -> Header:
    """Read the size and the orientation, not the pixels.

    Raises :class:`BadInput` for what is no picture, or no regular file.
    """
    if not path.is_file():  # a pipe would be waited for
        raise BadInput(f"{str(path)!r} is not a regular file. Copy the picture into one, or remove it.")
    try:
        with opened(path) as picture:
            width, height = picture.size
            turn = picture.getexif().get(_EXIF_ORIENTATION, 1)
    except UnidentifiedImageError as error:
        empty = path.stat().st_size == 0
        what = "is empty (0 bytes). Replace it" if empty else unreadable(path)
        raise BadInput(f"{str(path)!r} {what}, or remove it.") from error
    except _BROKEN as error:
        raise BadInput(f"cannot read {str(path)!r}: {error}. Replace it or remove it from the folder.") from error
    orientation = turn if isinstance(turn, int) and 1 <= turn <= 8 else 1
    return Header((width, height) if orientation >= 5 else (height, width), orientation)


def size_px(path: Path) -> tuple[int, int]:
    """Height and width as seen upright, from the file's header alone."""
    return header(path).size_px


def shrunk(size: tuple[int, int], long_side_px: int) -> tuple[int, int]:
    """The size after scaling the longer side down to ``long_side_px``; smaller pictures stay as they are."""
    scale = min(1.0, long_side_px / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


Inside = tuple[int, int, int, int]
"""Left, top, right and bottom of the part of a picture that is photo."""


class Photos(Protocol):
    """``photos[i]`` is the ``i``-th picture, ``(3,H,W)`` uint8; may be asked from several threads."""

    @property
    def names(self) -> tuple[str, ...]: ...  # unique
    @property
    def original_px(self) -> tuple[tuple[int, int], ...]: ...  # height and width as stored
    @property
    def sizes_px(self) -> tuple[tuple[int, int], ...]: ...  # height and width as given here
    @property
    def inside_px(self) -> tuple[Inside, ...]: ...  # the part that is photo; all of it unless it was moved away
    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> Tensor: ...
    def digest(self, index: int) -> str: ...  # of the picture as stored, upright


def whole(sizes_px: Sequence[tuple[int, int]]) -> tuple[Inside, ...]:
    """Pictures that are photo from edge to edge."""
    return tuple((0, 0, width, height) for height, width in sizes_px)


def check_long_side(long_side_px: int) -> None:
    """Raise :class:`BadOption` unless a picture can have it."""
    if long_side_px < 1:
        raise BadOption(f"long_side_px must be at least 1, got {long_side_px}. 640 suits most detectors.")


_SLAB = 2**26  # bytes


class PictureCache:
    """Decoded pictures, kept up to a limit of memory; may be asked from several threads.

    They lie side by side in large slabs. Each on its own between what decoding needs for a moment, they would keep
    twice their size from being given back.
    """

    def __init__(self, memory_mb: int) -> None:
        self._room = memory_mb * 2**20
        self._kept: dict[int, Tensor] = {}
        self._slab = torch.empty(0, dtype=torch.uint8)
        self._keeping = Lock()

    def get(self, index: int, make: Callable[[int], Tensor]) -> Tensor:
        """The picture ``(3,H,W)`` of this number, made where it is not there."""
        kept = self._kept.get(index)
        if kept is not None:
            return kept
        picture = make(index)
        with self._keeping:
            if picture.numel() <= self._room and index not in self._kept:
                self._room -= picture.numel()
                self._kept[index] = picture = self._laid_down(picture)
        return picture

    def _laid_down(self, picture: Tensor) -> Tensor:
        """A copy in the slab."""
        size = picture.numel()
        if size > len(self._slab):
            self._slab = torch.empty(max(_SLAB, size), dtype=torch.uint8)
        place, self._slab = self._slab[:size].view(picture.shape), self._slab[size:]
        return place.copy_(picture)


class PhotoStore:
    """Photos in files, decoded once as long as the memory limit allows."""

    def __init__(
        self,
        paths: Sequence[Path],
        long_side_px: int,
        memory_mb: int,
        names: Sequence[str] | None = None,
        sizes_px: Sequence[tuple[int, int]] | None = None,  # where they are known, to open no file again
    ) -> None:
        check_long_side(long_side_px)
        self.paths = tuple(paths)
        self.names = tuple(path.name for path in paths) if names is None else tuple(names)
        self.original_px = tuple(sizes_px or (size_px(path) for path in self.paths))
        self.sizes_px = tuple(shrunk(size, long_side_px) for size in self.original_px)
        self.inside_px = whole(self.sizes_px)
        self._kept = PictureCache(memory_mb)
        self._digests: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Tensor:
        return self._kept.get(index, self._decode)

    def digest(self, index: int) -> str:
        """Of the upright picture, before it is shrunk; it is decoded where it was not yet."""
        if index not in self._digests:
            self[index]
        return self._digests[index]

    def _decode(self, index: int) -> Tensor:
        srgb = load_srgb(self.paths[index])
        if tuple(srgb.shape[1:]) != self.original_px[index]:
            raise BadInput(f"{str(self.paths[index])!r} is not as large as its header says. Save it again.")
        if index not in self._digests:
            self._digests[index] = digest_of_picture(srgb)
        srgb = resized(srgb, self.sizes_px[index])
        return (srgb * 255).round().to(torch.uint8)
