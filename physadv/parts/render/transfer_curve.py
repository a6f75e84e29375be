"""sRGB's transfer curve together with its slope, for the renderer's inner loop.

:mod:`physadv.library.colour.conversion` has the curve alone.

The straight part near black ends where curve and line have the same slope (12.9232 instead of the standard's rounded
12.92), so that no pixel has to choose between two formulas. Codes differ from IEC 61966-2-1 by less than 2e-5.
"""

from __future__ import annotations

from torch import Tensor

STEEPNESS = 12.9232101807879  # of the straight part
TOE_CODE = 0.055 / 1.4  # where it ends
TOE_LINEAR = TOE_CODE / STEEPNESS


def decode(codes: Tensor) -> tuple[Tensor, Tensor]:
    """Linear light of sRGB codes of any shape, and its slope."""
    shifted = codes.clamp_min(TOE_CODE).add_(0.055)
    # exp(2.4 · log): several times faster than pow, and than exp2
    curve = (shifted / 1.055).log_().mul_(2.4).exp_()
    slope = curve.div(shifted).mul_(2.4)
    return curve.sub_(TOE_LINEAR).add_(codes.clamp_max(TOE_CODE), alpha=1 / STEEPNESS), slope


def encode_(linear: Tensor) -> tuple[Tensor, Tensor]:
    """sRGB codes of ``linear`` clipped to [0, 1], and the slope there. Overwrites ``linear``.

    The slope is that of the clipped value, so that over-exposed pixels keep a gradient (straight-through).
    """
    linear.clamp_(0, 1)
    curve = linear.clamp_min(TOE_LINEAR)
    power = curve.log().mul_(1 / 2.4).exp_()
    slope = curve.reciprocal_().mul_(power).mul_(1.055 / 2.4)
    codes = power.mul_(1.055).sub_(0.055 + TOE_CODE).add_(linear.clamp_max_(TOE_LINEAR), alpha=STEEPNESS)
    return codes, slope
