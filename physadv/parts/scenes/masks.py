"""Masks that say where something is in front of the patch: white where a patch would be seen, black where it is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from physadv.core.errors import BadInput
from physadv.library.files.images import load_mask
from physadv.parts.scenes.photo_files import expect_inside
from physadv.parts.scenes.photos import PhotoStore, size_px
from physadv.parts.scenes.resize import resized

_REMEDY = "Paint white where the patch is seen and black where something is in front of it."


class Masks:
    """The masks of some of the photos in a store, shrunk as the photos are; the darkest counts where one has several.

    All are read once when made, so that a bad one is reported before any work is done.
    """

    def __init__(self, photos: PhotoStore, files: Mapping[int, Sequence[Path]]) -> None:
        self._photos = photos
        self._files = files
        for index, paths in files.items():
            for path in paths:
                self._check(path, index)

    def visible(self, indices: Sequence[int], size: tuple[int, int]) -> Tensor | None:
        """``(B, 1, H, W)`` share of a patch that is seen, 1 in the padding; ``None`` when no photo has a mask."""
        if not any(self._files.get(index) for index in indices):
            return None
        seen = torch.ones(len(indices), 1, *size)
        for row, index in enumerate(indices):
            height, width = self._photos.sizes_px[index]
            for path in self._files.get(index, ()):
                mask = resized(load_mask(path), (height, width))
                seen[row, :, :height, :width] = torch.minimum(seen[row, :, :height, :width], mask)
        return seen

    def _check(self, path: Path, index: int) -> None:
        photo, wanted = self._photos.paths[index].name, self._photos.original_px[index]
        if not path.is_file():
            raise BadInput(f"no mask {str(path)!r} for {photo!r}. Add it; all white means that nothing is in front.")
        found = size_px(path)
        if found != wanted:
            raise BadInput(
                f"mask {str(path)!r} is {found[1]}x{found[0]} pixels, but {photo!r} is {wanted[1]}x{wanted[0]}. "
                "Save the mask at the photo's size."
            )
        if not bool(load_mask(path).any()):
            raise BadInput(f"mask {str(path)!r} is black all over: the patch would be seen nowhere. {_REMEDY}")


def masks_in(folder: Path, photos: PhotoStore, wanted: Sequence[int]) -> dict[int, tuple[Path, ...]]:
    """``folder/STEM.png`` for every photo in ``wanted``; where photos share one, ``NAME.jpg.png``.

    Raises :class:`BadInput` where the folder is missing.
    """
    if not folder.is_dir():
        raise BadInput(f"no folder of masks {str(folder)!r}. It must hold one PNG for each photo with the label.")
    stems = Counter(path.stem for path in photos.paths)
    masks: dict[int, tuple[Path, ...]] = {}
    for index in wanted:
        stem = photos.paths[index].stem
        path = folder / (f"{stem}.png" if stems[stem] == 1 else f"{photos.names[index]}.png")
        expect_inside(path, folder, "a mask")
        masks[index] = (path,)
    return masks
