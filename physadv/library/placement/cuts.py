"""Wearers cut out of their pictures at their own size, many to a picture: a step meets more of them in the same time.

A detector that looks at a whole picture spends most of its time where no wearer is. What is cut out keeps its pixels,
its distance and its light, so nothing is resampled:

    picture 640 x 384, one sign of 40 px   →   2 x 3 cuts of 213 x 192, six signs in one picture of 639 x 384
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from physadv.core.scene_protocols import SceneSource
from physadv.core.seeding import generator
from physadv.core.types import SceneBatch
from physadv.library.placement.mosaic import GREY, PRESENT, SHOWN

ROWS, COLUMNS = 2, 3  # of cuts in a picture
EACH = ROWS * COLUMNS


class Cuts:
    """Pictures of six cuts each: of a fixed number of them for the steps, or of new ones, as a source of scenes."""

    def __init__(self, source: SceneSource, count: int, seed: int) -> None:
        self._source, self._seed = source, seed
        self._made: list[SceneBatch | None] = [None] * count  # each when it is first asked for; its seed is its own
        self._size_hw = (0, 0)  # of a cut; unknown before the first

    def pictures(self, count: int, random: torch.Generator) -> SceneBatch:
        """``count`` pictures of the fixed cuts, none of them twice while there are enough."""
        order = torch.randperm(len(self._made), generator=random).tolist()
        rows = [order[i % len(order)] for i in range(count * EACH)]
        return laid_out(SceneBatch.joined([self._kept(row) for row in rows]))

    def batches(self, size: int, generator: torch.Generator) -> Iterator[SceneBatch]:
        """Pictures of cuts that no step sees."""
        self._kept(0)
        while True:
            yield laid_out(SceneBatch.joined([self._cut(generator) for _ in range(size * EACH)]))

    def sweep(self, size: int, skip: int = 0) -> Iterator[SceneBatch]:
        """Whole pictures, as the source gives them."""
        return self._source.sweep(size, skip)

    def split(self, share: float, seed: int) -> tuple[SceneSource, SceneSource]:
        """Two parts of the source."""
        return self._source.split(share, seed)

    def __len__(self) -> int:
        """How many whole pictures there are."""
        return len(self._source)

    def _kept(self, row: int) -> SceneBatch:
        if (made := self._made[row]) is None:
            if row:
                self._kept(0)  # whose picture's size is that of all
            made = self._made[row] = self._cut(generator(self._seed, f"cut {row}"))
        return made

    def _cut(self, random: torch.Generator) -> SceneBatch:
        scene = next(self._source.batches(1, random))
        if self._size_hw == (0, 0):
            height, width = scene.srgb.shape[2:]
            self._size_hw = (height // ROWS, width // COLUMNS)
        return cut_out(scene, self._size_hw, random)


def cut_out(scene: SceneBatch, size_hw: tuple[int, int], random: torch.Generator) -> SceneBatch:
    """A piece of the one picture of ``scene``, somewhere around one of its wearers; grey where the picture ends.

    Objects are clipped to it; who is mostly cut off, or whose print's middle is, wears nothing.
    """
    rows = scene.wears.nonzero().squeeze(1)
    box = scene.boxes_xyxy_px[rows[int(torch.randint(len(rows), (), generator=random))]].tolist()
    real_hw = scene.sizes_px[0].tolist()
    top, left = (_begin(box[1 - i], box[3 - i], real_hw[i], size_hw[i], random) for i in range(2))
    piece = scene.srgb.new_full((1, 3, *size_hw), GREY)
    _copy(scene.srgb, piece, (top, left), real_hw)
    visible = scene.visible
    if visible is not None:
        _copy(visible, cut := torch.ones_like(piece[:, :1]), (top, left), real_hw)
        visible = cut
    moved = _moved(scene, torch.tensor([[-left, -top]]))
    end = torch.tensor([size_hw[1], size_hw[0]])
    corners = moved.boxes_xyxy_px.view(-1, 2, 2)
    clipped = torch.maximum(torch.minimum(corners, end), torch.zeros(2))
    shown = (clipped[:, 1] - clipped[:, 0]).prod(1) / (corners[:, 1] - corners[:, 0]).prod(1).clamp_min(1e-6)
    middle = moved.image_from_surface[:, :2, 2] / moved.image_from_surface[:, 2:, 2]
    inside = ((middle >= 0) & (middle < end)).all(1)
    wears = scene.wears & (shown > SHOWN) & inside
    cut_scene = replace(
        moved, srgb=piece, sizes_px=torch.tensor([size_hw]), boxes_xyxy_px=clipped.flatten(1), wears=wears,
        visible=visible,
    )  # fmt: skip
    return _only(cut_scene, (shown > PRESENT).nonzero().squeeze(1))


def laid_out(cuts: SceneBatch) -> SceneBatch:
    """``(n, 3, h, w)`` cuts as ``n / 6`` pictures of two rows. A picture has one camera: the mean blur and noise."""
    count, (height, width) = len(cuts.keys) // EACH, cuts.srgb.shape[2:]
    place = torch.arange(count * EACH) % EACH
    moved = _moved(cuts, torch.stack([place % COLUMNS * width, place // COLUMNS * height], 1))

    def sheet(images: Tensor) -> Tensor:
        grid = images.view(count, ROWS, COLUMNS, -1, height, width)
        return grid.permute(0, 3, 1, 4, 2, 5).reshape(count, -1, ROWS * height, COLUMNS * width)

    return replace(
        moved, srgb=sheet(cuts.srgb), sizes_px=torch.tensor([[ROWS * height, COLUMNS * width]] * count),
        keys=tuple("+".join(cuts.keys[i * EACH : (i + 1) * EACH]) for i in range(count)),
        image_of=cuts.image_of // EACH,
        blur_px=None if cuts.blur_px is None else cuts.blur_px.view(count, EACH).mean(1),
        noise=None if cuts.noise is None else cuts.noise.view(count, EACH, 2).mean(1),
        visible=None if cuts.visible is None else sheet(cuts.visible),
    )  # fmt: skip


def _begin(start: float, end: float, length: int, side: int, random: torch.Generator) -> int:
    """Where a cut of ``side`` begins that holds ``start`` to ``end`` of a picture of ``length``; inside if it can."""
    low, high = sorted((end - side, start))
    low, high = max(low, 0.0), min(high, float(length - side))
    if high < low:  # the wearer does not fit, or the picture is smaller than the cut
        return round(max(min((start + end - side) / 2, float(length - side)), 0.0))
    return round(low + (high - low) * float(torch.rand((), generator=random)))


def _copy(picture: Tensor, piece: Tensor, begin: tuple[int, int], real_hw: list[int]) -> None:
    part = picture[:, :, begin[0] : real_hw[0], begin[1] : real_hw[1]][:, :, : piece.shape[2], : piece.shape[3]]
    piece[:, :, : part.shape[2], : part.shape[3]] = part


def _moved(scene: SceneBatch, by_px: Tensor) -> SceneBatch:
    """Objects and surfaces moved by ``(B, 2)`` whole pixels, x and y, of their picture; the pixels stay."""
    by = by_px.to(scene.boxes_xyxy_px)[scene.image_of]
    shift = torch.eye(3).repeat(len(by), 1, 1)
    shift[:, :2, 2] = by
    surface = torch.where(scene.wears[:, None, None], shift @ scene.image_from_surface, scene.image_from_surface)
    return replace(scene, boxes_xyxy_px=scene.boxes_xyxy_px + by.repeat(1, 2), image_from_surface=surface)


def _only(scene: SceneBatch, rows: Tensor) -> SceneBatch:
    """The scene with these of its objects."""
    return replace(
        scene, image_of=scene.image_of[rows], boxes_xyxy_px=scene.boxes_xyxy_px[rows], labels=scene.labels[rows],
        wears=scene.wears[rows], image_from_surface=scene.image_from_surface[rows], light=scene.light[rows],
        distance_m=None if scene.distance_m is None else scene.distance_m[rows],
        crowds=None if scene.crowds is None else scene.crowds[rows],
        camera_mm=None if scene.camera_mm is None else scene.camera_mm[rows],
    )  # fmt: skip
