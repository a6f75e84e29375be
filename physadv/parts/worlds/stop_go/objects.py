"""The plates of a moment as objects of a scene: boxes, labels, and where a print would hang."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from physadv.core.types import SceneBatch
from physadv.parts.worlds.stop_go.driving import RoadState
from physadv.parts.worlds.stop_go.faces import LABEL_OF_FACE, LABELS
from physadv.parts.worlds.stop_go.plates import Plates
from physadv.parts.worlds.stop_go.slots import place_of

_POLES = [0, 2, 4]  # are no objects
_SMALLEST_PX = 1.0


@dataclass(frozen=True, slots=True)
class SeenPlates:
    """What a renderer's camera makes of the plates."""

    plates: Plates
    boxes_px: Tensor  # (E, P, 4) edges, beyond the picture, too
    image_from_plate: Tensor  # (E, P, 3, 3) millimetres from the middle → pixels


def scene_of(world: str, images: Tensor, seen: SeenPlates, state: RoadState, slot: str) -> SceneBatch:
    """The pictures ``(E, 3, H, W)`` with everything in them; what has the slot wears the print.

    Raises :class:`BadOption` where there is no such slot.
    """
    place, plates, (height, width) = place_of(slot), seen.plates, images.shape[2:]
    edges = seen.boxes_px.new_tensor([width, height, width, height])
    box = torch.minimum(seen.boxes_px.clamp_min(0), edges)
    visible = plates.there & ((box[..., 2:] - box[..., :2]).amin(2) > _SMALLEST_PX)
    visible[:, _POLES] = False
    image_of, which = visible.nonzero(as_tuple=True)
    wears = which == place.plate
    unit = torch.eye(3, device=images.device)
    shift = unit.clone()
    shift[0, 2], shift[1, 2] = place.x_mm, place.y_mm
    lens = torch.where(wears[:, None, None], seen.image_from_plate[image_of, which] @ shift, unit)
    middle_mm = unit.new_tensor([place.x_mm, place.y_mm, 0])
    moments = zip(state.episodes.seeds.tolist(), state.steps.tolist(), strict=True)
    return SceneBatch(
        srgb=images,
        sizes_px=torch.tensor([height, width], device=images.device).repeat(len(images), 1),
        keys=tuple(f"{world}-{seed}-{step:03d}" for seed, step in moments),
        image_of=image_of,
        boxes_xyxy_px=box[image_of, which],
        labels=torch.tensor(LABEL_OF_FACE, device=images.device)[plates.face[image_of, which]],
        label_names=LABELS,
        wears=wears,
        image_from_surface=lens / lens[:, 2:, 2:],
        light=plates.light[image_of, which],
        distance_m=plates.centre_m[image_of, which].norm(dim=1),
        camera_mm=_camera_mm(plates)[image_of, which] - wears[:, None] * middle_mm,
    )


def _camera_mm(plates: Plates) -> Tensor:
    """``(E, P, 3)`` the camera in the frame of each plate; its z points into the plate."""
    x, y, z = plates.centre_m.unbind(2)
    right = -(x * plates.cosine + z * plates.sine)
    into = -(z * plates.cosine - x * plates.sine)
    return torch.stack([right, -y, into], 2) * 1000
