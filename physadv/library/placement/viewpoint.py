"""From where a flat surface is seen, by its homography and the camera's focal length."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from physadv.core.errors import BadInput


def focal_px(size_px: tuple[int, int], field_of_view_deg: float) -> float:
    """Focal length of a camera that sees ``field_of_view_deg`` across the longer side of ``size_px``."""
    return max(size_px) / 2 / math.tan(math.radians(field_of_view_deg) / 2)


def camera_from_homography(
    image_from_surface: Tensor, focal_px: float, centre_px: tuple[float, float], where: str = "a surface"
) -> Tensor:
    """``(3,)`` float64: the camera in millimetres in the surface's frame, x right, y down, z into the surface.

    ``image_from_surface`` ``(3, 3)`` is λ·K·[r1 r2 t] (Zhang 2000, section 2.1) for square pixels. λ is the scale that
    brings r1 and r2 nearest to orthonormal, and its sign puts the surface's origin in front of the camera. A surface
    parallel to the image is no special case, because the focal length is known. ``where`` names it in errors. Raises
    :class:`BadInput` for a surface without area, or seen from behind.
    """
    homography = image_from_surface.double()
    focal, (x, y) = float(focal_px), centre_px
    seen = torch.stack(
        ((homography[0] - x * homography[2]) / focal, (homography[1] - y * homography[2]) / focal, homography[2])
    )
    seen = seen * seen[2, 2].sign()
    size = torch.linalg.vector_norm(seen, dim=0)
    flatness = torch.linalg.det(seen / size) if bool((size > 0).all() & size.isfinite().all()) else seen.new_zeros(())
    if not bool(flatness.isfinite()) or flatness.abs() < 1e-9:
        raise BadInput(f"{where} has no area in the picture, or lies in the plane of the camera. Mark it again.")
    if flatness < 0:
        raise BadInput(f"{where} is seen from behind: it appears mirrored. Give its corners as seen, TL, TR, BR, BL.")
    left, stretch, right = torch.linalg.svd(seen[:, :2], full_matrices=False)
    axes = left @ right
    to_origin = seen[:, 2] / stretch.mean()
    inward = torch.linalg.cross(axes[:, 0], axes[:, 1])
    return -torch.stack((axes[:, 0] @ to_origin, axes[:, 1] @ to_origin, inward @ to_origin))
