"""Pictures brought to one square size, from files or from an array, as classifiers' data sets hold them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from physadv.core.errors import BadInput
from physadv.library.files.digests import digest_of_picture
from physadv.parts.scenes.photos import PictureCache, whole
from physadv.parts.scenes.resize import resized

Hw = tuple[int, int]


class FittedPictures:
    """``pictures[i]`` is what ``read(i)`` gives, ``(3,H,W)`` sRGB in [0, 1], fitted and as uint8.

    With ``side_px`` all are squares of that side: the middle part, or with ``stretch`` the whole picture. With 0 they
    stay as they are.
    """

    def __init__(
        self,
        names: Sequence[str],
        read: Callable[[int], Tensor],
        stored_px: Sequence[Hw],
        *,
        side_px: int,
        stretch: bool,
        memory_mb: int,
    ) -> None:
        self.names = tuple(names)
        self.sizes_px = ((side_px, side_px),) * len(names) if side_px else tuple(stored_px)
        self.original_px = self.sizes_px
        self.inside_px = whole(self.sizes_px)
        self._stored_px, self._stretch, self._read = tuple(stored_px), stretch, read
        self._kept = PictureCache(memory_mb)
        self._digests: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> Tensor:
        return self._kept.get(index, self._make)

    def digest(self, index: int) -> str:
        """Of the picture as stored, before it is fitted; it is read where it was not yet."""
        if index not in self._digests:
            self[index]
        return self._digests[index]

    def _make(self, index: int) -> Tensor:
        picture, size = self._read(index), self.sizes_px[index]
        if tuple(picture.shape[1:]) != self._stored_px[index]:
            raise BadInput(f"{self.names[index]!r} is not as large as its header says. Save it again.")
        if index not in self._digests:
            self._digests[index] = digest_of_picture(picture)
        fitted = resized(picture, size) if self._stretch else _middle(picture, size)
        return (fitted * 255).round().to(torch.uint8)


def _middle(picture: Tensor, size: Hw) -> Tensor:
    """Scaled so that it just covers ``size``, then cut evenly on both sides."""
    have = picture.shape[1], picture.shape[2]
    scale = max(size[0] / have[0], size[1] / have[1])
    covering = resized(picture, (max(size[0], round(have[0] * scale)), max(size[1], round(have[1] * scale))))
    top, left = ((covering.shape[1 + axis] - size[axis]) // 2 for axis in (0, 1))
    return covering[:, top : top + size[0], left : left + size[1]]
