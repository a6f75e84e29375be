"""Faces by YuNet through OpenCV (Wu et al. 2023, doi:10.1007/s11633-023-1423-y). The file is the user's."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from physadv.core.errors import BadInput
from physadv.library.faces.face import Face


class YuNetFinder:
    """OpenCV's ``FaceDetectorYN`` on an ``.onnx`` file of YuNet."""

    def __init__(self, path: Path, confidence: float = 0.7) -> None:
        if not path.is_file():
            raise BadInput(f"there is no face finder at {str(path)!r}. Give an .onnx file of YuNet (OpenCV).")
        self.name = "yunet"
        self.digest = hashlib.sha256(path.read_bytes()).hexdigest()
        try:
            self._net = cv2.FaceDetectorYN.create(str(path), "", (320, 320), confidence, 0.3, 50)
            self.find(torch.zeros(3, 64, 64))
        except (cv2.error, IndexError) as error:
            raise BadInput(
                f"{str(path)!r} is no YuNet that OpenCV reads: it has other outputs. Give face_detection_yunet_*.onnx."
            ) from error

    def find(self, image: Tensor) -> list[Face]:
        """See :class:`~physadv.library.faces.face.FaceFinder`; points are eyes, nose, corners of the mouth."""
        bgr = np.ascontiguousarray((image.detach().cpu().permute(1, 2, 0).flip(2) * 255).round().byte().numpy())
        self._net.setInputSize((bgr.shape[1], bgr.shape[0]))
        _, rows = self._net.detect(bgr)
        return [_face(torch.from_numpy(row)) for row in (() if rows is None else rows)]


def _face(row: Tensor) -> Face:
    x, y, width, height = row[:4].tolist()
    points = row[4:14].reshape(5, 2).clone()
    if points[0, 0] > points[1, 0]:  # left as seen comes first
        points = points[[1, 0, 2, 4, 3]]
    return Face(torch.tensor([x, y, x + width, y + height]), points, points[:2])
