"""Pages as a printer would lay them down, and what a camera program finds on them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

F64 = npt.NDArray[np.float64]
U8 = npt.NDArray[np.uint8]


def rendered(path: Path, dpi: float) -> list[U8]:
    """All pages of a PDF as ``(H,W,3)``."""
    if not shutil.which("pdftoppm"):
        pytest.skip("needs pdftoppm (poppler-utils) to render the PDF")
    stem = path.with_suffix("")
    subprocess.run(["pdftoppm", "-r", str(dpi), str(path), str(stem)], check=True)
    return [np.array(Image.open(page).convert("RGB")) for page in sorted(path.parent.glob(f"{stem.name}-*.ppm"))]


def written(path: Path) -> list[str]:
    """The text of every page, as somebody copies it out of the file."""
    if not shutil.which("pdftotext"):
        pytest.skip("needs pdftotext (poppler-utils) to read the PDF")
    made = subprocess.run(["pdftotext", "-layout", str(path), "-"], check=True, capture_output=True)
    return made.stdout.decode().split("\f")[:-1]


def tags_px(rgb_u8: U8, dictionary: str = "DICT_4X4_50") -> dict[int, F64]:
    """Tag id → its corners ``(4, 2)``, pixel centres at integers."""
    parameters = cv2.aruco.DetectorParameters()
    parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    parameters.minMarkerPerimeterRate = 0.01
    known = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, dictionary))
    grey = cv2.cvtColor(rgb_u8, cv2.COLOR_RGB2GRAY)
    corners, ids, _ = cv2.aruco.ArucoDetector(known, parameters).detectMarkers(grey)
    assert ids is not None, "no tag at all was found"
    assert len(set(ids.ravel().tolist())) == len(ids), "a tag was found twice"
    return {int(i): found[0].astype(np.float64) for i, found in zip(ids.ravel(), corners, strict=True)}
