"""Options of ``physadv watch``."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from physadv.app.config.schema import RunConfig
from physadv.core.errors import BadOption
from physadv.parts.frames.options import FrameOptions


def _distances() -> list[float]:
    return [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 50.0]


def _yaws() -> list[float]:
    return [-75.0, -45.0, -15.0, 15.0, 45.0, 75.0]


@dataclass
class WatchConfig(RunConfig):
    name: str = "watch"  # of the story, for folder and report
    source: str = ""  # camera (0), video file, folder of images, world, demo, or http://, rtsp://, udp:// URL; needed
    world: Any = field(default_factory=dict)  # of source=world
    hung: str = ""  # source=world: a patch in the world: run folder, patch.safetensors or any image (with width_mm)
    slot: str = ""  # source=world: where it hangs; empty: the world's first slot
    episodes: int = 3  # source=world: so many are filmed, by who drives as he should
    frames: FrameOptions = field(default_factory=FrameOptions)
    patch: str = ""  # run folder, patch.safetensors, any image, or demo; laid over the frames beside what was filmed
    width_mm: float = 0.0  # width of the patch; 0: as stored in the file
    board: str = "auto"  # board.json of the printed sheet, or its folder; auto: beside the patch; none: no tags
    measured_bar_mm: float = 0.0  # what the sheet's bar measures on the print; 0: as asked for (100 mm)
    camera: str = ""  # camera.yaml of `physadv calibrate camera`; empty: a guess
    field_of_view_deg: float = 60.0  # of the guess, across the longer side of the frames
    object: str = ""  # what wears the print; empty: as in the patch's run, else person or stop sign
    object_mm: list[float] = field(default_factory=list)  # its [width, height]; empty: usual for the label
    board_at_mm: list[float] | None = None  # [x, y] of the print's centre from the object's; null: usual for the label
    overlay: bool | None = None  # show the digital patch on the same frames; null: where there is a patch
    controls: list[str] = field(default_factory=lambda: ["grey"])  # overlays to compare it with: grey, random
    match_camera: bool = True  # the overlay gets the picture's own blur and noise
    ink: Any = field(default_factory=dict)
    victim: Any = field(default_factory=dict)
    victims: list[Any] = field(default_factory=list)  # several: part names, ONNX paths, or {part: ..., option: ...}
    defense: Any = field(default_factory=dict)
    defenses: list[Any] = field(default_factory=list)  # several: part names, {part: ..., option: ...}, chains (a+b)
    goal: Any = field(default_factory=dict)
    window: str = "auto"  # a window on this screen: true, false, auto: where there is a screen
    serve: str = "auto"  # a page in the browser: true, false, network (phones too), auto: of a camera without a window
    port: int = 0  # of that page; 0: any free one
    record: str = ""  # video of what is shown: out.avi (MJPG) or out.mkv (FFV1, lossless); empty: none
    record_view: str = "shown"  # what is recorded: shown (all views, with boxes) or filmed (to be watched again)
    max_frames: int = 0  # stop after so many; 0: at the end of the source
    distance_edges_m: list[float] = field(default_factory=_distances)  # of the bins of the summary
    yaw_edges_deg: list[float] = field(default_factory=_yaws)  # of the bins of the summary
    minimum_n: int = 20  # frames; cells with fewer are grey


def check(options: WatchConfig) -> None:
    """Refuse what cannot work before anything is opened."""
    if not options.source.strip():
        raise BadOption("watch what? Say source=0 for the first camera, source=clip.avi, a folder of images, or a URL")
    if options.resume:
        raise BadOption("a film cannot be resumed: leave resume= out, and choose another out=")
    for name, edges in (("distance_edges_m", options.distance_edges_m), ("yaw_edges_deg", options.yaw_edges_deg)):
        if len(edges) < 2 or any(b <= a for a, b in pairwise(edges)):
            raise BadOption(f"{name} must be at least two growing numbers, got {edges}")
    if options.record_view not in ("shown", "filmed"):
        raise BadOption(f"record_view must be shown or filmed, got {options.record_view!r}")
    if options.serve.lower() not in ("auto", "true", "false", "network"):
        raise BadOption(f"serve must be true, false, network or auto, got {options.serve!r}")
    if options.distance_edges_m[0] != 0:
        raise BadOption(f"distance_edges_m must begin with 0, got {options.distance_edges_m[0]:g}")
    if options.episodes < 1:
        raise BadOption(f"episodes must be at least 1, got {options.episodes}")
    if options.minimum_n < 1 or options.max_frames < 0:
        raise BadOption("minimum_n must be at least 1, and max_frames at least 0")
    if not 0 <= options.port < 65536:
        raise BadOption(f"port must be from 0 to 65535, got {options.port}")
