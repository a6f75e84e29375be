"""Whatever lies behind everything: sky, hills, verge, road and its paint, in linear light.

Edges are averaged over pixels. A column is as far from a line of the road as pixels lie between them, so masks need no
coordinates of the road; everything is worked out in place, for a new plane costs more than ten sums in an old one.
"""

from __future__ import annotations

import torch
from torch import Tensor

from physadv.parts.worlds.stop_go.camera import HEIGHT_M, Camera
from physadv.parts.worlds.stop_go.episodes import HORIZON, Episodes

LANE_M, PERIOD_M = 3.4, 9.0
_PAINT = 0.62  # linear reflectance of white road paint
_DASH_M = 3.0
_LINE_M = 0.5  # how wide the stop line is
_MARK_HALF_M = 0.06
_WAVES = ((7.0, 1.0), (17.0, 0.6), (41.0, 0.3))  # of the hills: turns a metre ahead, share of the height


def paint_(image: Tensor, episodes: Episodes, position_m: Tensor, camera: Camera) -> None:
    """Fill ``(E, 3, H, W)`` with the scenery under its illuminant."""
    across, down = camera.across(position_m.device), camera.down(episodes.horizon)
    light = episodes.ground * episodes.illuminant[:, None]
    sky, haze, verge, asphalt = light.unbind(1)
    fade = (-down / 0.35).clamp_(0, 1)[:, None]
    image.copy_((haze[..., None] + (sky - haze)[..., None] * fade)[..., None].expand_as(image))
    last = int(camera.height_px * HORIZON[1]) + 1  # below any horizon
    hill = _ridge(episodes.hills, across)[:, None] + down[:, :last, None]
    hill = hill.mul_(camera.focal_px).add_(0.5).clamp_(0, 1)
    _mix_(image[:, :, :last], hill, episodes.hill_colour * episodes.illuminant)
    first = int(camera.height_px * HORIZON[0]) - 1  # above any horizon
    ground = (down[:, first:] * camera.focal_px).add_(0.5).clamp_(0, 1)[:, :, None]
    road, paint = _masks(episodes, position_m, camera, down[:, first:])
    below = image[:, :, first:]
    _mix_(below, ground, verge)
    _mix_(below, road.mul_(ground), asphalt)
    _mix_(below, paint.mul_(ground), _PAINT * episodes.illuminant)


def _mix_(image: Tensor, share: Tensor, colour: Tensor) -> None:
    """Cover ``share`` ``(E, h, W or 1)`` of the pixels ``(E, 3, h, W)`` with ``colour`` ``(E, 3)``."""
    rest = 1 - share
    for channel in range(3):
        image[:, channel].mul_(rest).add_(share * colour[:, channel, None, None])


def _ridge(hills: Tensor, across: Tensor) -> Tensor:
    """``(E, W)`` how high the hills are, a metre ahead."""
    turns, shares = across.new_tensor(_WAVES).unbind(1)
    waves = torch.sin(across[None, None] * turns[None, :, None] + hills[:, 3:, None])
    tall = (waves + 1) * hills[:, :3, None] * shares[None, :, None]
    return tall[:, 0] + tall[:, 1] + tall[:, 2]


def _masks(episodes: Episodes, position_m: Tensor, camera: Camera, down: Tensor) -> tuple[Tensor, Tensor]:
    """Shares ``(E, h, W)`` of road and of paint in the pixels of the rows that can show ground."""
    depth = HEIGHT_M / down.clamp_min(1e-3)
    per_metre = (camera.focal_px / depth)[:, :, None]
    long = depth * depth * (1 / (camera.focal_px * HEIGHT_M))  # metres of road that a row shows
    z, line = depth + position_m[:, None], episodes.line_m[:, None]
    column = torch.arange(camera.width_px, device=down.device) - (camera.width_px - 1) / 2
    lane = episodes.lane_m[:, None, None] * per_metre

    def band(middle_m: float, half_m: float) -> Tensor:
        """Share of a stripe along the road."""
        away = (column - (lane + middle_m * per_metre)).abs_()
        return away.neg_().add_(half_m * per_metre + 0.5).clamp_(0, 1)

    road = band(-LANE_M / 2, LANE_M + 0.3)
    paint = band(LANE_M / 2 - 0.2, _MARK_HALF_M)
    paint += band(-LANE_M / 2, _MARK_HALF_M).mul_(_dashed(z, long)[:, :, None])
    paint += band(0.0, LANE_M / 2 - 0.2).mul_(_within(z, long, line, line + _LINE_M)[:, :, None])
    return road, paint.clamp_(max=1)


def _dashed(z: Tensor, long: Tensor) -> Tensor:
    """Share of dash in the stretch of road that a row shows, ``(E, h)``."""

    def until(at: Tensor) -> Tensor:
        whole = (at / PERIOD_M).floor()
        return whole * _DASH_M + (at - whole * PERIOD_M).clamp_max(_DASH_M)

    return (until(z + long / 2) - until(z - long / 2)) / long


def _within(z: Tensor, long: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Share of the stretch of road a row shows that lies between two places, ``(E, h)``."""
    end, begin = torch.minimum(z + long / 2, high), torch.maximum(z - long / 2, low)
    return ((end - begin) / long).clamp(0, 1)
