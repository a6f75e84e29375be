"""The surface under the print: from texels to points in space before the camera, and from there to pixels. All in
float64.

Frame of a surface: x right, y down, z into it, millimetres, the object's centre at the origin. The camera's centre is
at the scene's ``camera_mm``; a point off the plane z = 0 is seen where its line of sight meets that plane, and the
scene's homography takes it to the picture from there. One homography and one camera are all that a scene has to know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from physadv.core.types import PatchImage, SceneBatch
from physadv.parts.render.cloth import spline
from physadv.parts.render.options import EotConfig
from physadv.parts.render.pose import rotation, translation
from physadv.parts.render.trunk import round_section

HELD = 4.0
"""1/m: a cylinder bent more than this (radius 250 mm) turns about its axis; less, like a sheet in the hand, about the
patch. A trunk always turns about its axis."""


@dataclass(frozen=True, slots=True)
class Lay:
    """How the print lies on each object, and from where it is seen."""

    sheet_from_texel: Tensor  # (N,3,3) texels (edges at integers) → mm about the patch's centre, still flat
    centre: Tensor  # (N,2) mm: where on the surface the patch's centre is
    turn: Tensor  # (N,3,3) by yaw and pitch
    camera_mm: Tensor  # (N,3) mm
    image_from_surface: Tensor  # (N,3,3) mm → px
    bend: Tensor | None = None  # (N,) 1/mm; None: flat
    trunk: Tensor | None = None  # (N,2) mm: breadth and depth of an elliptic section, in place of the bend
    axis_deg: float = 0.0
    folds: Tensor | None = None  # (N,FOLDS,3) mm: how far the control points are displaced
    mesh: Tensor | None = None  # (n,n,3) mm: the user's surface at nodes of its UV square
    spin: Tensor | None = None  # (N,3,3) that roll and scale the mesh
    size: tuple[int, int] = (1, 1)  # of the raster: height, width
    texel_mm: float = 1.0  # as printed

    @property
    def flat(self) -> bool:
        """Whether a homography says it all."""
        return self.bend is None and self.trunk is None and self.folds is None and self.mesh is None


def lay(
    config: EotConfig, scene: SceneBatch, patch: PatchImage, drawn: Mapping[str, Mapping[str, Tensor]],
    stages: Tensor | None, mesh: Tensor | None,
) -> Lay:  # fmt: skip
    """Put the print on every object of a scene. ``stages`` ``(N,3,3)`` are further moves of the texels."""
    jitter = {name: value.double() for name, value in drawn["jitter"].items()}
    surface = {name: value.double() for name, value in drawn["surface"].items() if value.is_floating_point()}
    place, (height, width) = config.place, patch.srgb.shape[1:]
    shift = jitter["shift_mm"]
    centre = torch.stack((place.x_mm + shift[:, 0], place.y_mm + shift[:, 1]), 1)
    far = torch.full_like(centre[:, :1], -config.jitter.viewing_distance_mm)
    curved = list(config.surface.curvature_per_m) != [0, 0] and mesh is None
    broad = config.surface.breadth_mm[1] > 0 and mesh is None
    cloth = config.surface.folds[1] > 0 and mesh is None
    return Lay(
        _sheet_from_texel(place.roll_deg, jitter, surface["stretch"], patch, stages),
        centre,
        _turn(jitter["yaw_deg"], jitter["pitch_deg"]),
        torch.cat((centre, far), 1) if scene.camera_mm is None else scene.camera_mm.double(),
        _sheared(scene, drawn["sensor"]["rolling_shutter"].double(), centre),
        surface["curvature_per_m"] / 1000 if curved else None,
        torch.stack((surface["breadth_mm"], surface["depth_mm"]), 1) if broad else None,
        config.surface.axis_deg,
        surface["fold"] * (surface["folds"][:, None, None] * patch.width_mm) if cloth else None,
        mesh,
        None if mesh is None else rotation(place.roll_deg + jitter["roll_deg"]) * jitter["scale"][:, None, None],
        (height, width),
        patch.width_mm / width,
    )


def _sheet_from_texel(
    roll_deg: float, jitter: Mapping[str, Tensor], stretch: Tensor, patch: PatchImage, stages: Tensor | None
) -> Tensor:
    height, width = patch.srgb.shape[1:]
    here = torch.ones_like(jitter["scale"])
    mm = jitter["scale"] * (patch.width_mm / width)
    sized = torch.diag_embed(torch.stack((mm * stretch[:, 0], mm * stretch[:, 1], here), -1))
    turned = rotation(roll_deg + jitter["roll_deg"])
    sheet = turned @ sized @ translation(-here * (width / 2), -here * (height / 2))
    return sheet if stages is None else sheet @ stages


def _turn(yaw_deg: Tensor, pitch_deg: Tensor) -> Tensor:
    """``(N,3,3)``: positive yaw turns the right edge away, positive pitch the top edge."""
    yaw, pitch = yaw_deg.deg2rad(), pitch_deg.deg2rad()
    zero = torch.zeros_like(yaw)
    across = (yaw.cos(), yaw.sin() * pitch.sin(), -yaw.sin() * pitch.cos())
    down = (zero, pitch.cos(), pitch.sin())
    into = (yaw.sin(), -yaw.cos() * pitch.sin(), yaw.cos() * pitch.cos())
    return torch.stack((*across, *down, *into), -1).view(-1, 3, 3)


def _sheared(scene: SceneBatch, px_per_row: Tensor, centre: Tensor) -> Tensor:
    """``image_from_surface`` as a rolling shutter sees it: rows shift sideways about the patch's centre."""
    plain = scene.image_from_surface.double()
    at = (plain @ torch.cat((centre, torch.ones_like(centre[:, :1])), 1)[..., None])[..., 0]
    sheared = torch.eye(3, dtype=plain.dtype, device=plain.device).repeat(plain.shape[0], 1, 1)
    sheared[:, 0, 1] = px_per_row
    sheared[:, 0, 2] = -px_per_row * (at[:, 1] / at[:, 2]).nan_to_num(0, 0, 0)
    return sheared @ plain


def sight(camera_mm: Tensor) -> Tensor:
    """``(N,3,4)``: from a point ``(x, y, z, 1)`` to where it is seen on the plane z = 0, in homogeneous mm."""
    seen = torch.zeros(camera_mm.shape[0], 3, 4, dtype=camera_mm.dtype, device=camera_mm.device)
    seen[:, 0, 0] = seen[:, 1, 1] = seen[:, 2, 3] = 1
    seen[:, :2, 2] = -camera_mm[:, :2] / camera_mm[:, 2:]
    seen[:, 2, 2] = -1 / camera_mm[:, 2]
    return seen


def homography(lay: Lay) -> Tensor:
    """``(N,3,3)`` from texels to pixels, for what is flat: the sheet turns about the patch's own centre."""
    space_from_sheet = torch.zeros(lay.camera_mm.shape[0], 4, 3, dtype=lay.camera_mm.dtype, device=lay.camera_mm.device)
    space_from_sheet[:, :3, :2] = lay.turn[:, :, :2]
    space_from_sheet[:, :2, 2], space_from_sheet[:, 3, 2] = lay.centre, 1
    return lay.image_from_surface @ sight(lay.camera_mm) @ space_from_sheet @ lay.sheet_from_texel


def nodes(size: tuple[int, int], rows: int, columns: int, like: Tensor) -> Tensor:
    """``(rows,columns,2)`` texel coordinates of a grid that spans the raster from edge to edge."""
    y, x = (torch.linspace(0, extent, count, dtype=like.dtype, device=like.device)
            for extent, count in zip(size, (rows, columns), strict=True))  # fmt: skip
    return torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)


def points(lay: Lay, texels: Tensor) -> Tensor:
    """``(N,r,c,3)`` mm: where the texels of a grid ``(r,c,2)`` lie in space."""
    rows, columns = texels.shape[:2]
    ones = torch.ones_like(texels[..., :1])
    sheet = torch.cat((texels, ones), -1).view(-1, 3) @ lay.sheet_from_texel.mT
    sheet = sheet[..., :2] / sheet[..., 2:]
    if lay.mesh is not None:
        found = _on_mesh(lay, texels)
    elif lay.bend is None and lay.trunk is None:
        found = torch.cat((sheet, torch.zeros_like(sheet[..., :1])), -1)
        if lay.folds is not None:
            found = found + _folded(lay, texels)
        found = found @ lay.turn.mT
        found[..., :2] += lay.centre[:, None]
    else:
        found = _rolled_up(lay, sheet, texels)
    return found.view(-1, rows, columns, 3)


def _folded(lay: Lay, texels: Tensor) -> Tensor:
    """``(N,k,3)`` by how much folds displace the texels ``(r,c,2)``."""
    assert lay.folds is not None
    extent = texels.new_tensor([lay.size[1], lay.size[0]])
    found: Tensor = spline(texels.view(-1, 2) / extent * 2 - 1) @ lay.folds
    return found


def _rolled_up(lay: Lay, sheet: Tensor, texels: Tensor) -> Tensor:
    """Roll the sheet ``(N,k,2)`` round the body through the origin: lengths along the cloth stay what they were."""
    upright = rotation(torch.full_like(lay.centre[:, 0], -lay.axis_deg))[:, :2, :2]  # the axis becomes the y axis
    arc, y = ((sheet + lay.centre[:, None]) @ upright.mT).unbind(-1)
    x, depth = _section(lay, arc)
    found = torch.stack((x, y, depth), -1)
    if lay.folds is not None:
        found = found + _folded(lay, texels)
    middle = (lay.centre[:, None] @ upright.mT)[:, 0]
    aside, inwards = _axis(lay, middle[:, 0])
    pivot = torch.stack((aside, middle[:, 1], inwards), -1)
    back = torch.eye(3, dtype=x.dtype, device=x.device).repeat(x.shape[0], 1, 1)
    back[:, :2, :2] = upright.mT
    found, pivot = found @ back.mT, (pivot[:, None] @ back.mT)
    return (found - pivot) @ lay.turn.mT + pivot


def _section(lay: Lay, arc: Tensor) -> tuple[Tensor, Tensor]:
    """How far to the right and inwards the points ``arc`` ``(N,k)`` mm along the body's section are, ``(N,k)`` each."""
    if lay.trunk is not None:
        return round_section(arc, lay.trunk[:, 0], lay.trunk[:, 1])
    assert lay.bend is not None
    bend = lay.bend[:, None]
    angle = arc * bend
    half = torch.sinc(angle / 2 / torch.pi)
    return arc * torch.sinc(angle / torch.pi), arc.square() * bend / 2 * half.square()


def _axis(lay: Lay, middle: Tensor) -> tuple[Tensor, Tensor]:
    """How far to the right and inwards the axis is about which the body turns; ``middle`` ``(N,)`` is the patch's."""
    if lay.trunk is not None:
        return torch.zeros_like(middle), lay.trunk[:, 1] / 2
    assert lay.bend is not None
    round_axis = lay.bend * 1000 >= HELD
    depth = torch.where(round_axis, 1 / torch.where(round_axis, lay.bend, 1.0), 0.0)
    return torch.where(round_axis, 0.0, middle), depth


def _on_mesh(lay: Lay, texels: Tensor) -> Tensor:
    """The user's surface, scaled, rolled and turned about its own origin, and put in place."""
    assert lay.mesh is not None
    assert lay.spin is not None
    extent = texels.new_tensor([lay.size[1], lay.size[0]])
    grid = (texels / extent * 2 - 1)[None]
    mesh = torch.nn.functional.grid_sample(lay.mesh.to(grid).movedim(-1, 0)[None], grid, align_corners=True)[0]
    found = mesh.flatten(1).T @ (lay.turn @ lay.spin).mT
    found[..., :2] += lay.centre[:, None]
    return found


def normals(points: Tensor) -> Tensor:
    """``(N,r,c,3)`` unit normals of a grid of points ``(N,r,c,3)``, towards the side that carries the print."""
    down, across = torch.gradient(points, dim=(1, 2))
    return torch.nn.functional.normalize(torch.linalg.cross(down, across), dim=-1)


def pixels(lay: Lay, points: Tensor, objects: Tensor) -> Tensor:
    """``(W,r,c,3)`` homogeneous pixels of points in space ``(W,r,c,3)`` before the surfaces of ``objects`` ``(W,)``."""
    ones = torch.ones_like(points[..., :1])
    image_from_space = (lay.image_from_surface @ sight(lay.camera_mm)).index_select(0, objects)
    return torch.cat((points, ones), -1) @ image_from_space[:, None].mT


def middle_px(lay: Lay) -> Tensor:
    """``(N,2)``: where the middle of the patch's place is seen."""
    at = lay.image_from_surface @ torch.cat((lay.centre, torch.ones_like(lay.centre[:, :1])), 1)[..., None]
    return (at[:, :2, 0] / at[:, 2:, 0]).nan_to_num(0, 0, 0)


def distorted(pixels: Tensor, strength: Tensor, sizes_px: Tensor) -> Tensor:
    """Homogeneous pixels ``(W,r,c,3)`` as a lens with Brown's k1 = ``strength`` ``(W,)`` shows them.

    The radius counts from the image's centre, 1 at its corner. The middle of the grid stays where the photo shows it.
    """
    flat = pixels[..., :2] / pixels[..., 2:]
    extent = sizes_px.flip(1).to(flat)[:, None, None]
    corner = torch.linalg.vector_norm(extent, dim=-1, keepdim=True) / 2
    off = flat - (extent - 1) / 2
    moved = off * strength[:, None, None, None] * (off / corner).square().sum(-1, keepdim=True)
    rows, columns = flat.shape[1:3]
    middle = moved[:, (rows - 1) // 2 : rows // 2 + 1, (columns - 1) // 2 : columns // 2 + 1].mean((1, 2), keepdim=True)
    return torch.cat((flat + moved - middle, torch.ones_like(flat[..., :1])), -1) * pixels[..., 2:]
