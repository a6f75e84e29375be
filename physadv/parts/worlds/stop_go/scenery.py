"""What is behind everything: sky, hills, verge, road and its paint, in linear light. Edges are averaged over pixels."""

from __future__ import annotations

import torch
from torch import Tensor

from physadv.parts.worlds.stop_go.camera import HEIGHT_M, Camera
from physadv.parts.worlds.stop_go.episodes import Episodes

LANE_M = 3.4
_PAINT = 0.62  # linear reflectance of white road paint
_DASH_M, _PERIOD_M = 3.0, 9.0
_LINE_M = 0.5  # how wide the stop line is
_MIDDLE = 0.12  # half a line's width


def painted(episodes: Episodes, position_m: Tensor, camera: Camera) -> Tensor:
    """``(E, 3, H, W)`` linear light without the illuminant."""
    across, down = camera.across(position_m.device), camera.down(episodes.horizon)
    sky, horizon, verge, asphalt = episodes.ground.unbind(1)
    below = ((down * camera.focal_px) + 0.5).clamp(0, 1)  # share of a row's pixels that is ground
    fade = (-down / down.new_tensor(0.35)).clamp(0, 1)[:, None]
    rows = horizon[..., None] + (sky - horizon)[..., None] * fade
    image = rows[..., None].expand(-1, -1, -1, camera.width_px).clone()
    ridge = _ridge(episodes.hills, across)[:, None]  # (E, 1, W)
    hill = ((ridge + down[:, :, None]) * camera.focal_px + 0.5).clamp_(0, 1)[:, None]
    top = int(camera.height_px * 0.42) - 1  # above any horizon
    sky_end = int(camera.height_px * 0.47) + 1
    upper = image[:, :, :sky_end]
    upper += (episodes.hill_colour[:, :, None, None] - upper) * hill[:, :, :sky_end]
    _pave_(image[:, :, top:], episodes, position_m, across, down[:, top:], below[:, top:], verge, asphalt)
    return image


def _ridge(hills: Tensor, across: Tensor) -> Tensor:
    """``(E, W)`` how high the hills are, a metre ahead."""
    waves = torch.sin(across[None, None] * across.new_tensor([7.0, 17.0, 41.0])[None, :, None] + hills[:, 3:, None])
    tall = (waves + 1) * hills[:, :3, None] * across.new_tensor([1.0, 0.6, 0.3])[None, :, None]
    return tall[:, 0] + tall[:, 1] + tall[:, 2]


def _pave_(
    image: Tensor, episodes: Episodes, position_m: Tensor, across: Tensor, down: Tensor, below: Tensor,
    verge: Tensor, asphalt: Tensor,
) -> None:  # fmt: skip
    """Lay the ground on the rows ``(E, 3, h, W)`` that can show it, in place."""
    depth = HEIGHT_M / down.clamp_min(1e-3)  # (E, h)
    per_metre = (1 / depth * (image.shape[3] / 2 / across[-1].abs().clamp_min(1e-6)))[:, :, None]  # pixels
    side = across * depth[:, :, None] - episodes.lane_m[:, None, None]  # (E, h, W) from the middle of the lane
    long = depth * depth * (down[:, 1:2] - down[:, :1]) / HEIGHT_M  # metres of road that a row shows
    z = depth + position_m[:, None]
    # the oncoming lane is to the left
    road = ((1.5 * LANE_M + 0.3 - (side + LANE_M / 2).abs() - LANE_M / 2) * per_metre + 0.5).clamp_(0, 1)
    paint = (_MIDDLE / 2 + 0.5 / per_metre - (side - LANE_M / 2 + 0.2).abs()).mul_(per_metre).clamp_(0, 1)
    dashes = (_MIDDLE / 2 + 0.5 / per_metre - (side + LANE_M / 2).abs()).mul_(per_metre).clamp_(0, 1)
    paint += dashes * _dashed(z, long)[:, :, None]
    lane = ((LANE_M / 2 - 0.2 - side.abs()) * per_metre + 0.5).clamp_(0, 1)
    line = episodes.line_m[:, None]
    paint += lane * _within(z, long, line, line + _LINE_M)[:, :, None]
    paint.clamp_(max=1)
    ground = below[:, :, None]
    for channel in range(3):  # plane by plane: half of the memory traffic
        plane = image[:, channel]
        colour = verge[:, channel, None, None] + (asphalt - verge)[:, channel, None, None] * road
        colour += (_PAINT - colour) * paint
        plane += (colour - plane) * ground


def _dashed(z: Tensor, long: Tensor) -> Tensor:
    """Share of dash in the stretch of road that a row shows, ``(E, h)``."""

    def until(at: Tensor) -> Tensor:
        whole = (at / _PERIOD_M).floor()
        return whole * _DASH_M + (at - whole * _PERIOD_M).clamp_max(_DASH_M)

    return (until(z + long / 2) - until(z - long / 2)) / long


def _within(z: Tensor, long: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Share of the stretch of road a row shows that lies between two places, ``(E, h)``."""
    end, begin = torch.minimum(z + long / 2, high), torch.maximum(z - long / 2, low)
    return ((end - begin) / long).clamp(0, 1)
