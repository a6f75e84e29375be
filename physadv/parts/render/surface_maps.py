"""Coarse maps of light and cover over a patch, read at every covered pixel."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from physadv.parts.render import shading, surface
from physadv.parts.render.composite import Relief
from physadv.parts.render.footprint import Footprint
from physadv.parts.render.options import EotConfig
from physadv.parts.render.sampler import Lookup
from physadv.parts.render.surface import Lay

SIDE = 24  # nodes of the maps along each side


def varies(config: EotConfig) -> bool:
    """Whether anything makes the light or the cover differ within a patch."""
    light = config.light
    return (
        light.key_to_ambient[1] > 0 or light.gloss[1] > 0 or config.cover.arms[1] > 0 or config.optics.vignetting[1] > 0
    )


@torch.no_grad()
def maps(
    config: EotConfig, lay: Lay, drawn: Mapping[str, Mapping[str, Tensor]], wearers: Tensor, sizes_px: Tensor
) -> Tensor:  # fmt: skip
    """``(W,3,SIDE,SIDE)`` for the wearers: factor of the light, reflectance of the highlight, share that is seen.

    ``sizes_px`` ``(W,2)`` is the height and width of each wearer's image.
    """
    texels = surface.nodes(lay.size, SIDE, SIDE, lay.camera_mm)
    places = surface.points(lay, texels).index_select(0, wearers)
    light = {name: value.double().index_select(0, wearers) for name, value in drawn["light"].items()}
    facing = places.new_tensor([0, 0, -1.0]).expand(len(wearers), 3)
    millimetres = (texels - texels.mean((0, 1))) * lay.texel_mm
    found = torch.ones(len(wearers), 3, SIDE, SIDE, dtype=places.dtype, device=places.device)
    found[:, :2] = shading.shade(
        config.light, light, places, surface.normals(places), facing, lay.camera_mm.index_select(0, wearers),
        millimetres, light["shadow_lies"],
    )  # fmt: skip
    if config.optics.vignetting[1] > 0:
        seen = surface.pixels(lay, places, wearers)
        lost = drawn["optics"]["vignetting"].double().index_select(0, wearers)
        found[:, 0] *= shading.vignette(lost, seen[..., :2] / seen[..., 2:], sizes_px)
    if config.cover.arms[1] > 0:
        arms = {name: value.double().index_select(0, wearers) for name, value in drawn["cover"].items()}
        found[:, 2] = shading.arms(arms["arms"], arms["arms_lie"], SIDE, lay.size[1] / lay.size[0])
    return found


@torch.no_grad()
def read(maps: Tensor, lookup: Lookup, footprint: Footprint, size: tuple[int, int]) -> Relief:
    """The maps ``(w,3,SIDE,SIDE)`` at every entry, bilinearly; beyond the print's rim as on it."""
    count = maps.shape[0]
    picture = maps.transpose(0, 1).reshape(1, 3, count * SIDE, SIDE).to(lookup.atlas.alpha)
    values = picture.new_empty(3, footprint.line.shape[0])
    owner = footprint.lines.wearer
    for part in footprint.parts():
        line = footprint.line[part]
        across, down = lookup.sheet(line, footprint.step[part], size).clamp_(0, 1).mul_(SIDE - 1)
        down += owner.index_select(0, line) * SIDE
        grid = torch.stack(((across * 2 + 1) / SIDE - 1, (down * 2 + 1) / (count * SIDE) - 1), -1)
        values[:, part] = F.grid_sample(picture, grid[None, None], padding_mode="border", align_corners=False)[0, :, 0]
    return Relief(*values)


def behind(relief: Relief | None, visible: Tensor, footprint: Footprint, image: Tensor, like: Tensor) -> Relief:
    """``relief``, where a mask ``(B,1,H,W)`` hides the patch too; ``image`` ``(n,)`` is that of every entry."""
    area = visible[0].numel()
    shown = visible.reshape(-1).to(like).index_select(0, footprint.place - image * (2 * area))  # from red in (B,3,H,W)
    if relief is None:
        return Relief(torch.ones_like(shown), torch.zeros_like(shown), shown)
    return Relief(relief.shade, relief.gloss, relief.hide * shown)
