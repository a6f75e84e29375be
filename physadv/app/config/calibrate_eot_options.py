"""Options of ``physadv calibrate eot``."""

from __future__ import annotations

from dataclasses import dataclass, field

from physadv.app.config.schema import JudgeConfig, JudgedConfig


@dataclass
class CalibrateEotConfig(JudgedConfig):
    name: str = "calibrate-eot"  # of the story, for the report
    runs: list[str] = field(default_factory=list)  # run folders of watch on a printed board; needed
    films: list[str] = field(default_factory=list)  # their frames, if moved since: a video or folder of images a run
    accept: list[str] = field(default_factory=list)  # files and addresses that runs of other accounts may open
    measured_bar_mm: float = 0.0  # what the sheet's bar measures on the print, if `watch` was not told; 0: as watched
    role: str = "patch"  # board on which success is compared: patch, grey or random
    most_frames: int = 400  # of each film in which blur, noise and light are measured, evenly spread
    picture_px: int = 0  # width of the pictures that blur and noise are for; 0: as the scenes say
    judge: JudgeConfig = field(default_factory=lambda: JudgeConfig(share=0.0, images=64))
    out: str = (
        ""  # preset file to write, such as my_place.yaml; needed. Report and judgements come into a folder beside
    )
