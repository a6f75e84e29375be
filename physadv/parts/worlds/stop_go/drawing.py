"""From a state to pictures: scenery, plates over it, prints on them, exposure, noise, codes, dashboard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from physadv.core.errors import BadOption
from physadv.core.nearest import did_you_mean
from physadv.core.types import PatchImage, SceneBatch
from physadv.core.worlds import TextureSlot
from physadv.library.colour.conversion import srgb_from_linear
from physadv.parts.worlds.stop_go import driving
from physadv.parts.worlds.stop_go.atlas import Reads, TexelRow, atlas_of_prints, level_for, read
from physadv.parts.worlds.stop_go.camera import Camera
from physadv.parts.worlds.stop_go.faces import LABEL_OF_FACE, LABELS
from physadv.parts.worlds.stop_go.plates import Fragments, Plates, boxes_px, covered, placed
from physadv.parts.worlds.stop_go.scenery import painted

_TAPS = ((-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25))  # pixels; a quarter of it each
_NOISE = 1 << 16  # numbers of noise, of which each picture takes a run
_TOGETHER = 1 << 17  # pixels that are drawn at once: what fits the processor's cache
_LARGER_MM = 1.0  # than its slot a print may be, for rounding


class PrintPlace(NamedTuple):
    """Where a print goes."""

    texture: TextureSlot
    plate: int
    x_mm: float  # of its middle, from the middle of the plate
    y_mm: float


class Artist:
    """Draws the episodes of one camera."""

    def __init__(self, camera: Camera, atlas: TexelRow, slots: Mapping[str, PrintPlace], *, dashboard: bool) -> None:
        self._camera, self._atlas, self._slots = camera, atlas, slots
        self._dashboard = max(3, round(camera.height_px * 0.09)) if dashboard else 0
        noise = torch.randn(_NOISE + 3 * camera.height_px * camera.width_px, generator=torch.Generator().manual_seed(7))
        self._noise = noise.to(atlas.texels.device)

    def pictures(self, state: driving.RoadState, prints: Mapping[str, PatchImage]) -> Tensor:
        """``(E, 3, H, W)`` sRGB in [0, 1]."""
        worn = {name: (index, self._fitting(name, image)) for index, (name, image) in enumerate(prints.items())}
        sheets = atlas_of_prints(tuple(prints.values())) if prints else None
        count, together = len(state.ended), max(1, _TOGETHER // (self._camera.height_px * self._camera.width_px))
        rows = torch.split(torch.arange(count, device=self._noise.device), together)
        parts = [self._drawn(state if len(rows) == 1 else state.pick(r), worn, sheets) for r in rows]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _fitting(self, name: str, image: PatchImage) -> PatchImage:
        if name not in self._slots:
            hint = did_you_mean(name, self._slots)
            raise BadOption(f"world=stop-go has no slot {name!r}{hint or '.'} It has {', '.join(self._slots)}")
        slot = self._slots[name].texture
        if image.width_mm > slot.width_mm + _LARGER_MM or image.height_mm > slot.height_mm + _LARGER_MM:
            raise BadOption(
                f"the print of {image.width_mm:.0f} x {image.height_mm:.0f} mm is larger than the slot {name!r} of "
                f"world=stop-go, {slot.width_mm:.0f} x {slot.height_mm:.0f} mm. Make it smaller (patch.width_mm)"
            )
        return image

    def _placed(self, state: driving.RoadState) -> Plates:
        time = state.steps * driving.STEP_S
        return placed(state.episodes, state.position_m, time, state.episodes.illuminant, self._atlas.half_mm)

    def _drawn(
        self, state: driving.RoadState, worn: Mapping[str, tuple[int, PatchImage]], sheets: TexelRow | None
    ) -> Tensor:
        episodes, camera = state.episodes, self._camera
        image = painted(episodes, state.position_m, camera)
        image *= episodes.illuminant[:, :, None, None]
        plates = self._placed(state)
        over = {self._slots[name].plate: name for name in worn}
        fragments = covered(plates, camera, episodes.horizon)
        colours = self._seen(self._atlas, plates, fragments, episodes.horizon)
        for plate in range(plates.face.shape[1]):
            rows = (fragments.plate == plate).nonzero().squeeze(1)
            _blend_(image, Fragments(*(column[rows] for column in fragments)), colours[rows])
            if plate in over and sheets is not None:
                index, sheet = worn[over[plate]]
                slot = self._slots[over[plate]]
                half = (sheet.width_mm / 2, sheet.height_mm / 2)
                print_plate = plates.wearing(plate, index, half, slot.x_mm, slot.y_mm)
                where = covered(print_plate, camera, episodes.horizon)
                _blend_(image, where, self._seen(sheets, print_plate, where, episodes.horizon))
        return self._developed(image, state)

    def _seen(self, atlas: TexelRow, plates: Plates, fragments: Fragments, horizon: Tensor) -> Tensor:
        """``(n, 4)`` premultiplied linear light of the plates at the pixels, as lit."""
        camera, which = self._camera, (fragments.episode, fragments.plate)
        x, y, z = plates.centre_m[which].unbind(1)
        cosine, sine = plates.cosine[which], plates.sine[which]
        taps = x.new_tensor(_TAPS)
        row = torch.div(fragments.pixel, camera.width_px, rounding_mode="floor")
        column = fragments.pixel - row * camera.width_px
        a = (column[:, None] + taps[:, 0] - (camera.width_px - 1) / 2) / camera.focal_px
        b = (row[:, None] + taps[:, 1] - camera.middle_row(horizon)[fragments.episode][:, None]) / camera.focal_px
        # the ray (a, b, 1) meets the upright plate centre + X (cosine, 0, sine) + Y (0, 1, 0)
        along = (a * z[:, None] - x[:, None]) / (cosine[:, None] - a * sine[:, None])
        down = b * (z[:, None] + sine[:, None] * along) - y[:, None]
        face = plates.face[which]
        level = level_for(atlas, face, z * (500 / camera.focal_px))
        seen = read(atlas, Reads(face, level, along * 1000, down * 1000))
        return torch.cat([seen[:, :3] * plates.gain[which], seen[:, 3:]], 1)

    def _developed(self, image: Tensor, state: driving.RoadState) -> Tensor:
        """Noise, clipping, sRGB; the dashboard over it."""
        episodes, size = state.episodes, image[0].numel()
        begin = (episodes.seeds * 7919 + state.steps * 104729) % _NOISE
        noise = self._noise.unfold(0, size, 1)[begin].view_as(image)
        codes = srgb_from_linear((image + noise * episodes.noise[:, None, None, None]).clamp(0, 1))
        if self._dashboard:
            self._show_speed_(codes, state.speed_m_s)
        return codes

    def _show_speed_(self, codes: Tensor, speed_m_s: Tensor) -> None:
        """A bar on black, as long as the car is fast, in the lowest rows."""
        rows, wide = self._dashboard, self._camera.width_px
        column = torch.arange(wide, device=codes.device)
        length = (speed_m_s / driving.TOP_SPEED_M_S * wide)[:, None]
        lit = (length - column).clamp(0, 1)[:, None, None]  # (E, 1, 1, W)
        codes[:, :, -rows:] = 0.05 + 0.85 * lit
        codes[:, :, -rows] = 0.05

    def scene(self, state: driving.RoadState, slot: str) -> SceneBatch:
        """The pictures of now without a print; what has the slot wears it."""
        if slot not in self._slots:
            raise BadOption(f"world=stop-go has no slot {slot!r}. It has {', '.join(self._slots)}")
        camera, episodes, place = self._camera, state.episodes, self._slots[slot]
        plates = self._placed(state)
        size = torch.tensor([camera.height_px, camera.width_px], device=plates.face.device)
        box = boxes_px(plates, camera, episodes.horizon)
        box = torch.minimum(box.clamp_min(0), size.flip(0).repeat(2).to(box.dtype))
        visible = plates.there & ((box[..., 2:] - box[..., :2]).amin(2) > 1)
        visible[:, [0, 2, 4]] = False  # poles are no objects
        image_of, which = visible.nonzero(as_tuple=True)
        wears = which == place.plate
        lens = plates.image_from_surface(camera, episodes.horizon)[image_of, which]
        middle_mm = lens.new_tensor([place.x_mm, place.y_mm, 0])
        shift = torch.eye(3, device=lens.device)
        shift[0, 2], shift[1, 2] = place.x_mm, place.y_mm
        lens = torch.where(wears[:, None, None], lens @ shift, torch.eye(3, device=lens.device))
        labels = torch.tensor(LABEL_OF_FACE, device=lens.device)[plates.face[image_of, which]]
        return SceneBatch(
            srgb=self.pictures(state, {}), sizes_px=size.repeat(len(state.ended), 1),
            keys=tuple(f"stop-go-{seed}-{step:03d}" for seed, step in
                       zip(episodes.seeds.tolist(), state.steps.tolist(), strict=True)),
            image_of=image_of, boxes_xyxy_px=box[image_of, which], labels=labels, label_names=LABELS, wears=wears,
            image_from_surface=lens / lens[:, 2:, 2:],
            light=plates.light[image_of, which],
            distance_m=plates.centre_m[image_of, which].norm(dim=1),
            camera_mm=_camera_mm(plates)[image_of, which] - wears[:, None] * middle_mm,
        )  # fmt: skip


def _camera_mm(plates: Plates) -> Tensor:
    """``(E, P, 3)`` the camera in the frame of each plate; its z points into the plate."""
    x, y, z = plates.centre_m.unbind(2)
    right = -(x * plates.cosine + z * plates.sine)
    into = -(z * plates.cosine - x * plates.sine)
    return torch.stack([right, -y, into], 2) * 1000


def _blend_(image: Tensor, where: Fragments, colours: Tensor) -> None:
    """Lay fragments of one plate over the pictures ``(E, 3, H, W)``, in place: each pixel is theirs once."""
    if not len(where.pixel):
        return
    plane = image.shape[2] * image.shape[3]
    at = (where.episode * (3 * plane) + where.pixel)[:, None] + torch.arange(3, device=image.device) * plane
    flat, at = image.view(-1), at.view(-1)
    under = flat.index_select(0, at).view(-1, 3)
    flat.index_copy_(0, at, (under * (1 - colours[:, 3:]) + colours[:, :3]).view(-1))
