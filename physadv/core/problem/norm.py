"""Norms by which changes of images are measured. Imports no torch, so that options can name them."""

from __future__ import annotations

from enum import StrEnum


class Norm(StrEnum):
    """How large a change is said to be, of each image on its own, sRGB in [0, 1]."""

    l0 = "l0"
    """Pixels that differ in any channel."""
    l1 = "l1"
    l2 = "l2"
    linf = "linf"
