"""The road as a MuJoCo model: every sign, board and person that an episode may show stands on a body of its own.

MuJoCo's axes: x right, y ahead, z up, metres. The camera stands still and the road comes to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from physadv.library.roads.sign_canvas import F64, MM_PER_TEXEL, U8, SignFace
from physadv.parts.worlds.mujoco_road.textures import codes_of
from physadv.parts.worlds.stop_go.camera import HEIGHT_M, Camera
from physadv.parts.worlds.stop_go.faces import BILLBOARDS, BYSTANDER_SIGNS, GO_SIGNS, PEOPLE, SCALE_OF_FACE, STOP
from physadv.parts.worlds.stop_go.scenery import LANE_M, PERIOD_M

ROLES: dict[str, tuple[int, ...]] = {
    "billboard": BILLBOARDS, "bystander": BYSTANDER_SIGNS, "sign": (STOP, *GO_SIGNS), "person": PEOPLE,
}  # fmt: skip
"""In the order of the columns of the episodes; role → the faces it may have."""

AWAY = (0.0, -200.0, 0.0)  # behind the camera
SHIRT_MM = (400.0, 560.0)
SKY_TEXELS = 32
_LAYER_M = 0.02  # road above verge, paint above road: nearer ones would flicker
_CLOTH = ((70, 90, 130), (150, 40, 46), (96, 104, 92))


@dataclass
class RoadModel:
    """Parts of the model by name, as XML, and the pictures that its textures begin with."""

    meshes: list[str] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    textures: dict[str, U8] = field(default_factory=dict)  # (h, w, 3) top row first
    texel_mm: dict[str, float] = field(default_factory=dict)  # of the same

    def xml(self, camera: Camera, samples: int) -> str:
        """The model; textures are blank until they are written."""
        fovy = np.rad2deg(2 * np.arctan(camera.height_px / 2 / camera.focal_px))
        blanks = "".join(
            f'<texture name="{name}" type="2d" colorspace="linear" builtin="flat" width="{codes.shape[1]}" '
            f'height="{codes.shape[0]}"/><material name="{name}" texture="{name}" specular="0" shininess="0"/>'
            for name, codes in self.textures.items()
        )
        side = SKY_TEXELS
        return f"""<mujoco model="road">
          <compiler angle="radian"/>
          <visual><global offwidth="{camera.width_px}" offheight="{camera.height_px}"/>
            <quality offsamples="{samples}"/><map znear="0.01" zfar="10"/><headlight active="0"/></visual>
          <statistic extent="60" center="0 20 0"/>
          <asset>
            <texture name="sky" type="skybox" builtin="flat" width="{side}" height="{6 * side}" colorspace="linear"/>
            {blanks}{"".join(self.meshes)}
          </asset>
          <worldbody>
            <camera name="eye" pos="0 0 {HEIGHT_M}" xyaxes="1 0 0 0 0 1" fovy="{fovy}"/>
            <light name="sun" directional="true" dir="0.3 0.8 -0.6" castshadow="false" specular="0 0 0"/>
            {"".join(self.bodies)}
          </worldbody>
        </mujoco>"""


def staged(faces: tuple[SignFace, ...]) -> RoadModel:
    """Everything that an episode may show."""
    stage = RoadModel()
    for role in ("billboard", "bystander", "sign"):
        for number in ROLES[role]:
            _add_board(stage, f"{role}-{number}", faces[number], SCALE_OF_FACE[number])
    for number in PEOPLE:
        _add_person(stage, f"person-{number}", _CLOTH[number - PEOPLE[0]])
    _add_road(stage)
    return stage


def _add_board(stage: RoadModel, name: str, face: SignFace, scale: float) -> None:
    """A plate with the outline of the face, its texture over it, on a pole."""
    stage.textures[name], stage.texel_mm[name] = codes_of(face), MM_PER_TEXEL * scale
    height, width = stage.textures[name].shape[:2]
    half = np.array([width, height]) * scale  # mm: a texel is 2 mm wide
    rim = face.outline_mm * scale
    _add_plate(stage, name, rim, half)
    top = float(rim[:, 1].max()) / 1000
    pole = 0.12 if name.startswith("billboard") else 0.032
    stage.bodies.append(
        f'<body name="{name}" mocap="true" pos="{_text(AWAY)}"><geom type="mesh" mesh="{name}" material="{name}" '
        f'contype="0" conaffinity="0"/><geom type="cylinder" size="{pole} 2" pos="0 {pole + 0.02} {-2 - top + 0.1}" '
        f'rgba=".5 .51 .52 1" contype="0" conaffinity="0"/></body>'
    )


def _add_plate(stage: RoadModel, name: str, rim_mm: F64, half_mm: F64) -> None:
    """A prism 8 mm thick whose front looks at the camera; ``rim_mm`` ``(n, 2)`` is convex, x right, y down.

    Texture coordinates come from ``half_mm``, half of what the texture covers; MuJoCo's first row is the lowest.
    """
    count = len(rim_mm)
    front = np.stack([rim_mm[:, 0], np.zeros(count), -rim_mm[:, 1]], 1) / 1000
    vertices = np.concatenate([front, front + np.array([0, 0.008, 0])])
    uv = np.stack([rim_mm[:, 0] / half_mm[0], -rim_mm[:, 1] / half_mm[1]], 1) / 2 + 0.5
    # seen from the front, corners that run clockwise make a face that looks away
    turn = float(np.cross(np.append(rim_mm[1] - rim_mm[0], 0), np.append(rim_mm[2] - rim_mm[1], 0))[2])
    fan = [(0, i, i + 1) if turn < 0 else (0, i + 1, i) for i in range(1, count - 1)]
    back = [(count + a, count + c, count + b) for a, b, c in fan]
    stage.meshes.append(
        f'<mesh name="{name}" inertia="shell" vertex="{_text(vertices.ravel())}" '
        f'texcoord="{_text(np.concatenate([uv, uv]).ravel())}" face="{_text(np.array(fan + back).ravel())}"/>'
    )


def _add_person(stage: RoadModel, name: str, cloth: tuple[int, int, int]) -> None:
    """1.8 m tall, of boxes, capsules and a ball; the shirt's chest is a plate before it. Its origin is 0.9 m up."""
    half = np.array(SHIRT_MM) / 2
    rim = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
    stage.textures[name] = np.broadcast_to(np.array(cloth, np.uint8), (280, 200, 3)).copy()
    stage.texel_mm[name] = SHIRT_MM[0] / 200
    _add_plate(stage, name, rim, half)
    colour = " ".join(f"{code / 255:.3f}" for code in cloth)
    limbs = "".join(
        f'<geom type="capsule" size=".075" fromto="{side * 0.09} .1 -.06 {side * 0.1} .1 -.82" rgba=".15 .16 .18 1" '
        f'contype="0" conaffinity="0"/><geom type="capsule" size=".048" fromto="{side * 0.26} .1 .5 {side * 0.28} .1 '
        f'-.05" rgba="{colour} 1" contype="0" conaffinity="0"/>'
        for side in (-1, 1)
    )
    stage.bodies.append(
        f'<body name="{name}" mocap="true" pos="{_text(AWAY)}">'
        f'<geom type="mesh" mesh="{name}" material="{name}" pos="0 0 .28" contype="0" conaffinity="0"/>'
        f'<geom type="box" size=".215 .09 .33" pos="0 .1 .26" rgba="{colour} 1" contype="0" conaffinity="0"/>'
        f'<geom type="sphere" size=".13" pos="0 .1 .74" rgba=".77 .59 .48 1" contype="0" conaffinity="0"/>'
        f"{limbs}</body>"
    )


def _add_road(stage: RoadModel) -> None:
    """Verge, asphalt and paint; what moves by the dash period, and the stop line."""

    def slab(name: str, left: float, right: float, near: float, far: float, layer: int, colour: str) -> str:
        size = f"{(right - left) / 2} {(far - near) / 2} .001"
        place = f"{(left + right) / 2} {(near + far) / 2} {layer * _LAYER_M - 0.001}"
        return (f'<geom name="{name}" type="box" size="{size}" pos="{place}" rgba="{colour}" contype="0" '
                f'conaffinity="0"/>')  # fmt: skip

    white, edge = ".8 .8 .79 1", LANE_M / 2
    dashes = "".join(
        slab(f"dash-{i}", -edge - 0.06, -edge + 0.06, i * PERIOD_M, i * PERIOD_M + 3, 2, white) for i in range(-1, 22)
    )
    stage.bodies.append(
        '<geom name="verge" type="plane" size="500 500 1" pos="0 0 -.02" rgba=".4 .5 .3 1"/>'
        f'<body name="road" mocap="true">{slab("asphalt", -1.5 * LANE_M - 0.3, edge + 0.3, -10, 400, 1, ".4 .4 .4 1")}'
        f"{slab('edge', edge - 0.26, edge - 0.14, -10, 400, 2, white)}</body>"
        f'<body name="dashes" mocap="true">{dashes}</body>'
        f'<body name="line" mocap="true" pos="{_text(AWAY)}">{slab("line", -edge + 0.2, edge - 0.2, 0, 0.5, 2, white)}'
        "</body>"
    )


def _text(numbers: Any) -> str:
    return " ".join(f"{float(number):.6g}" for number in numbers)
