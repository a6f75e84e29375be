"""Photos shrunk, mirrored and put four to a picture, so that every step meets more wearers in other sizes and company.

Detectors are trained on such pictures (Bochkovskiy et al. 2020, arXiv:2004.10934, §3.4). A patch that is optimised on a
few dozen photos learns the photos by heart instead of the detector; this is what helps most against it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from physadv.core.types import SceneBatch

GREY = 114 / 255  # what detectors are used to seeing where there is no image
TILES = 2  # along each side
SHARE = (0.35, 0.97)  # of the tile's side: how tall a wearer is there, log-uniform
ENLARGED = 1.5  # photos are enlarged by at most this
SHOWN = 0.6  # share of a wearer that must be in the tile, or it wears nothing there
PRESENT = 0.05  # share of an object that must be in the tile to be listed at all


@dataclass(frozen=True, slots=True)
class _Tile:
    """One photo's part of the picture: where in the photo's new size it is cut, and where it goes."""

    photo: int
    size_px: tuple[int, int]  # of the whole photo, resized
    mirrored: bool
    cut_px: tuple[int, int]  # top and left of the tile in the resized photo; may lie outside of it
    goes_px: tuple[int, int]  # top and left in the picture
    side_px: int


def mosaic(scene: SceneBatch, random: torch.Generator) -> SceneBatch:
    """Square pictures as large as the longest side of ``scene``, each of four of its photos: a fourth as many images.

    Every photo has a wearer. What is cut off is clipped; who is mostly cut off, or whose print's middle is, wears
    nothing. Blur and noise of the photos are forgotten, because a picture has only one camera.
    """
    side = max(scene.srgb.shape[2:]) // TILES
    tiles = []
    for photo in range(len(scene.keys)):
        row, column = divmod(photo % TILES**2, TILES)
        tiles.append(_tile(scene, photo, side, (row * side, column * side), random))
    pictures = len(scene.keys) // TILES**2
    srgb = scene.srgb.new_full((pictures, 3, side * TILES, side * TILES), GREY)
    visible = None if scene.visible is None else torch.ones_like(srgb[:, :1])
    for tile in tiles:
        _paste(scene.srgb, srgb, tile, scene.sizes_px)
        if visible is not None and scene.visible is not None:
            _paste(scene.visible, visible, tile, scene.sizes_px)
    return _objects(scene, tiles, srgb, visible)


def _tile(scene: SceneBatch, photo: int, side: int, goes_px: tuple[int, int], random: torch.Generator) -> _Tile:
    """Choose a wearer, how tall it shall be, and a cut that has it inside where that can be."""
    rows = ((scene.image_of == photo) & scene.wears).nonzero().squeeze(1)
    chosen = int(rows[int(torch.randint(len(rows), (), generator=random))])
    left, top, right, bottom = _with_print(scene, chosen)
    height, width = scene.sizes_px[photo].tolist()
    wanted = side * math.exp(_between(math.log(SHARE[0]), math.log(SHARE[1]), random))
    scale = min(wanted / (bottom - top), SHARE[1] * side / (right - left), ENLARGED)
    tall, wide = max(1, round(height * scale)), max(1, round(width * scale))
    down, across = tall / height, wide / width
    mirrored = _between(0, 1, random) < 0.5
    if mirrored:
        left, right = width - right, width - left
    cut = (
        _cut(top * down, bottom * down, tall, side, random),
        _cut(left * across, right * across, wide, side, random),
    )
    return _Tile(photo, (tall, wide), mirrored, cut, goes_px, side)


def _with_print(scene: SceneBatch, row: int) -> tuple[float, float, float, float]:
    """The wearer's box, made to hold the middle of the surface that wears the patch: of a face that lies below it."""
    homography = scene.image_from_surface[row]
    x, y = (float(v) for v in homography[:2, 2] / homography[2, 2])
    left, top, right, bottom = scene.boxes_xyxy_px[row].tolist()
    return min(left, x), min(top, y), max(right, x), max(bottom, y)


def _cut(start: float, end: float, length: int, side: int, random: torch.Generator) -> int:
    """Where a tile begins that holds ``start`` to ``end`` of a photo of ``length``, with as little grey as can be."""
    low, high = sorted((end - side, start))
    if length >= side:
        low, high = max(low, 0), min(high, length - side)
    if high < low:
        return round(max(min((start + end - side) / 2, max(0, length - side)), min(0, length - side)))
    return round(_between(low, high, random))


def _between(low: float, high: float, random: torch.Generator) -> float:
    return low + (high - low) * float(torch.rand((), generator=random))


def _paste(photos: Tensor, pictures: Tensor, tile: _Tile, sizes_px: Tensor) -> None:
    height, width = sizes_px[tile.photo].tolist()
    photo = photos[tile.photo : tile.photo + 1, :, :height, :width]
    resized = F.interpolate(photo, tile.size_px, mode="bilinear", antialias=True)[0].clamp(0, 1)
    if tile.mirrored:
        resized = resized.flip(2)
    (top, left), (y, x), side = tile.cut_px, tile.goes_px, tile.side_px
    rows = slice(max(top, 0), min(top + side, tile.size_px[0]))
    columns = slice(max(left, 0), min(left + side, tile.size_px[1]))
    if rows.stop <= rows.start or columns.stop <= columns.start:
        return
    picture = pictures[tile.photo // TILES**2]
    picture[:, y + rows.start - top : y + rows.stop - top, x + columns.start - left : x + columns.stop - left] = (
        resized[:, rows, columns]
    )


def _picture_from_photo(tile: _Tile, size_px: tuple[int, int]) -> Tensor:
    """``(3, 3)`` pixels of the photo → pixels of the picture (centres at integers)."""
    down, across = (new / old for new, old in zip(tile.size_px, size_px, strict=True))
    x = torch.tensor([across, (across - 1) / 2])  # edge 0 is at -0.5
    if tile.mirrored:
        x = torch.tensor([-across, tile.size_px[1] - 1 - (across - 1) / 2])
    y = torch.tensor([down, (down - 1) / 2])
    moved_x, moved_y = (to - cut for to, cut in zip(tile.goes_px[::-1], tile.cut_px[::-1], strict=True))
    return torch.tensor([[x[0], 0, x[1] + moved_x], [0, y[0], y[1] + moved_y], [0, 0, 1]])


def _objects(scene: SceneBatch, tiles: list[_Tile], srgb: Tensor, visible: Tensor | None) -> SceneBatch:
    """The objects of all tiles, clipped to them."""
    device = scene.srgb.device
    at = torch.stack([_picture_from_photo(t, tuple(scene.sizes_px[t.photo].tolist())) for t in tiles]).to(device)
    mine = at[scene.image_of]  # (N, 3, 3): photo n is tile n
    low = torch.tensor([t.goes_px[::-1] for t in tiles], dtype=torch.float32, device=device)[scene.image_of]
    high = low + tiles[0].side_px
    corners = scene.boxes_xyxy_px.view(-1, 2, 2) - 0.5
    corners = corners * mine[:, None, [0, 1], [0, 1]] + mine[:, None, :2, 2] + 0.5
    corners = torch.stack((corners.amin(1), corners.amax(1)), 1)  # mirrored: left and right swap
    clipped = torch.maximum(torch.minimum(corners, high[:, None]), low[:, None])
    shown = (clipped[:, 1] - clipped[:, 0]).prod(1) / (corners[:, 1] - corners[:, 0]).prod(1).clamp_min(1e-6)
    # a mirrored photo does not mirror the print
    upright = torch.diag_embed(torch.stack((mine[:, 0, 0].sign(), *torch.ones(2, len(mine), device=device)), -1))
    surface = mine @ scene.image_from_surface @ upright
    middle = surface[:, :2, 2] / surface[:, 2:, 2]
    inside = ((middle >= low) & (middle < high)).all(1)
    here = (shown > PRESENT).nonzero().squeeze(1)
    camera_mm = None if scene.camera_mm is None else (upright @ scene.camera_mm[:, :, None]).squeeze(2)[here]
    pictures = srgb.shape[0]
    return replace(
        scene, srgb=srgb, sizes_px=scene.sizes_px.new_full((pictures, 2), srgb.shape[2]),
        keys=tuple("+".join(scene.keys[i * TILES**2 : (i + 1) * TILES**2]) for i in range(pictures)),
        image_of=scene.image_of[here] // TILES**2, boxes_xyxy_px=clipped[here].flatten(1), labels=scene.labels[here],
        wears=(scene.wears & (shown > SHOWN) & inside)[here],
        image_from_surface=torch.where(scene.wears[:, None, None], surface, scene.image_from_surface)[here],
        light=scene.light[here], crowds=None if scene.crowds is None else scene.crowds[here], camera_mm=camera_mm,
        distance_m=None, blur_px=None, noise=None, visible=visible,
    )  # fmt: skip
