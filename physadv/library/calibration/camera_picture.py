"""One picture of a camera calibration: where corners were seen, and by how much they miss the model."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from physadv.library.calibration.charuco import BoardView
from physadv.library.calibration.intrinsics import Intrinsics


def camera_picture(found: Intrinsics, views: Sequence[BoardView], heading: str) -> bytes:
    """A PNG: which part of the picture the views cover, how far corners miss, and the rms of each view."""
    figure = Figure(figsize=(13, 4.4), dpi=100, layout="constrained")
    figure.suptitle(heading, fontsize=11)
    seen, missed, by_view = figure.subplots(1, 3, width_ratios=(1.4, 1, 1.2))
    corners = np.concatenate([view.corners_px for view in views])
    residuals = np.concatenate(found.residuals_px)
    size = np.linalg.norm(residuals, axis=1)
    dots = seen.scatter(*corners.T, c=size, s=6, cmap="cividis", vmin=0, vmax=max(float(np.percentile(size, 98)), 0.1))
    figure.colorbar(dots, ax=seen, label="miss, px", shrink=0.8)
    seen.plot(*found.matrix[:2, 2], "+", color="#d55e00", markersize=14)
    seen.set_xlim(-0.5, found.size_px[0] - 0.5)
    seen.set_ylim(found.size_px[1] - 0.5, -0.5)
    seen.set_aspect("equal")
    seen.set_title(f"corners over the picture: {found.coverage:.0%} covered; + the axis", fontsize=10)
    reach = max(float(np.percentile(np.abs(residuals), 99.5)), 0.1) * 1.1
    missed.plot(*residuals.T, ".", color="#56789a", markersize=3, alpha=0.5)
    missed.axhline(0, color="#bbbbbb", linewidth=0.8)
    missed.axvline(0, color="#bbbbbb", linewidth=0.8)
    missed.set_xlim(-reach, reach)
    missed.set_ylim(reach, -reach)
    missed.set_aspect("equal")
    missed.set_title(f"found minus predicted, px: rms {found.rms_px:.2f}", fontsize=10)
    by_view.bar(range(len(views)), found.view_rms_px.tolist(), color="#56789a")
    by_view.xaxis.set_major_locator(MaxNLocator(integer=True))
    by_view.set_xlabel("view")
    by_view.set_title("rms of each view, px", fontsize=10)
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()
