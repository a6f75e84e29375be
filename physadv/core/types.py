"""The values that flow through every pipeline. Each checks itself when made, and says name, expected and got.

Letters in shapes: ``B`` images, ``N`` objects of a batch (ragged over images), ``A`` candidates, ``K`` classes.
Points are ``(x, y)`` with pixel centres at integers; boxes are edges (``x`` from 0 to ``W``): point + 0.5 = edge.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import InitVar, dataclass, field, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from physadv.core.errors import BadShape


def expect(name: str, value: Tensor, shape: tuple[int | str, ...], *, integer: bool = False) -> None:
    """Raise :class:`BadShape` unless ``value`` has ``shape`` (strings are free sizes) and is finite.

    With ``integer`` the dtype must be int64, without it floating point.
    """
    fits = len(shape) == value.ndim and all(
        isinstance(want, str) or want == got for want, got in zip(shape, value.shape, strict=True)
    )
    if not fits:
        wanted = ", ".join(str(s) for s in shape)
        raise BadShape(f"{name} must be ({wanted}), got {tuple(value.shape)}")
    if integer and value.dtype != torch.int64:
        raise BadShape(f"{name} must be int64, got {value.dtype}")
    if not integer and not value.is_floating_point():
        raise BadShape(f"{name} must be floating point, got {value.dtype}")


CUTOUT, ERASE = "cutout", "erase"
"""Stages of a draw: ``rectangle`` ``(N,4)`` left, top, right, bottom on the print from 0 to 1; ``gone`` ``(N,n,n)``."""


@dataclass(frozen=True, slots=True)
class PatchImage:
    """A patch as the printer is asked for it."""

    srgb: Tensor  # (3, h, w) float in [0, 1]
    alpha: Tensor  # (1, h, w) 1 where there is material
    width_mm: float  # of the whole raster; its height follows from the aspect, texels are square
    repeats: bool = False  # fabric: opposite edges fit together, so any toroidal shift of it is the same cloth

    def __post_init__(self) -> None:
        expect("PatchImage.srgb", self.srgb, (3, "h", "w"))
        expect("PatchImage.alpha", self.alpha, (1, *self.srgb.shape[1:]))
        if not self.width_mm > 0:
            raise BadShape(f"PatchImage.width_mm must be positive, got {self.width_mm}")

    @property
    def height_mm(self) -> float:
        """Height on paper; texels are square."""
        return self.width_mm * self.srgb.shape[1] / self.srgb.shape[2]


@dataclass(frozen=True, slots=True)
class PatchPlace:
    """Where the patch's centre is on the surface."""

    x_mm: float = 0.0
    y_mm: float = 0.0
    roll_deg: float = 0.0  # counter-clockwise as seen


@dataclass(frozen=True, slots=True)
class SceneBatch:
    """Images and the objects in them, some of which wear the patch. No object at all is normal.

    Images of unequal size are padded at the right and bottom with grey; ``sizes_px`` tells what is real.
    ``image_from_surface`` maps millimetres on the object's surface (x right, y down, origin at its centre) to pixels
    (centres at integers), so a patch has a physical size and place on every object. ``camera_mm`` says from where that
    surface is seen, which tells how anything in front of or behind it looks; its z points into the surface.
    ``blur_px`` and ``noise`` are what the picture's own camera did, so that it can do the same to the patch.
    """

    srgb: Tensor  # (B, 3, H, W) float in [0, 1]
    sizes_px: Tensor  # (B, 2) int64: real height and width
    keys: tuple[str, ...]  # (B,) names that are unique in the source, e.g. file names
    image_of: Tensor  # (N,) int64: which image the object is in
    boxes_xyxy_px: Tensor  # (N, 4)
    labels: Tensor  # (N,) int64 into label_names
    label_names: tuple[str, ...]
    wears: Tensor  # (N,) bool: the patch is on this object
    image_from_surface: Tensor  # (N, 3, 3) millimetres on the surface → pixels; identity where not worn
    light: Tensor  # (N, 3) linear-light gain: what a white surface there looks like (1 = as white as sRGB white)
    distance_m: Tensor | None = None  # (N,) camera to object, where the source knows it
    crowds: Tensor | None = None  # (N,) bool: one box around many objects, where the source marks them
    camera_mm: Tensor | None = None  # (N, 3) the camera in the frame of the surface, z < 0; None: not known
    blur_px: Tensor | None = None  # (B,) sigma of the picture's own blur, where known
    noise: Tensor | None = None  # (B, 2) the picture's own noise: variance per unit of linear light, and in the dark
    visible: Tensor | None = None  # (B, 1, H, W) share of a patch that is seen there; 0 behind an arm or a branch
    eye_mm: InitVar[Tensor | None] = None  # what camera_mm was called

    def __post_init__(self, eye_mm: Tensor | None) -> None:
        if eye_mm is not None:
            warnings.warn("SceneBatch takes camera_mm where it took eye_mm", DeprecationWarning, stacklevel=3)
            object.__setattr__(self, "camera_mm", eye_mm)
        expect("SceneBatch.srgb", self.srgb, ("B", 3, "H", "W"))
        batch, count = self.srgb.shape[0], self.image_of.shape[0]
        expect("SceneBatch.sizes_px", self.sizes_px, (batch, 2), integer=True)
        expect("SceneBatch.image_of", self.image_of, (count,), integer=True)
        expect("SceneBatch.boxes_xyxy_px", self.boxes_xyxy_px, (count, 4))
        expect("SceneBatch.labels", self.labels, (count,), integer=True)
        expect("SceneBatch.image_from_surface", self.image_from_surface, (count, 3, 3))
        expect("SceneBatch.light", self.light, (count, 3))
        if self.wears.shape != (count,) or self.wears.dtype != torch.bool:
            raise BadShape(
                f"SceneBatch.wears must be ({count},) bool, got {tuple(self.wears.shape)} {self.wears.dtype}"
            )
        if self.distance_m is not None:
            expect("SceneBatch.distance_m", self.distance_m, (count,))
        shapes = {"camera_mm": (count, 3), "blur_px": (batch,), "noise": (batch, 2),
                  "visible": (batch, 1, *self.srgb.shape[2:])}  # fmt: skip
        for name, shape in shapes.items():
            if (value := getattr(self, name)) is not None:
                expect(f"SceneBatch.{name}", value, shape)
        if self.crowds is not None and (self.crowds.shape != (count,) or self.crowds.dtype != torch.bool):
            raise BadShape(f"SceneBatch.crowds must be ({count},) bool, got {tuple(self.crowds.shape)}")
        if len(self.keys) != batch:
            raise BadShape(f"SceneBatch.keys must name {batch} images, got {len(self.keys)}")

    def to(self, device: torch.device | str) -> SceneBatch:
        """The same batch on another device."""
        moved: dict[str, Any] = {name: value.to(device) for name, value in self._tensors().items()}
        return replace(self, **moved)

    def repeat(self, times: int) -> SceneBatch:
        """The batch ``times`` over, images and objects in blocks: several draws rendered in one call."""
        if times == 1:
            return self
        batch, count = self.srgb.shape[0], self.image_of.shape[0]
        shift = torch.arange(times, device=self.image_of.device).repeat_interleave(count) * batch
        more: dict[str, Any] = {name: torch.cat([value] * times) for name, value in self._tensors().items()}
        more["image_of"] = more["image_of"] + shift
        return replace(self, keys=self.keys * times, **more)

    def pick(self, images: Tensor) -> SceneBatch:
        """Only these images ``(b,)`` int64, in this order, with their objects."""
        images = images.to(self.image_of.device)
        place = torch.full((len(self.keys),), -1, device=images.device).index_copy_(
            0, images, torch.arange(len(images), device=images.device)
        )
        objects = (place[self.image_of] >= 0).nonzero().squeeze(1)
        kept: dict[str, Any] = {}
        for name, value in self._tensors().items():
            of_images = name in ("srgb", "sizes_px", "blur_px", "noise", "visible")
            kept[name] = value.index_select(0, images if of_images else objects)
        kept["image_of"] = place[kept["image_of"]]
        keys = tuple(self.keys[i] for i in images.tolist())
        return replace(self, keys=keys, **kept)

    @staticmethod
    def joined(batches: Sequence[SceneBatch]) -> SceneBatch:
        """Batches of pictures of one size as one, of one source: they agree on what they know.

        Raises :class:`BadShape` where sizes differ.
        """
        if len(shapes := {tuple(batch.srgb.shape[1:]) for batch in batches}) > 1:
            raise BadShape(f"only batches of pictures of one size can be joined, got {sorted(shapes)}")
        sizes = torch.tensor([0, *(len(batch.keys) for batch in batches)]).cumsum(0).tolist()
        columns = [batch._tensors() for batch in batches]
        more: dict[str, Any] = {name: torch.cat([column[name] for column in columns]) for name in columns[0]}
        shifted = [column["image_of"] + start for column, start in zip(columns, sizes, strict=False)]
        more["image_of"] = torch.cat(shifted)
        return replace(batches[0], keys=tuple(key for batch in batches for key in batch.keys), **more)

    def _tensors(self) -> dict[str, Tensor]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, Tensor)}


@dataclass(frozen=True, slots=True)
class Wearer:
    """An object that wears the patch, as far as it is known without looking at the picture."""

    key: str  # of its picture
    width_px: float
    height_px: float
    px2_per_mm2: float  # how large a square millimetre at the origin of its surface is seen

    @staticmethod
    def of(key: str, box_xyxy_px: Sequence[float] | Tensor, image_from_surface: Tensor) -> Wearer:
        """Make one from a box (4 numbers, edges in px) and the homography ``(3, 3)`` of its surface, mm → px."""
        left, top, right, bottom = (float(edge) for edge in box_xyxy_px)
        lens = image_from_surface.double()
        # the determinant of a homography's Jacobian at the origin (Hartley and Zisserman)
        scale = float(torch.linalg.det(lens).abs() / lens[2, 2].abs() ** 3)
        return Wearer(key, right - left, bottom - top, scale)

    @property
    def area_px(self) -> float:
        """Of the box."""
        return max(self.width_px * self.height_px, 1e-9)


@dataclass(frozen=True, slots=True)
class Draws:
    """One sampled condition for every object or image of a batch; the same draws render the same images, exactly."""

    stages: Mapping[str, Mapping[str, Tensor]]  # stage name → {parameter: (N or B, ...)}


@dataclass(frozen=True, slots=True)
class Candidates:
    """Every box a detector considered, before threshold and non-maximum suppression, with gradient."""

    boxes_xyxy_px: Tensor  # (B, A, 4) in pixels of the images that went in
    scores: Tensor  # (B, A, K) in [0, 1]: the very scores that inference thresholds

    def __post_init__(self) -> None:
        batch, count = self.boxes_xyxy_px.shape[:2]
        expect("Candidates.boxes_xyxy_px", self.boxes_xyxy_px, (batch, count, 4))
        expect("Candidates.scores", self.scores, (batch, count, "K"))


@dataclass(frozen=True, slots=True)
class Detections:
    """A detector's reports for one image, best first."""

    boxes_xyxy_px: Tensor  # (n, 4)
    scores: Tensor  # (n,)
    labels: Tensor  # (n,) int64 into the victim's labels

    def __post_init__(self) -> None:
        count = self.scores.shape[0]
        expect("Detections.boxes_xyxy_px", self.boxes_xyxy_px, (count, 4))
        expect("Detections.scores", self.scores, (count,))
        expect("Detections.labels", self.labels, (count,), integer=True)

    def above(self, confidence: float) -> Detections:
        """Only those scored at least ``confidence``."""
        keep = self.scores >= confidence
        return Detections(self.boxes_xyxy_px[keep], self.scores[keep], self.labels[keep])


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a feed."""

    index: int  # in the source, from 0; what was dropped has a number, too
    time_s: float  # when it was taken: seconds since the feed began, or the file's own clock
    bgr_u8: npt.NDArray[np.uint8]  # (H, W, 3), as OpenCV has it
    dropped: int = 0  # frames of a live source that were passed over since the last one


@dataclass(frozen=True, slots=True)
class Pose:
    """How a flat print is seen. Angles in degrees; all zero: upright, facing the camera."""

    distance_m: float  # from the camera to the print's centre
    yaw_deg: float  # positive turns the right edge away
    pitch_deg: float  # positive turns the top edge away
    roll_deg: float  # counter-clockwise as seen
    reprojection_px: float  # root mean square over all corners
    ambiguity: float  # error of the best solution as a share of the second one's; near 1: the tilt may be mirrored
    tags: int  # that were seen


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an attack, as told to observers."""

    index: int  # from 0
    total: int
    loss: float
    success: float  # share of wearers on which the goal was achieved in this step's draws; mean over its victims
    seconds: float  # of this step
    terms: Mapping[str, float] = field(default_factory=dict)  # of the loss: goal, penalties; then by victim, if several
    held_out: float | None = None  # loss on the fixed held-out draws, on steps where it was measured
    successes: Mapping[str, float] = field(default_factory=dict)  # by victim that this step asked


@dataclass(frozen=True, slots=True)
class Score:
    """A number with its 95 % interval, never without n."""

    name: str
    value: float
    low: float
    high: float
    n: int
    higher_is: str = "more attacked"  # or "safer"
    photos: int | None = None  # that it rests on, where objects are counted


def named(scores: Iterable[Score], name: str) -> Score | None:
    """The score of that name, if it is among them."""
    return next((score for score in scores if score.name == name), None)
