"""Moments of the road set up in MuJoCo and drawn there, one by one."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from physadv.core.types import PatchImage
from physadv.library.colour.conversion import srgb_from_linear
from physadv.parts.worlds.mujoco_road.renderer import MujocoRenderer
from physadv.parts.worlds.mujoco_road.stage import AWAY, ROLES, SKY_TEXELS, staged
from physadv.parts.worlds.mujoco_road.textures import sky_codes, with_print
from physadv.parts.worlds.options import MujocoRoadConfig
from physadv.parts.worlds.stop_go import driving
from physadv.parts.worlds.stop_go.camera import Camera
from physadv.parts.worlds.stop_go.dashboard import show_speed_
from physadv.parts.worlds.stop_go.episodes import ABSENT, Episodes
from physadv.parts.worlds.stop_go.faces import SCALE_OF_FACE, all_faces
from physadv.parts.worlds.stop_go.objects import SeenPlates
from physadv.parts.worlds.stop_go.plates import Plates, placed
from physadv.parts.worlds.stop_go.scenery import PERIOD_M

_GAMMA = 1 / 2.2  # MuJoCo's light multiplies codes: a gain of linear light becomes one of codes
_AMBIENT, _SUN = 0.6, 0.6
_SLOT_OF_ROLE = {"sign": "sign", "billboard": "billboard", "person": "shirt"}


class MujocoPainter:
    """Draws the episodes of one camera with one model."""

    def __init__(self, config: MujocoRoadConfig, device: torch.device | str) -> None:
        self._camera = camera = Camera.of(config.height_px, config.width_px, config.field_of_view_deg)
        self._device, self._dashboard = torch.device(device), config.dashboard
        faces = all_faces()
        halves = [(face.pyramid[0].shape[1] * scale, face.pyramid[0].shape[0] * scale)
                  for face, scale in zip(faces, SCALE_OF_FACE, strict=True)]  # fmt: skip
        self._half_mm = torch.tensor(halves)  # a texel is 2 mm wide
        stage = staged(faces)
        self._plain, self._texel_mm = stage.textures, stage.texel_mm
        self._renderer = MujocoRenderer(stage.xml(camera, config.samples), camera.height_px, camera.width_px)
        self._worn: dict[str, PatchImage] = {}  # texture → the print that it shows
        for name, codes in stage.textures.items():
            self._renderer.write_(name, codes)

    def pictures(self, state: driving.RoadState, prints: Mapping[str, PatchImage]) -> Tensor:
        """``(E, 3, H, W)`` sRGB in [0, 1], without gradient."""
        state = state.to("cpu")
        rows = range(len(state.ended))
        images = torch.stack([self._picture(state.pick(torch.tensor([row])), prints) for row in rows])
        if self._dashboard:
            show_speed_(images, state.speed_m_s)
        return images.to(self._device)

    def _hang_(self, role: str, number: int, image: PatchImage | None) -> None:
        """Put the print on what may wear it, or take it down; nothing where it hangs already."""
        name = f"{role}-{number}"
        if _same(image, self._worn.get(name)):
            return
        codes, texel_mm = self._plain[name], self._texel_mm[name]
        self._renderer.write_(name, codes if image is None else with_print(codes, texel_mm, image))
        if image is None:
            del self._worn[name]
        else:
            self._worn[name] = PatchImage(image.srgb.detach().clone(), image.alpha.detach().clone(), image.width_mm)

    def _picture(self, state: driving.RoadState, prints: Mapping[str, PatchImage]) -> Tensor:
        """``(3, H, W)`` of a single episode."""
        e, renderer = state.episodes, self._renderer
        for column, role in enumerate(ROLES):
            if slot := _SLOT_OF_ROLE.get(role):
                self._hang_(role, int(e.faces[0, column]), prints.get(slot))
        self._light_(e)
        self._stand_(state)
        pitch = self._pitch(e.horizon)
        turn = math.pi / 4 - float(pitch) / 2  # round x; MuJoCo's cameras look straight down at first
        renderer.model.cam_quat[0] = (math.cos(turn), math.sin(turn), 0, 0)
        return torch.from_numpy(renderer.picture().copy()).permute(2, 0, 1).float() / 255

    def _pitch(self, horizon: Tensor) -> Tensor:
        """``(E,)`` radians by which the camera looks down, so that the horizon is where stop-go has it."""
        return torch.atan((0.5 - horizon) * self._camera.height_px / self._camera.focal_px)

    def _light_(self, e: Episodes) -> None:
        model = self._renderer.model
        gain = e.illuminant[0].clamp_min(1e-3).pow(_GAMMA).numpy()
        model.light_ambient[0], model.light_diffuse[0] = gain * _AMBIENT, gain * _SUN
        sky, horizon, verge, asphalt = e.ground[0]
        above, low = (sky * e.illuminant[0]).numpy(), (horizon * e.illuminant[0]).numpy()
        self._renderer.write_("sky", sky_codes(above, low, SKY_TEXELS))
        for name, colour in (("verge", verge), ("asphalt", asphalt)):
            model.geom_rgba[model.geom(name).id, :3] = srgb_from_linear(colour.clamp(0, 1)).numpy()

    def _stand_(self, state: driving.RoadState) -> None:
        """Put everything where it is seen from the car."""
        e, place = state.episodes, self._renderer.data.mocap_pos
        lane, gone = float(e.lane_m), float(state.position_m)
        place[self._renderer.mocap("road")] = (lane, 0, 0)
        place[self._renderer.mocap("dashes")] = (lane, -(gone % PERIOD_M), 0)
        place[self._renderer.mocap("line")] = (lane, float(state.to_line_m), 0)
        x = e.x_m[0].clone()
        x[3] += e.walk_m_s[0] * float(state.steps) * driving.STEP_S
        for column, (role, numbers) in enumerate(ROLES.items()):
            for number in numbers:
                body = self._renderer.mocap(f"{role}-{number}")
                here = number == int(e.faces[0, column]) and (role != "person" or int(e.person) != ABSENT)
                ahead = float(state.to_line_m + e.behind_m[0, column])
                place[body] = (float(x[column]), ahead, float(e.up_m[0, column])) if here else AWAY
                turn = float(e.yaw_rad[0, column]) / 2  # from x, right, to y, ahead: counter-clockwise from above
                self._renderer.data.mocap_quat[body] = (math.cos(turn), 0, 0, math.sin(turn))
            self._tint_(e, column, role)

    def _tint_(self, e: Episodes, column: int, role: str) -> None:
        model, number = self._renderer.model, int(e.faces[0, column])
        gain = (e.tint[0, column] * e.shade[0, column]).pow(_GAMMA).clamp(0, 1)
        model.mat_rgba[model.material(f"{role}-{number}").id, :3] = gain.numpy()

    def seen(self, state: driving.RoadState) -> SeenPlates:
        """Where everything is: through the pitched camera that MuJoCo has."""
        state = state.to("cpu")
        e, time = state.episodes, state.steps * driving.STEP_S
        plates = placed(e, state.position_m, time, e.illuminant, self._half_mm)
        lens = self._lens(plates, self._pitch(e.horizon))
        left, top, right, bottom = plates.box_mm.unbind(2)
        corners = torch.stack([torch.stack([x, y, torch.ones_like(x)], 2) for x in (left, right)
                               for y in (top, bottom)], 2)  # fmt: skip
        mapped = torch.einsum("epij,epkj->epki", lens, corners)
        points = mapped[..., :2] / mapped[..., 2:].clamp_min(1e-3) + 0.5
        return SeenPlates(plates, torch.cat([points.amin(2), points.amax(2)], 2), lens / lens[..., 2:, 2:])

    def _lens(self, plates: Plates, pitch: Tensor) -> Tensor:
        """``(E, P, 3, 3)`` millimetres on a plate → pixels, not yet divided."""
        c = self._camera
        intrinsics = torch.tensor([[c.focal_px, 0, (c.width_px - 1) / 2], [0, c.focal_px, (c.height_px - 1) / 2],
                                   [0, 0, 1.0]])  # fmt: skip
        zero, one, cos, sin = torch.zeros_like(pitch), torch.ones_like(pitch), pitch.cos(), pitch.sin()
        turn = torch.stack([one, zero, zero, zero, cos, -sin, zero, sin, cos], 1).view(-1, 3, 3)
        nothing = torch.zeros_like(plates.cosine)
        right = torch.stack([plates.cosine, nothing, plates.sine], 2) / 1000
        down = torch.stack([nothing, nothing + 0.001, nothing], 2)
        surface = torch.stack([right, down, plates.centre_m], 3)
        return (intrinsics @ turn)[:, None] @ surface


def _same(image: PatchImage | None, other: PatchImage | None) -> bool:
    if image is None or other is None:
        return image is other
    sized = image.width_mm == other.width_mm and image.srgb.shape == other.srgb.shape
    return sized and torch.equal(image.srgb, other.srgb) and torch.equal(image.alpha, other.alpha)
