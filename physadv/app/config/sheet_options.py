"""Options of ``physadv sheet``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class SheetConfig:
    patch: str = ""  # run folder, patch.safetensors, or any picture; needed
    paper: str = "a4"  # a5, a4, a3, letter (turned if that saves pages), or WIDTHxHEIGHT in mm
    width_mm: float = 0.0  # width of the patch; 0: as stored in the file
    tags: str = "auto"  # markers by which a camera finds the print: auto (none on transfers), none, 4xMM or 8xMM
    range_m: float = 0.0  # distance up to which a camera shall find the tags; 0: as patch and paper suggest
    controls: bool | None = None  # pages with the grey and the random control; null: with tags
    chart: bool = False  # a page of known colours, to measure what printer and camera make of them
    seed: int | None = None  # of random control and chart; null: the run's, else 0
    bleed_mm: float = 3.0  # colour beyond the edge, so that cutting inaccurately shows no paper; none with tags
    mirror: bool = False  # for transfers that are ironed on face down
    transfer: bool = False  # also a PNG for film that is ironed on: mirrored, true size, transparent round the patch
    cut_line: bool = True  # thin grey line where to cut
    dpi: float = 0.0  # dots an inch to upsample to; 0: as many as show all of the patch
    title: str = ""  # first line on the sheet; empty: name of the patch's file or folder
    note: str = ""  # end of the second line, for the record
    out: str = ""  # PDF to write; empty: sheet.pdf in the patch's folder
