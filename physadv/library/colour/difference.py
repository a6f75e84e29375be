"""How different two colours look: CIE L*a*b* and the difference ΔE00 (CIEDE2000; 1 is just visible side by side)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from physadv.library.colour.conversion import linear_from_srgb

VISIBLE = 2.3
"""A just noticeable difference for untrained eyes (Mahy et al. 1994, in the older ΔE of 1976)."""

_XYZ_FROM_LINEAR = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))  # IEC 61966-2-1


def lab_from_srgb(srgb: Tensor) -> Tensor:
    """``(3,...)`` sRGB in [0, 1] → ``(3,...)`` L*, a*, b* relative to sRGB's own white."""
    matrix = srgb.new_tensor(_XYZ_FROM_LINEAR)
    relative = matrix / matrix.sum(1, keepdim=True)  # white becomes (1, 1, 1)
    xyz = (relative @ linear_from_srgb(srgb).flatten(1)).view(srgb.shape)
    bent = torch.where(xyz > (6 / 29) ** 3, xyz.clamp_min(1e-6) ** (1 / 3), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    return torch.stack((116 * bent[1] - 16, 500 * (bent[0] - bent[1]), 200 * (bent[1] - bent[2])))


def delta_e00(lab: Tensor, other: Tensor) -> Tensor:
    """ΔE00 of ``(3,...)`` L*a*b* colours, ``(...)``, after Sharma, Wu and Dalal 2005 (doi:10.1002/col.20070)."""
    chroma, other_chroma = (torch.hypot(c[1], c[2]) for c in (lab, other))
    seventh = ((chroma + other_chroma) / 2) ** 7
    stretch = 1.5 - 0.5 * (seventh / (seventh + 25.0**7)).sqrt()  # of a*: greys differ more than the plane says
    a, other_a = lab[1] * stretch, other[1] * stretch
    chroma, other_chroma = torch.hypot(a, lab[2]), torch.hypot(other_a, other[2])
    hue, other_hue = (torch.atan2(c[2], x) % (2 * math.pi) for c, x in ((lab, a), (other, other_a)))
    coloured = chroma * other_chroma > 0
    turn = other_hue - hue
    turn = torch.where(turn.abs() > math.pi, turn - turn.sign() * 2 * math.pi, turn)  # the short way round
    turn = torch.where(coloured, turn, 0)
    mean_hue = torch.where(coloured, hue + turn / 2, hue + other_hue)
    mean_l, mean_chroma = (lab[0] + other[0]) / 2, (chroma + other_chroma) / 2

    def wave(times: int, offset_deg: float) -> Tensor:
        return torch.cos(times * mean_hue + math.radians(offset_deg))

    t = 1 - 0.17 * wave(1, -30) + 0.24 * wave(2, 0) + 0.32 * wave(3, 6) - 0.20 * wave(4, -63)
    bowl = (mean_l - 50) ** 2
    light = (other[0] - lab[0]) / (1 + 0.015 * bowl / (20 + bowl).sqrt())
    strong = (other_chroma - chroma) / (1 + 0.045 * mean_chroma)
    tinted = 2 * (chroma * other_chroma).sqrt() * torch.sin(turn / 2) / (1 + 0.015 * mean_chroma * t)
    seventh = mean_chroma**7
    from_blue = torch.remainder(torch.rad2deg(mean_hue), 360) - 275
    rotation = -2 * (seventh / (seventh + 25.0**7)).sqrt()
    rotation = rotation * torch.sin(math.pi / 3 * torch.exp(-((from_blue / 25) ** 2)))
    return (light**2 + strong**2 + tinted**2 + rotation * strong * tinted).clamp_min(0).sqrt()
