"""Flat things at the road and the pixels that they cover."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from physadv.parts.worlds.stop_go.camera import HEIGHT_M, Camera
from physadv.parts.worlds.stop_go.episodes import ABSENT, Episodes
from physadv.parts.worlds.stop_go.faces import MAST, POLE

NEAR_M = 0.8  # what is nearer is out of the picture
BOARD, SIGN, PERSON = 1, 5, 6
"""Which plates can wear a print; the order in which all are drawn, for the depths do not change places, is: mast and
billboard, pole and face of the bystander sign, pole and face of the sign, person."""


@dataclass(frozen=True, slots=True)
class Plates:
    """Of every episode ``P`` flat things, the farthest first. They stand upright."""

    face: Tensor  # (E, P) int64
    there: Tensor  # (E, P) bool: before the camera
    centre_m: Tensor  # (E, P, 3) x right, y down, z ahead of the camera
    cosine: Tensor  # (E, P) of the yaw
    sine: Tensor  # (E, P)
    box_mm: Tensor  # (E, P, 4) left, top, right, bottom that can be seen, from the middle
    light: Tensor  # (E, P, 3) that falls on it: what white looks like there
    gain: Tensor  # (E, P, 3) of the texture's linear light: the light, and how its colours differ

    def wearing(self, plate: int, face: int, half_mm: tuple[float, float], x_mm: float, y_mm: float) -> Plates:
        """One plate alone ``(E, 1)``: a print on it that is centred there, in the plate's light but its own colours."""
        one = replace(self, **{name: getattr(self, name)[:, plate : plate + 1] for name in self.__slots__})
        cosine, sine = one.cosine, one.sine
        shift = torch.stack([cosine * x_mm, torch.full_like(cosine, y_mm), sine * x_mm], 2) / 1000
        box = one.box_mm.new_tensor([-half_mm[0], -half_mm[1], half_mm[0], half_mm[1]])
        return replace(one, face=torch.full_like(one.face, face), centre_m=one.centre_m + shift,
                       box_mm=box.expand_as(one.box_mm), gain=one.light)  # fmt: skip

    def image_from_surface(self, camera: Camera, horizon: Tensor) -> Tensor:
        """``(E, P, 3, 3)`` millimetres on the plate, from its middle → pixels; the last entry is 1."""
        x, y, z = self.centre_m.unbind(2)
        f, column, row = camera.focal_px, (camera.width_px - 1) / 2, camera.middle_row(horizon)[:, None]
        zero, right, into = torch.zeros_like(x), self.cosine / 1000, self.sine / 1000
        rows = (f * right + column * into, zero, f * x + column * z, row * into, zero + f / 1000, f * y + row * z,
                into, zero, z)  # fmt: skip
        return (torch.stack(rows, 2) / z[..., None]).view(*x.shape, 3, 3)


class Fragments(NamedTuple):
    """A pixel of a plate each, plate after plate, in rows."""

    episode: Tensor  # (n,) int64
    plate: Tensor  # (n,) int64
    pixel: Tensor  # (n,) int64: row * W + column


def placed(episodes: Episodes, position_m: Tensor, time_s: Tensor, light: Tensor, half_mm: Tensor) -> Plates:
    """Where everything is once the car is at ``position_m`` ``(E,)``; ``half_mm`` ``(faces, 2)`` of every face."""
    x = episodes.x_m.clone()
    x[:, 3] = x[:, 3] + episodes.walk_m_s * time_s
    z = (episodes.line_m - position_m)[:, None] + episodes.behind_m
    centres = torch.stack([x, HEIGHT_M - episodes.up_m, z], 2)  # of billboard, bystander, sign, person
    halves = half_mm[episodes.faces]
    boxes = torch.cat([-halves, halves], 2)
    poles = torch.tensor([MAST, POLE, POLE], device=x.device).expand(len(x), 3)
    pole_centres, pole_boxes = _poles(centres[:, :3], episodes.up_m[:, :3], half_mm[poles])
    white = torch.ones_like(episodes.tint[:, :3])
    order = [0, 3, 1, 4, 2, 5, 6]  # of poles, then things

    def woven(of_poles: Tensor, of_things: Tensor) -> Tensor:
        return torch.cat([of_poles, of_things], 1)[:, order].contiguous()

    centre, box = woven(pole_centres, centres), woven(pole_boxes, boxes)
    yaw = woven(torch.zeros_like(episodes.yaw_rad[:, :3]), episodes.yaw_rad)
    cosine, sine = yaw.cos(), yaw.sin()
    reach = (box[..., 2] / 1000 * sine).abs()
    there = centre[..., 2] - reach > NEAR_M
    there[:, PERSON] &= episodes.person != ABSENT
    lit = woven(episodes.shade[:, :3], episodes.shade)[..., None] * light[:, None]
    gain = lit * woven(white, episodes.tint)
    return Plates(woven(poles, episodes.faces), there, centre, cosine, sine, box, lit, gain)


def _poles(centres: Tensor, up_m: Tensor, half_mm: Tensor) -> tuple[Tensor, Tensor]:
    """Their tops behind the faces' middles; cut off by the ground."""
    middle = centres.clone()
    middle[..., 1] = middle[..., 1] + half_mm[..., 1] / 1000
    foot = up_m * 1000 - half_mm[..., 1]
    return middle, torch.stack([-half_mm[..., 0], -half_mm[..., 1], half_mm[..., 0], foot], 2)


def boxes_px(plates: Plates, camera: Camera, horizon: Tensor) -> Tensor:
    """``(E, P, 4)`` edges of the smallest upright boxes round them, beyond the picture, too."""
    left, top, right, bottom = plates.box_mm.unbind(2)
    x, y, z = plates.centre_m.unbind(2)
    near, far = ((z + plates.sine * edge / 1000).clamp_min(0.1) for edge in (left, right))
    columns = torch.stack([(x + plates.cosine * edge / 1000) / depth for edge, depth in ((left, near), (right, far))])
    rows = torch.stack([(y + edge / 1000) / depth for edge in (top, bottom) for depth in (near, far)])
    across = columns * camera.focal_px + camera.width_px / 2
    down = rows * camera.focal_px + camera.middle_row(horizon)[:, None] + 0.5
    return torch.stack([across.amin(0), down.amin(0), across.amax(0), down.amax(0)], 2)


def covered(plates: Plates, camera: Camera, horizon: Tensor) -> Fragments:
    """The pixels of every plate that is there, those of the first plates first."""
    box = boxes_px(plates, camera, horizon).transpose(0, 1).reshape(-1, 4)  # plates in turn, all episodes of each
    size = box.new_tensor([camera.width_px, camera.height_px] * 2)
    low, high = box[:, :2].floor(), box[:, 2:].ceil()
    low, high = (torch.minimum(edge.clamp_min(0), size[:2]).long() for edge in (low, high))
    wide, tall = (high - low).unbind(1)
    count = wide * tall * plates.there.transpose(0, 1).reshape(-1)
    owner = torch.repeat_interleave(torch.arange(len(count), device=box.device), count)
    within = torch.arange(len(owner), device=box.device) - (count.cumsum(0) - count)[owner]
    row = torch.div(within, wide[owner], rounding_mode="floor")
    column = within - row * wide[owner]
    pixel = (low[:, 1][owner] + row) * camera.width_px + low[:, 0][owner] + column
    episodes = len(plates.face)
    return Fragments(owner % max(episodes, 1), torch.div(owner, max(episodes, 1), rounding_mode="floor"), pixel)
