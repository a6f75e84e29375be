"""Traces pictures of a shot: the whole of it, a region, or what a white card in place of the patch receives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from physadv.core.types import PatchImage, PatchPlace
from physadv.library.colour.conversion import linear_from_srgb
from physadv.parts.twin.layout import F64, TwinCamera, TwinShot
from physadv.parts.twin.shapes import F32, Node, printed, sheet
from physadv.parts.twin.stage import stage
from physadv.parts.twin.variant import mitsuba

Region = tuple[int, int, int, int]  # left, top, right, bottom in whole pixels
_GAP_MM = 0.5  # the print lies so far before the surface, as tape and paper do
_CELLS = 400  # of the mesh of a patch that is cut out
_PROBE_MM = 40.0  # side of the card that is asked for the light


@dataclass(frozen=True, slots=True)
class Effort:
    """How well a picture is traced."""

    samples: int  # light paths a pixel
    bounces: int
    filter_px: float  # standard deviation of the pixel filter


def trace(
    shot: TwinShot, effort: Effort, region: Region, patch: PatchImage | None = None, place: PatchPlace | None = None
) -> Tensor:
    """``(3, h, w)`` exposed linear light of a region. The same shot and region draw the same light paths."""
    mi = mitsuba()
    nodes = stage(mi, shot)
    if patch is not None:
        nodes["patch"] = _worn(mi, shot, patch, place or PatchPlace())
    return shot.exposure * _render(mi, nodes, shot.camera, np.zeros(3), effort, region, shot.seed)


def white_light(shot: TwinShot, bounces: int) -> Tensor:
    """``(3,)`` exposed linear light of white paper at the surface's centre, seen from close by."""
    mi, surface = mitsuba(), shot.surface
    card = PatchImage(torch.ones(3, 2, 2), torch.ones(1, 2, 2), _PROBE_MM)
    nodes = stage(mi, shot) | {"patch": _worn(mi, shot, card, PatchPlace())}
    probe = TwinCamera((4, 4), 2.0, surface.axes)
    at = surface.centre_m - 0.2 * surface.axes[2]
    seen = _render(mi, nodes, probe, at, Effort(1024, bounces, 0.5), (0, 0, 4, 4), shot.seed)
    return shot.exposure * seen.mean((1, 2))


def outline_mm(patch: PatchImage, place: PatchPlace) -> F64:
    """``(n, 2)`` points along the raster's upper and lower edge, on the surface."""
    along = np.linspace(0, 1, 17)
    return _laid(np.array([(x, y) for x in along for y in (0.0, 1.0)]), patch, place)


def _laid(shares: F64, patch: PatchImage, place: PatchPlace) -> F64:
    """Shares of the raster ``(n, 2)`` from its top left → millimetres on the surface."""
    roll = np.deg2rad(place.roll_deg)
    turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])  # of row vectors, y down
    return np.asarray((shares - 0.5) * [patch.width_mm, patch.height_mm] @ turn + [place.x_mm, place.y_mm])


def _worn(mi: Any, shot: TwinShot, patch: PatchImage, place: PatchPlace) -> Any:
    """The patch as a sheet on the shot's surface, cut out where it is less than half opaque."""
    cells = (1, 1) if shot.surface.radius_mm is None else (64, 64)
    kept = None
    if not bool((patch.alpha == 1).all()):
        cells = _fitted(tuple(patch.alpha.shape[1:]))
        kept = torch.nn.functional.interpolate(patch.alpha[None].cpu().float(), cells, mode="area")[0, 0].numpy() >= 0.5
    across, down = np.meshgrid(np.linspace(0, 1, cells[1] + 1), np.linspace(0, 1, cells[0] + 1))
    laid = _laid(np.stack([across.ravel(), down.ravel()], 1), patch, place)
    points = shot.surface.world(laid, _GAP_MM).reshape(*across.shape, 3)
    normals = shot.surface.normals(laid).reshape(*across.shape, 3)
    ink = _array(linear_from_srgb(patch.srgb.detach().cpu().clamp(0, 1)))
    return sheet(mi, points, normals, printed(mi, ink), kept)


def _fitted(size: tuple[int, ...]) -> tuple[int, int]:
    """As many cells as texels, but no more than :data:`_CELLS` along the longer side."""
    shrink = min(1.0, _CELLS / max(size))
    return max(1, round(size[0] * shrink)), max(1, round(size[1] * shrink))


def _array(image: Tensor) -> F32:
    return np.ascontiguousarray(image.permute(1, 2, 0).float().numpy())


def _render(
    mi: Any, nodes: Node, camera: TwinCamera, at: F64, effort: Effort, region: Region, seed: int
) -> Tensor:  # fmt: skip
    left, top, right, bottom = region
    frame = np.eye(4)
    frame[:3, :3] = (camera.axes * [[-1], [-1], [1]]).T  # Mitsuba's camera has x to the left and y up
    frame[:3, 3] = at
    nodes = nodes | {
        "integrator": {"type": "path", "max_depth": effort.bounces + 1},
        "sensor": {
            "type": "perspective", "fov": camera.field_of_view_deg, "fov_axis": "x", "near_clip": 0.01,
            "far_clip": 1000.0, "to_world": mi.ScalarTransform4f(frame),
            "sampler": {"type": "multijitter", "sample_count": effort.samples},
            "film": {
                "type": "hdrfilm", "width": camera.size_px[0], "height": camera.size_px[1], "pixel_format": "rgb",
                "component_format": "float32", "sample_border": True, "crop_offset_x": left, "crop_offset_y": top,
                "crop_width": right - left, "crop_height": bottom - top,
                "rfilter": {"type": "gaussian", "stddev": effort.filter_px},
            },
        },
    }  # fmt: skip
    traced = np.array(mi.render(mi.load_dict(nodes), seed=seed), np.float32)
    return torch.from_numpy(traced).permute(2, 0, 1).contiguous()
