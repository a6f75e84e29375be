"""Patches laid on the signs of a training batch: cheap, differentiable, in linear light.

The renderer of attacks knows the surface of a sign in millimetres; augmented pictures have boxes alone. A patch is
here a turned rectangle in its sign's box, so that it is foreshortened as the box is:

    box ┌────────────┐      light · (black + (white - black) · ink) + veil      lit by what is seen there
        │  ┌──────┐  │
        │  │patch │  │      half_px (2,), angle about the centre, centre_px
        │  └──────┘  │
        └────────────┘
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from physadv.engines.training.adversarial_options import AdversarialTraining
from physadv.engines.training.assign import Targets
from physadv.engines.training.photos import F32
from physadv.library.colour.conversion import linear_from_srgb, srgb_from_linear

_SMALLEST_PX = 14.0  # a sign's shorter side below which a patch is a dot
_BESIDE = 0.25  # share of the pictures with patches that have one beside the signs, too
_INK = (0.03, 0.8)  # reflectance of the darkest and the lightest print, about coated offset's


@dataclass(frozen=True, eq=False)
class Place:
    """Where one patch is laid, and in what light."""

    image: int
    sheet: int  # into the sheets
    centre_px: tuple[float, float]
    half_px: tuple[float, float]
    angle_rad: float
    light: Tensor  # (3,) linear
    veil: float  # linear, of haze and lens
    optimised: bool  # or shown as it is


def places_on(
    targets: Targets, config: AdversarialTraining, rng: np.random.Generator, sheets: int, size_px: int
) -> list[Place]:
    """Patches for the pictures of a batch, whose boxes are in pixels; ``sheets`` there are, the pool's first.

    Signs wear a patch of their label that is optimised on them, or any sheet as it is. That lies now and then beside
    the signs, too: a patch must not become the mark of a sign.
    """
    places = []
    for image in range(len(targets.real)):
        if rng.random() < config.clean:
            continue
        boxes = targets.boxes_xyxy_px[image][targets.real[image]].numpy()
        labels = targets.labels[image][targets.real[image]].tolist()
        for box, label in zip(boxes, labels, strict=True):
            if min(box[2:] - box[:2]) < _SMALLEST_PX:
                continue
            as_it_is = rng.random() < config.controls
            sheet = rng.integers(sheets) if as_it_is else label * config.kept + rng.integers(config.kept)
            places.append(_place(image, int(sheet), box, config, rng, optimised=not as_it_is))
        beside = _beside(boxes, size_px, rng) if rng.random() < _BESIDE else None
        if beside is not None:
            places.append(_place(image, int(rng.integers(sheets)), beside, config, rng, optimised=False))
    return places


def _beside(boxes: F32, size_px: int, rng: np.random.Generator) -> F32 | None:
    """A square where no sign is; ``None`` where none is found at once."""
    side = np.exp(rng.uniform(np.log(24), np.log(size_px / 2)))
    low = rng.uniform(0, size_px - side, 2)
    square = np.concatenate([low, low + side]).astype(np.float32)
    apart = (boxes[:, :2] > square[2:]) | (boxes[:, 2:] < square[:2])
    return square if apart.any(1).all() else None


def _place(
    image: int, sheet: int, box: F32, config: AdversarialTraining, rng: np.random.Generator, *, optimised: bool
) -> Place:
    sides = box[2:] - box[:2]
    smallest, largest = config.sides
    shares = rng.uniform(smallest, largest, 2)
    shares[1] = min(shares[1], 0.36 / shares[0])  # no more than a third of the box: what is left must tell the sign
    middle = (box[:2] + box[2:]) / 2 + rng.uniform(-0.5, 0.5, 2) * (1 - shares) * sides
    half = np.maximum(shares * sides / 2, 2.0)
    light = np.exp(rng.uniform(np.log(0.2), np.log(1.1))) * rng.uniform(0.9, 1.1, 3)
    return Place(
        image, sheet, (float(middle[0]), float(middle[1])), (float(half[0]), float(half[1])),
        float(rng.normal(0, 0.06)), torch.from_numpy(light).float(), float(rng.uniform(0, 0.03)),
        optimised,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Laid:
    """Pictures with patches, and what of them hangs on the sheets."""

    images: Tensor  # (B,3,H,W) sRGB, a leaf: its gradient is that of the pictures
    regions: list[tuple[int, slice, slice]]  # image, rows, columns
    colours: list[Tensor]  # (3,h,w) each, with a graph to the sheets

    def to_sheets(self, sheets: Tensor, gradient: Tensor) -> Tensor:
        """The gradient at the sheets of a loss whose ``gradient`` at the pictures is known.

        Where two patches overlap, the lower one is credited with what is seen of the upper.
        """
        if not self.colours:
            return torch.zeros_like(sheets)
        parts = [gradient[image, :, rows, columns].float() for image, rows, columns in self.regions]
        (at_sheets,) = torch.autograd.grad(self.colours, sheets, parts)
        return at_sheets


def lay(images: Tensor, sheets: Tensor, places: Sequence[Place]) -> Laid:
    """Lay ``sheets`` ``(S,3,t,t)`` on ``images`` ``(B,3,H,W)``, which stay as they are."""
    out, regions, colours = images.detach().clone(), [], []
    for place in places:
        rows, columns = _window(place, images.shape[-2:])
        if rows.start >= rows.stop or columns.start >= columns.stop:
            continue
        with torch.set_grad_enabled(place.optimised and sheets.requires_grad):
            colour = _blended(out[place.image, :, rows, columns], sheets[place.sheet], place, rows, columns)
        out[place.image, :, rows, columns] = colour.detach()
        if colour.requires_grad:
            regions.append((place.image, rows, columns))
            colours.append(colour)
    return Laid(out.requires_grad_(), regions, colours)


def _window(place: Place, hw: Sequence[int]) -> tuple[slice, slice]:
    """The pixels that the turned rectangle may touch: rows and columns."""
    cos, sin = abs(np.cos(place.angle_rad)), abs(np.sin(place.angle_rad))
    reach = (place.half_px[0] * cos + place.half_px[1] * sin, place.half_px[0] * sin + place.half_px[1] * cos)
    slices = []
    for middle, half, size in zip(place.centre_px, reach, (hw[1], hw[0]), strict=True):
        slices.append(slice(max(0, int(middle - half - 1)), min(size, int(middle + half + 2))))
    return slices[1], slices[0]


def _blended(behind: Tensor, sheet: Tensor, place: Place, rows: slice, columns: slice) -> Tensor:
    y, x = torch.meshgrid(
        torch.arange(rows.start, rows.stop, device=sheet.device) + 0.5 - place.centre_px[1],
        torch.arange(columns.start, columns.stop, device=sheet.device) + 0.5 - place.centre_px[0],
        indexing="ij",
    )  # fmt: skip
    cos, sin = np.cos(place.angle_rad), np.sin(place.angle_rad)
    along, down = x * cos + y * sin, y * cos - x * sin  # px from the centre, in the patch's own directions
    u, v = along / place.half_px[0], down / place.half_px[1]
    # the share of a pixel that the edge leaves: one pixel wide
    alpha = ((1 - u.abs()) * place.half_px[0] + 0.5).clamp(0, 1) * ((1 - v.abs()) * place.half_px[1] + 0.5).clamp(0, 1)
    ink = F.grid_sample(
        _as_seen(sheet, 2 * min(place.half_px))[None], torch.stack([u, v], -1)[None], padding_mode="border",
        align_corners=False,
    )[0]  # fmt: skip
    reflected = _INK[0] + (_INK[1] - _INK[0]) * linear_from_srgb(ink)
    lit = reflected * place.light.to(sheet.device)[:, None, None] + place.veil
    mixed = linear_from_srgb(behind) * (1 - alpha) + lit * alpha
    return srgb_from_linear(mixed).clamp(0, 1)


def _as_seen(sheet: Tensor, side_px: float) -> Tensor:
    """The sheet averaged over as many texels as a pixel covers, so that small patches do not flicker."""
    texels = sheet.shape[-1]
    if side_px >= texels:
        return sheet
    return F.adaptive_avg_pool2d(sheet, max(2, int(side_px)))
