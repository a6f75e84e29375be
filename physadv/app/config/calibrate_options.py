"""Options of ``physadv calibrate colour`` and ``physadv calibrate camera``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class CalibrateColourConfig:
    photos: Any = field(default_factory=list)  # [a.jpg,b.jpg] or a folder: photos of the printed chart; needed
    board: str = ""  # board.json of the sheet with the chart, or its folder; needed
    measured_bar_mm: float = 0.0  # what the sheet's bar measures on the print; 0: as asked for (100 mm)
    camera: str = ""  # camera.yaml, to take the lens distortion out; empty: not corrected
    prior: str = "auto"  # what is known of the print: coated-offset, none, or auto: whichever predicts better
    nodes: int = 17  # of the table along each axis, 9 to 65
    out: str = "colour.safetensors"  # table to write; the report comes beside it as .png and .json


@dataclass
class CalibrateCameraConfig:
    source: Any = ""  # folder of photos, video file, or [a.jpg,b.jpg] that show the board; needed unless print=true
    squares: list[int] = field(default_factory=lambda: [10, 7])  # of the board: columns and rows
    square_mm: float = 24.0  # side of a square; only print=true needs it, the calibration is the same at any size
    print: bool = False  # write the board's page to out= (a PDF) instead of calibrating
    paper: str = "a4"  # for print=true: a4, letter, a3 or WIDTHxHEIGHT in mm
    views: int = 40  # most pictures to calibrate with: the most different ones
    out: str = ""  # file to write; empty: camera.yaml, or charuco.pdf with print=true; the report comes beside it
