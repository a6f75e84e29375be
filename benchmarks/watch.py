"""The cost of watching besides the detector: CPU milliseconds a frame on one core, and wall time beside them.

    OMP_NUM_THREADS=1 python benchmarks/watch.py DETECTOR.onnx [frames]

640×480 frames of a walk past a board; the detector (YOLOX-nano, say) runs in this process. Counted is all that happens
to every frame: the board found and its pose, conversion, tracking, judging, one line of the log. Not counted: laying
the digital patch over the frame, and drawing for people, which happen where they are asked for. Goal: a median below
15 ms.

    OMP_NUM_THREADS=1 python benchmarks/watch.py first-minute [frames]

The first minute with a camera: the drawn film, person-nano on three views of every frame, and everything else: people
followed, print and grey control laid onto their chests, judging, the log, and the picture that is shown. Goal: all but
the detector in 15 ms, 15 frames a second on two cores.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from walk_by import SIZE_PX, board, face, seen, way

from physadv.core.types import Frame
from physadv.engines.watch.canvas import State, canvas
from physadv.engines.watch.controls import Controls
from physadv.engines.watch.counts import Tally
from physadv.engines.watch.expected_object import wearer
from physadv.engines.watch.frame_analysis import FrameAnalyzer
from physadv.engines.watch.frame_log import FrameLog, frame_line
from physadv.engines.watch.overlay import Overlay
from physadv.engines.watch.tracked_victim import TrackedVictim
from physadv.engines.watch.wardrobe import Wardrobe
from physadv.library.fiducials.camera import CalibratedCamera
from physadv.library.fiducials.find import Finder
from physadv.library.files.patches import load_patch
from physadv.library.files.shipped_print import file_of
from physadv.library.placement.objects import dressing
from physadv.parts.frames.demo import DrawnCamera
from physadv.parts.goals.detection import Hide
from physadv.parts.goals.options import HideConfig
from physadv.parts.patches.controls import arms
from physadv.parts.victims.onnx.victim import build
from physadv.parts.victims.options import OnnxConfig, PersonNanoConfig, SignNanoConfig
from physadv.parts.victims.sign_nano import load_sign_nano


class Timed:
    """A victim whose time is counted apart."""

    def __init__(self, victim: object) -> None:
        self._victim = victim
        self.cpu_s = 0.0

    def __getattr__(self, name: str) -> object:
        return getattr(self._victim, name)

    def outputs(self, images: torch.Tensor) -> object:
        return self._count(self._victim.outputs, images)  # type: ignore[attr-defined]

    def decide(self, *arguments: object) -> object:
        return self._count(self._victim.decide, *arguments)  # type: ignore[attr-defined]

    def _count(self, job, *arguments):  # type: ignore[no-untyped-def]
        begun = time.process_time()
        made = job(*arguments)
        self.cpu_s += time.process_time() - begun
        return made


def first_minute(count: int) -> None:
    """Print medians of the first minute with a camera."""
    patch = load_patch(file_of("demo"))
    shown = arms(patch, 0)
    victim = Timed(load_sign_nano(PersonNanoConfig(), "person-nano"))
    overlay = Overlay({name: shown[name] for name in ("patch", "grey")}, None, 0, match_camera=True, label="person")
    wardrobe = Wardrobe(dressing("person", 1700.0, 0.0, "torso"))
    analyzer = FrameAnalyzer(
        [TrackedVictim(victim, Hide(HideConfig()), "person")], None, None, 60.0, None, wardrobe, overlay,
        torch.device("cpu"),
    )  # fmt: skip
    tally = Tally("person", victim.name, [0.0, 2.0, 3.0, 5.0], [-45.0, -15.0, 15.0, 45.0])
    camera, controls = DrawnCamera(), Controls(overlay=True)
    pictures = [camera.frame(75 + 3 * index) for index in range(count)]
    rest, detect, wall, dressed = [], [], [], 0
    with tempfile.TemporaryDirectory() as place, FrameLog(Path(place) / "frames.jsonl", {}) as log:
        for index, picture in enumerate(pictures):
            victim.cpu_s, begun, wall_s = 0.0, time.process_time(), time.perf_counter()
            result = analyzer.look(Frame(index, index / 15, picture), overlay=True)
            line = frame_line(result.frame, index / 15, result.boards, result.seen)
            log.write(line)
            tally.add(line)
            canvas(result, controls, State(15.0, 0, 0.1, victim.name, victim.confidence, "person", recording=False))
            if len(result.pictures) > 1:  # somebody wears it
                rest.append(time.process_time() - begun - victim.cpu_s)
                detect.append(victim.cpu_s)
                wall.append(time.perf_counter() - wall_s)
                dressed += 1
    told((("all but the detector", rest), ("detector, three views", detect), ("wall", wall)))
    print(f"somebody wears the print in {dressed} of {count} frames of 640x480 px")


def main() -> None:
    """Print medians and the 95th percentile."""
    torch.set_num_threads(1)
    import cv2
    import numpy as np

    cv2.setNumThreads(1)
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 120
    if sys.argv[1:2] == ["first-minute"]:
        first_minute(count)
        return
    victim = Timed(build(OnnxConfig(path=sys.argv[1])) if len(sys.argv) > 1 else load_sign_nano(SignNanoConfig()))
    print_rgb = np.random.default_rng(0).integers(0, 255, (12, 12, 3)).astype(np.uint8)
    pictures = [seen(face(print_rgb, board()), *spot)[0] for spot in way(count)]
    analyzer = FrameAnalyzer(
        [TrackedVictim(victim, Hide(HideConfig()), "stop sign")],
        Finder([board(), board("grey", 8)]),
        CalibratedCamera.guess(SIZE_PX),
        60.0,
        wearer("stop sign", [], None),
        None,
        None,
        torch.device("cpu"),
    )
    tally = Tally("stop sign", victim.name, [0.0, 2.0, 3.0, 5.0], [-45.0, -15.0, 15.0, 45.0])
    rest, detect = [], []
    with tempfile.TemporaryDirectory() as place, FrameLog(Path(place) / "frames.jsonl", {}) as log:
        for index, picture in enumerate(pictures):
            victim.cpu_s, begun = 0.0, time.process_time()
            result = analyzer.look(Frame(index, index / 30, picture), overlay=False)
            line = frame_line(result.frame, index / 30, result.boards, result.seen)
            log.write(line)
            tally.add(line)
            rest.append(time.process_time() - begun - victim.cpu_s)
            detect.append(victim.cpu_s)
    found = sum(row.distance_m is not None for row in tally.rows)
    told((("all but the detector", rest), ("detector", detect)))
    print(f"board found in {found} of {count} frames of {SIZE_PX[0]}x{SIZE_PX[1]} px")


def told(rows: Sequence[tuple[str, list[float]]]) -> None:
    """Print the median and the 95th percentile of seconds, without those of the first frames."""
    for name, values in rows:
        ordered = sorted(1000 * v for v in values[5:])
        high = ordered[int(0.95 * len(ordered))]
        print(f"{name:22s} median {statistics.median(ordered):6.1f} ms   95 % below {high:6.1f} ms")


if __name__ == "__main__":
    main()
