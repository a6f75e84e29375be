"""From a state to pictures: scenery, plates over it, prints on them, exposure, noise, codes, dashboard."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor

from physadv.core.types import PatchImage
from physadv.parts.worlds.stop_go import driving
from physadv.parts.worlds.stop_go.atlas import Level, TexelRow, atlas_of_prints, levels_for, read
from physadv.parts.worlds.stop_go.camera import Camera
from physadv.parts.worlds.stop_go.dashboard import show_speed_
from physadv.parts.worlds.stop_go.development import add_noise_, codes_of, noise_bank
from physadv.parts.worlds.stop_go.objects import SeenPlates
from physadv.parts.worlds.stop_go.plates import Fragments, Plates, boxes_px, covered, placed
from physadv.parts.worlds.stop_go.scenery import paint_
from physadv.parts.worlds.stop_go.slots import SLOTS

_TAPS = ((-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25))  # pixels; a quarter of it each
_TOGETHER = 1 << 16  # pixels that are drawn at once: what fits the processor's cache


class Artist:
    """Draws the episodes of one camera."""

    def __init__(self, camera: Camera, atlas: TexelRow, *, dashboard: bool) -> None:
        self._camera, self._atlas, self._dashboard = camera, atlas, dashboard
        self._noise = noise_bank(3 * camera.height_px * camera.width_px).to(atlas.texels.device)

    def pictures(self, state: driving.RoadState, prints: Mapping[str, PatchImage]) -> Tensor:
        """``(E, 3, H, W)`` sRGB in [0, 1]; gradient flows to the ``srgb`` of the prints."""
        episodes, camera = state.episodes, self._camera
        image = torch.empty(len(state.ended), 3, camera.height_px, camera.width_px, device=self._noise.device)
        together = max(1, _TOGETHER // (camera.height_px * camera.width_px))
        runs = torch.split(torch.arange(len(image), device=image.device), together)
        for rows in runs:
            part = image[int(rows[0]) : int(rows[-1]) + 1]
            paint_(part, episodes.pick(rows), state.position_m[rows], camera)
        self._put_up_(image, state, prints)
        begins = episodes.seeds * 7919 + state.steps * 104729
        if image.requires_grad:
            return self._developed(image, begins, episodes.noise, state.speed_m_s)
        for rows in runs:
            part = image[int(rows[0]) : int(rows[-1]) + 1]
            part.copy_(self._developed(part, begins[rows], episodes.noise[rows], state.speed_m_s[rows]))
        return image

    def _placed(self, state: driving.RoadState) -> Plates:
        time = state.steps * driving.STEP_S
        return placed(state.episodes, state.position_m, time, state.episodes.illuminant, self._atlas.half_mm)

    def _put_up_(self, image: Tensor, state: driving.RoadState, prints: Mapping[str, PatchImage]) -> None:
        """Lay all plates over the scenery, the farthest first, and each print over what wears it."""
        horizon, camera, plates = state.episodes.horizon, self._camera, self._placed(state)
        worn = [(SLOTS[name], image) for name, image in prints.items()]
        sheets = atlas_of_prints(tuple(prints.values())) if prints else self._atlas
        fragments = covered(plates, camera, horizon)
        colours = self._colours(self._atlas, plates, fragments, horizon)
        ends = torch.bincount(fragments.plate, minlength=plates.face.shape[1]).cumsum(0).tolist()
        for plate, (begin, end) in enumerate(pairwise((0, *ends))):
            _blend_(image, Fragments(*(column[begin:end] for column in fragments)), colours[begin:end])
            for index, (place, sheet) in enumerate(worn):
                if place.plate == plate:
                    half = (sheet.width_mm / 2, sheet.height_mm / 2)
                    alone = plates.wearing(plate, index, half, place.x_mm, place.y_mm)
                    where = covered(alone, camera, horizon)
                    _blend_(image, where, self._colours(sheets, alone, where, horizon))

    def _colours(self, row: TexelRow, plates: Plates, where: Fragments, horizon: Tensor) -> Tensor:
        """``(n, 4)`` premultiplied linear light of the plates at the pixels, as lit."""
        camera, (episodes, count) = self._camera, plates.face.shape
        distance = plates.centre_m[..., 2].reshape(-1)
        level = levels_for(row, plates.face.reshape(-1), distance * (500 / camera.focal_px))  # two reads a pixel
        middle = camera.middle_row(horizon)[:, None].expand(episodes, count)
        centre, gain = (of_all.reshape(-1, 3).unbind(1) for of_all in (plates.centre_m, plates.gain))
        turn = (plates.cosine.reshape(-1), plates.sine.reshape(-1))
        table = torch.stack([*level, *centre, *turn, middle.reshape(-1), *gain])
        columns = table.index_select(1, where.episode * count + where.plate)
        x, y, z, cosine, sine, middle = columns[len(level) : len(level) + 6]
        v = torch.div(where.pixel, camera.width_px, rounding_mode="floor")
        u = where.pixel - v * camera.width_px
        taps = x.new_tensor(_TAPS)
        a = (u + taps[:, :1]).sub_((camera.width_px - 1) / 2).mul_(1 / camera.focal_px)
        b = (v + taps[:, 1:]).sub_(middle).mul_(1 / camera.focal_px)
        # the ray (a, b, 1) meets the upright plate centre + X (cosine, 0, sine) + Y (0, 1, 0)
        along = (a * z - x) / (cosine - a * sine)
        down = b * (z + sine * along) - y
        seen = read(row.texels, Level(*columns[: len(level)]), along.mul_(1000), down.mul_(1000))
        return torch.cat([seen[:, :3] * columns[-3:].T, seen[:, 3:]], 1)

    def _developed(self, image: Tensor, begins: Tensor, noise: Tensor, speed_m_s: Tensor) -> Tensor:
        """Noise, codes, and the dashboard over them."""
        add_noise_(image, self._noise, begins, noise)
        codes = codes_of(image)
        if self._dashboard:
            show_speed_(codes, speed_m_s)
        return codes

    def seen(self, state: driving.RoadState) -> SeenPlates:
        """Where everything is."""
        plates, horizon = self._placed(state), state.episodes.horizon
        return SeenPlates(plates, boxes_px(plates, self._camera, horizon),
                          plates.image_from_surface(self._camera, horizon))  # fmt: skip


def _blend_(image: Tensor, where: Fragments, colours: Tensor) -> None:
    """Lay fragments of one plate over the pictures ``(E, 3, H, W)``, in place: each pixel is theirs once."""
    if not len(where.pixel):
        return
    plane = image.shape[2] * image.shape[3]
    at = (where.episode * (3 * plane) + where.pixel)[:, None] + torch.arange(3, device=image.device) * plane
    flat, at = image.view(-1), at.view(-1)
    under = flat.index_select(0, at).view(-1, 3)
    flat.index_copy_(0, at, (under * (1 - colours[:, 3:]) + colours[:, :3]).view(-1))
