"""Stop signs that keep one cue and lose or contradict the others, on a drawn road: the same pictures for every sign."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from physadv.core.seeding import generator
from physadv.library.roads.background import paint_background
from physadv.library.roads.photograph import exposed, lay_sign_, photographed
from physadv.library.roads.pinhole import Plate, RoadCamera, through
from physadv.library.roads.sign_canvas import F32, F64, RGB, SignCanvas, SignFace, ellipse
from physadv.library.roads.signs import face_of, octagon

WHITE: RGB = (238, 238, 234)
RED: RGB = (176, 22, 34)
GREY: RGB = (118, 118, 118)
BLUE: RGB = (18, 72, 158)
SIZE_PX, FIELD_DEG, CAMERA_M = (320, 224), 50.0, 1.4
BOX_MM = octagon(750)
"""Of every sign, whatever its own outline: reports about this place count."""


@dataclass(frozen=True)
class CueSign:
    """A sign by what it keeps of a stop sign."""

    name: str
    keeps: str
    draw: Callable[[int], SignFace]  # of the seed


def _plain(outline: F64, ground: RGB, rim: RGB, legend: str = "") -> SignFace:
    canvas = SignCanvas(910, 910)
    canvas.polygon(outline, rim)
    canvas.polygon(outline * 0.95, ground)
    if legend:
        canvas.text(legend, 254, WHITE)
    return canvas.face(outline)


def _triangle() -> F64:
    return np.array([(0.0, 455.0), (-450.0, -325.0), (450.0, -325.0)])


def _grey(face: SignFace) -> SignFace:
    """The same light everywhere, without its colour."""
    luminance = np.array([0.2126, 0.7152, 0.0722], np.float32)
    levels = [np.concatenate([(one[..., :3] @ luminance)[..., None].repeat(3, 2), one[..., 3:]], 2)
              for one in face.pyramid]  # fmt: skip
    return replace(face, pyramid=tuple(np.asarray(one, np.float32) for one in levels))


def _shuffled(face: SignFace, tiles: int, seed: int) -> SignFace:
    """The sign's square cut into tiles, which change places; what was clear stays clear, wherever it goes."""
    order = torch.randperm(tiles**2, generator=generator(seed, f"tiles {tiles}")).tolist()
    return replace(face, pyramid=tuple(_moved(one, tiles, order) for one in face.pyramid[:4]))


def _moved(level: F32, tiles: int, order: list[int]) -> F32:
    side = min(level.shape[:2]) // tiles
    middle = [(length - side * tiles) // 2 for length in level.shape[:2]]
    out = level.copy()
    for place, source in enumerate(order):
        to, at = ([middle[axis] + side * n for axis, n in enumerate(divmod(which, tiles))] for which in (place, source))
        out[to[0] : to[0] + side, to[1] : to[1] + side] = level[at[0] : at[0] + side, at[1] : at[1] + side]
    return out


CUES = (
    CueSign("whole", "everything", lambda _: face_of("stop", 0)),
    CueSign("no legend", "shape, colour", lambda _: _plain(octagon(750), RED, WHITE)),
    CueSign("no colour", "shape, legend", lambda _: _grey(face_of("stop", 0))),
    CueSign("blue", "shape, legend, another colour", lambda _: _plain(octagon(750), BLUE, WHITE, "STOP")),
    CueSign("grey octagon", "shape alone", lambda _: _plain(octagon(750), GREY, WHITE)),
    CueSign("red disc", "colour alone", lambda _: _plain(ellipse(0, 0, 375, 375), RED, WHITE)),
    CueSign("red triangle", "colour, another shape", lambda _: _plain(_triangle(), RED, WHITE)),
    CueSign("STOP on a triangle", "colour, legend, another shape", lambda _: _plain(_triangle(), RED, WHITE, "STOP")),
    CueSign("4 tiles", "pieces", lambda seed: _shuffled(face_of("stop", 0), 2, seed)),
    CueSign("16 tiles", "small pieces", lambda seed: _shuffled(face_of("stop", 0), 4, seed)),
    CueSign("grey disc", "nothing", lambda _: _plain(ellipse(0, 0, 375, 375), GREY, WHITE)),
)
"""Each keeps something else; the first keeps everything, the last nothing."""


@dataclass(frozen=True)
class CueRoad:
    """One picture of a road without a sign, and where one would stand."""

    linear: F32  # (H, W, 3) linear light
    image_from_surface: F64  # (3, 3)
    light: F64  # (3,)
    seed: int

    @staticmethod
    def drawn(index: int, seed: int) -> CueRoad:
        """A road whose place, light and sign the index and seed tell: 4 to 9 m ahead, turned by up to 20 degrees."""
        number = int(torch.randint(2**62, (1,), generator=generator(seed, f"cue road/{index}")))
        rng = np.random.default_rng(number)
        camera = RoadCamera.looking_ahead(SIZE_PX, FIELD_DEG, CAMERA_M, rng.uniform(-1, 3), rng.uniform(-1, 1))
        depth = float(rng.uniform(4, 9))
        centre = np.array([rng.uniform(0.1, 0.3) * depth, -rng.uniform(0.02, 0.12) * depth, depth])
        plate = Plate.facing(centre, rng.uniform(-20, 20), rng.uniform(-4, 4))
        gain = np.full(3, 2.0 ** rng.uniform(-0.7, 0.3))
        brush = paint_background(camera, rng, road_right_m=float(np.clip(centre[0] - 0.8, 0.8, 2.5)))
        return CueRoad(exposed(brush, gain), plate.image_from_surface(camera), gain * rng.uniform(0.6, 1.0), number)

    @property
    def box_xyxy_px(self) -> Tensor:
        """``(4,)`` edges of the place, within the picture."""
        corners = through(self.image_from_surface, BOX_MM)
        box = np.concatenate([corners.min(0), corners.max(0)]) + 0.5
        return torch.tensor(box.clip(0, [*SIZE_PX, *SIZE_PX]), dtype=torch.float32)

    def with_sign(self, face: SignFace) -> Tensor:
        """``(3, H, W)`` sRGB: the photo with this sign; noise is the same for every sign."""
        linear = self.linear.copy()
        lay_sign_(linear, face, self.image_from_surface, self.light)
        photo = photographed(linear, np.random.default_rng(self.seed), 0.6, 0.006)
        return torch.from_numpy(photo).permute(2, 0, 1).float() / 255
