"""The same frame as it was filmed, with the digital patch, and with controls in the patch's place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from physadv.core.seeding import generator
from physadv.core.types import PatchImage, SceneBatch
from physadv.library.colour.conversion import linear_from_srgb
from physadv.library.fiducials.find import DetectedBoard
from physadv.library.photometry.blur_noise import blur_px, noise_variances
from physadv.library.photometry.scene_light import object_light, photo_light
from physadv.library.placement.objects import PatchPlacement, PhotoObject
from physadv.parts.printing.ink import Ink
from physadv.parts.render.entries import build_renderer
from physadv.parts.render.options import EotConfig

F64 = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]

FILMED, PATCH = "filmed", "patch"
EACH = 4  # of rows and columns says how light it is as well as all of them, in a tenth of the time
LOOK_EVERY = 30  # frames after which blur and noise of the picture are measured again
_PAPER = 1 / 12  # of a tag's side: how far outside its border surely is white paper


@dataclass(frozen=True, slots=True)
class FilmedSurface:
    """A surface in the frame, and the light on it."""

    image_from_surface: F64  # (3,3) mm → px
    light: Tensor  # (3,) linear light of a white surface there
    box_xyxy_px: Box  # of what wears the print


class Overlay:
    """Lays patches over a frame with the renderer that patches are optimised through."""

    def __init__(
        self, patches: Mapping[str, PatchImage], ink: Ink | None, seed: int, *, match_camera: bool, label: str
    ) -> None:
        self.patches = dict(patches)
        self._renderer = build_renderer(EotConfig(quality="high"), ink)
        self._seed, self._label, self._match = seed, label, match_camera
        self._camera: tuple[float, float, float] = (0.0, 0.0, 0.0)
        self._until_look = 0

    def shown(self, srgb: Tensor, surfaces: Sequence[FilmedSurface], index: int) -> Tensor:
        """``(3,H,W)`` → ``(P,3,H,W)``: one picture a patch, in their order, with that patch on all surfaces.

        Equal frames give equal pictures.
        """
        scene = self._scene(srgb, surfaces)
        draws = self._renderer.sample(scene, generator(self._seed, f"watch/{index}"))
        with torch.no_grad():
            return torch.cat([self._renderer.render(scene, patch, draws) for patch in self.patches.values()])

    def _scene(self, srgb: Tensor, surfaces: Sequence[FilmedSurface]) -> SceneBatch:
        blur, shot, read = self._look(srgb)
        scene, count = one_object(srgb[None], surfaces[0].box_xyxy_px, self._label), len(surfaces)
        return SceneBatch(
            srgb=scene.srgb, sizes_px=scene.sizes_px, keys=scene.keys,
            image_of=torch.zeros(count, dtype=torch.int64),
            boxes_xyxy_px=torch.tensor([surface.box_xyxy_px for surface in surfaces], dtype=torch.float32),
            labels=torch.zeros(count, dtype=torch.int64), label_names=scene.label_names,
            wears=torch.ones(count, dtype=torch.bool),
            image_from_surface=torch.stack([torch.from_numpy(s.image_from_surface).float() for s in surfaces]),
            light=torch.stack([surface.light.float() for surface in surfaces]),
            blur_px=torch.tensor([blur]) if self._match else None,
            noise=torch.tensor([[shot, read]]) if self._match else None,
        ).to(srgb.device)  # fmt: skip

    def _look(self, srgb: Tensor) -> tuple[float, float, float]:
        """Blur and noise of the picture, measured now and then: a camera's change slowly."""
        if self._match and self._until_look <= 0:
            picture = srgb.cpu()
            self._camera = (blur_px(picture), *noise_variances(picture))
            self._until_look = LOOK_EVERY
        self._until_look -= 1
        return self._camera


def one_object(srgb: Tensor, box_xyxy_px: Box, label: str) -> SceneBatch:
    """Pictures ``(B,3,H,W)`` with the same single object in each, which wears the patch."""
    count = len(srgb)
    return SceneBatch(
        srgb=srgb,
        sizes_px=torch.tensor([list(srgb.shape[2:])] * count, dtype=torch.int64),
        keys=tuple(f"view {number}" for number in range(count)),
        image_of=torch.arange(count),
        boxes_xyxy_px=torch.tensor([box_xyxy_px] * count, dtype=torch.float32),
        labels=torch.zeros(count, dtype=torch.int64),
        label_names=(label,),
        wears=torch.ones(count, dtype=torch.bool),
        image_from_surface=torch.eye(3).expand(count, 3, 3),
        light=torch.ones(count, 3),
    )


def on_board(sighting: DetectedBoard, box_xyxy_px: Box, srgb: Tensor) -> FilmedSurface:
    """The surface of the print, lit as the white paper round its tags is in ``srgb`` ``(3,H,W)``."""
    return FilmedSurface(sighting.image_from_board, paper_light(sighting, srgb), box_xyxy_px)


def on_objects(dressing: PatchPlacement, boxes_xyxy_px: Sequence[Box], srgb: Tensor) -> list[FilmedSurface]:
    """The surfaces on objects of ``srgb`` ``(3,H,W)`` of which only the boxes are known, without those out of sight."""
    picture, size_px = srgb.cpu(), (int(srgb.shape[1]), int(srgb.shape[2]))
    found = []
    for thing in (PhotoObject(box, 0, True) for box in boxes_xyxy_px):
        if (surface := dressing.surface(thing, size_px)) is not None:
            found.append((thing, surface))
    if not found:
        return []
    around = photo_light(picture[:, ::EACH, ::EACH])
    lights = [object_light(picture, dressing.lit_px(thing, surface), around) for thing, surface in found]
    return [FilmedSurface(surface.double().numpy(), light, thing.box_xyxy_px)
            for (thing, surface), light in zip(found, lights, strict=True)]  # fmt: skip


def paper_light(sighting: DetectedBoard, srgb: Tensor) -> Tensor:
    """``(3,)`` linear light of white: the median over the paper round the tags that were read."""
    spots = []
    for tag in sighting.board.tags:
        if tag.id in sighting.ids:
            out = tag.side_mm * (0.5 + _PAPER)
            along = tag.side_mm / 4
            spots += [(tag.x_mm + x, tag.y_mm + y) for far in (-out, out) for near in (-along, along)
                      for x, y in ((far, near), (near, far))]  # fmt: skip
    seen = np.column_stack((np.array(spots), np.ones(len(spots)))) @ sighting.image_from_board.T
    at = np.rint(seen[:, :2] / seen[:, 2:]).astype(int)
    height, width = srgb.shape[1:]
    inside = (at >= 0).all(1) & (at[:, 0] < width) & (at[:, 1] < height)
    if not inside.any():
        return torch.ones(3)
    columns, rows = torch.from_numpy(at[inside]).unbind(1)
    median: Tensor = linear_from_srgb(srgb[:, rows, columns]).cpu().median(1).values
    return median.clamp_min(1e-3)
