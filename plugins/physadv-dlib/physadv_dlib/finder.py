"""dlib's frontal face detector and its five landmarks."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from physadv.api import Face, MissingExtra
from physadv_dlib.files import FINDER, model_file

try:
    import _dlib_pybind11 as dlib  # what ``import dlib`` loads
except ImportError:
    try:
        import dlib
    except ImportError as error:
        raise MissingExtra("dlib is not installed: pip install dlib-bin") from error


def as_u8(image: Tensor) -> npt.NDArray[np.uint8]:
    """``(3, H, W)`` sRGB in [0, 1] → ``(H, W, 3)``, which dlib takes."""
    codes = (image.detach().cpu().permute(1, 2, 0) * 255).round().clamp(0, 255).byte().numpy()
    return np.ascontiguousarray(codes)


class DlibFinder:
    """Frontal faces of some 40 px and more (histograms of gradients; King 2015, arXiv:1502.00046)."""

    name = "dlib"

    def __init__(self) -> None:
        path = model_file(FINDER)
        self.digest = hashlib.sha256(path.read_bytes()).hexdigest()
        self._detector = dlib.get_frontal_face_detector()
        self._predictor = dlib.shape_predictor(str(path))

    def find(self, image: Tensor) -> list[Face]:
        """Points: outer and inner corner of the eye at the right as seen, of that at the left, below the nose."""
        picture = as_u8(image)
        return [_face(self._predictor(picture, box), box) for box in self._detector(picture, 1)]


def _face(shape: object, box: object) -> Face:
    points = torch.tensor([[shape.part(i).x, shape.part(i).y] for i in range(5)], dtype=torch.float32)  # type: ignore[attr-defined]
    edges = [box.left(), box.top(), box.right() + 1, box.bottom() + 1]  # type: ignore[attr-defined]
    eyes = torch.stack([points[2:4].mean(0), points[0:2].mean(0)])
    return Face(torch.tensor(edges, dtype=torch.float32), points, eyes)
