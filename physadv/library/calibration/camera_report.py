"""The numbers of a camera calibration, as they go beside ``camera.yaml``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from physadv.library.calibration.charuco import BoardView
from physadv.library.calibration.intrinsics import Intrinsics

FORMAT = 1


def camera_report(found: Intrinsics, views: Sequence[BoardView], doubts: Sequence[str]) -> dict[str, Any]:
    """Every parameter with its standard deviation, every view with its miss, and what should be corrected."""
    values = (*found.matrix[[0, 1, 0, 1], [0, 1, 2, 2]].tolist(), *found.distortion.tolist())
    return {
        "format": FORMAT,
        "size_px": list(found.size_px),
        "field_of_view_deg": found.field_of_view_deg,
        "rms_px": found.rms_px,
        "coverage": found.coverage,
        "doubts": list(doubts),
        "parameters": {
            name: {"value": value, "standard_deviation": deviation}
            for (name, deviation), value in zip(found.deviations.items(), values, strict=True)
        },
        "views": [
            {"name": view.name, "corners": len(view.plane), "rms_px": rms, "tilt": view.tilt}
            for view, rms in zip(views, found.view_rms_px.tolist(), strict=True)
        ],
    }
