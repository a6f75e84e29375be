"""Pictures on MuJoCo's surfaces: faces as codes, with a print over them."""

from __future__ import annotations

import cv2
import numpy as np
import torch

from physadv.core.types import PatchImage
from physadv.library.colour.conversion import linear_from_srgb, srgb_from_linear
from physadv.library.roads.sign_canvas import F32, U8, SignFace


def codes_of(face: SignFace) -> U8:
    """``(h, w, 3)`` sRGB of the finest level; what is clear takes the mean colour of the rest."""
    rgba = face.pyramid[0]
    alpha = rgba[..., 3:]
    mean = rgba[..., :3].sum((0, 1)) / max(float(alpha.sum()), 1.0)
    return _codes(np.where(alpha > 0.02, rgba[..., :3] / np.maximum(alpha, 0.02), mean))


def with_print(codes: U8, texel_mm: float, image: PatchImage) -> U8:
    """The face with a print in its middle; mixed in linear light."""
    height, width = codes.shape[:2]
    light = linear_from_srgb(image.srgb.detach().cpu()) * image.alpha.detach().cpu()
    sheet = torch.cat([light, image.alpha.detach().cpu()]).permute(1, 2, 0).contiguous().numpy().astype(np.float32)
    wide, tall = round(image.width_mm / texel_mm), round(image.height_mm / texel_mm)
    shrinks = wide < sheet.shape[1]
    sheet = cv2.resize(sheet, (wide, tall), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    left, top = (width - wide) // 2, (height - tall) // 2
    right, bottom = min(left + wide, width), min(top + tall, height)
    sheet = sheet[max(-top, 0) : bottom - top, max(-left, 0) : right - left]
    left, top = max(left, 0), max(top, 0)
    face = linear_from_srgb(torch.from_numpy(codes[top:bottom, left:right]).float() / 255).numpy()
    worn = codes.copy()
    worn[top:bottom, left:right] = _codes(face * (1 - sheet[..., 3:]) + sheet[..., :3])
    return worn


def sky_codes(above: F32, horizon: F32, side: int) -> U8:
    """``(6 side, side, 3)``: six faces of a cube, right, left, up, down, front, back; from ``(3,)`` linear colours."""
    share = np.clip((side / 2 - np.arange(side) - 0.5) / (side / 2) / 0.35, 0, 1)[:, None]
    wall = np.broadcast_to((horizon + (above - horizon) * share)[:, None], (side, side, 3))
    up, down = (np.broadcast_to(colour, (side, side, 3)) for colour in (above, horizon))
    return _codes(np.concatenate([wall, wall, up, down, wall, wall]))


def _codes(linear: F32) -> U8:
    srgb = srgb_from_linear(torch.from_numpy(np.ascontiguousarray(linear, np.float32)).clamp(0, 1))
    return (srgb * 255).round().to(torch.uint8).numpy()
