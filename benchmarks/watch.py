"""The cost of watching besides the detector: CPU milliseconds a frame on one core, and wall time beside them.

    OMP_NUM_THREADS=1 python benchmarks/watch.py DETECTOR.onnx [frames]

640×480 frames of a walk past a board; the detector (YOLOX-nano, say) runs in this process. Counted is all that happens
to every frame: the board found and its pose, conversion, tracking, judging, one line of the log. Not counted: laying
the digital patch over the frame, and drawing for people, which happen where they are asked for. Goal: a median below
15 ms.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch
from walk_by import SIZE_PX, board, face, seen, way

from physadv.core.types import Frame
from physadv.engines.watch.counts import Tally
from physadv.engines.watch.expected_object import wearer
from physadv.engines.watch.frame_analysis import FrameAnalyzer
from physadv.engines.watch.frame_log import FrameLog, frame_line
from physadv.engines.watch.tracked_victim import TrackedVictim
from physadv.library.fiducials.camera import CalibratedCamera
from physadv.library.fiducials.find import Finder
from physadv.parts.goals.detection import Hide
from physadv.parts.goals.options import HideConfig
from physadv.parts.victims.onnx.victim import build
from physadv.parts.victims.options import OnnxConfig, SignNanoConfig
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


def main() -> None:
    """Print medians and the 95th percentile."""
    torch.set_num_threads(1)
    import cv2
    import numpy as np

    cv2.setNumThreads(1)
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 120
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
    for name, values in (("all but the detector", rest), ("detector", detect)):
        ordered = sorted(1000 * v for v in values[5:])
        high = ordered[int(0.95 * len(ordered))]
        print(f"{name:22s} median {statistics.median(ordered):6.1f} ms   95 % below {high:6.1f} ms")
    print(f"board found in {found} of {count} frames of {SIZE_PX[0]}x{SIZE_PX[1]} px")


if __name__ == "__main__":
    main()
