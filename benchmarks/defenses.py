"""The cost of each defence, a picture at a time, beside the detectors it protects.

Task: a drawn road picture, as large as asked; and the same with a square of coloured noise (a fifth of its side) for
the localisers to paint over. Forward as in judging and watching; with ``--step``, forward and backward as in an attack.
One thread, CPU time, median; all jobs run interleaved. Ratios are to the victims on the same pixels: sign-nano, and
YOLOX-nano's network from an ONNX file. Defences that remember frames are timed round these, from picture to reports.

    OMP_NUM_THREADS=1 python benchmarks/defenses.py [--onnx yolox_nano.onnx] [--step] [--rounds 15] [--sizes 416 640]
"""

from __future__ import annotations

import argparse
import logging
import os
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import torch
from timing import timed
from torch import Tensor

from physadv.core.access import AccessLevel
from physadv.core.errors import BadOption, IncompatibleParts
from physadv.core.protocols import Victim
from physadv.core.types import Candidates
from physadv.parts.defenses.entries import physadv_defenses
from physadv.parts.defenses.temporal.entries import physadv_defenses as memories
from physadv.parts.scenes.entries import build_road
from physadv.parts.scenes.options import RoadConfig
from physadv.parts.victims.entries import physadv_victims
from physadv.parts.victims.options import OnnxConfig, SignNanoConfig
from physadv.testing import ToyGridDetector

Job = Callable[[], object]
FREE = ToyGridDetector()
"""The victim behind which defences are timed: it costs next to nothing."""


def pictures(size: int) -> dict[str, Tensor]:
    """``(1,3,size,size)`` each."""
    road = build_road(RoadConfig(images=1, width_px=size, height_px=size))
    clean = next(road.sweep(1)).srgb
    noise = torch.rand(1, 3, size // 40, size // 40, generator=torch.Generator().manual_seed(0))
    side, patched = size // 5, clean.clone()
    patched[..., side : 2 * side, side : 2 * side] = torch.nn.functional.interpolate(noise, (side, side))
    return {"clean": clean, "patched": patched}


def job(asked: Callable[[Tensor], Candidates], image: Tensor, step: bool) -> Job:
    """Asks about a picture; in a step, goes back to its pixels."""
    leaf = image.clone().requires_grad_(step)

    def once() -> None:
        leaf.grad = None
        with torch.set_grad_enabled(step):
            outputs = asked(leaf)
        if step:
            outputs.scores.sum().backward()  # type: ignore[no-untyped-call]

    return once


def victims(onnx: str) -> dict[str, Callable[[Tensor], Candidates]]:
    """The victims that costs are compared with."""
    rows = {row.name: row for row in physadv_victims()}
    made: dict[str, Callable[[Tensor], Candidates]] = {"sign-nano": rows["sign-nano"].build(SignNanoConfig()).outputs}
    if onnx:
        detector: Any = rows["onnx"].build(OnnxConfig(path=onnx))

        def answered(image: Tensor) -> Candidates:
            flat = torch.cat([output.flatten() for output in detector.network(image * 255)])
            return Candidates(flat.new_zeros(1, 1, 4), flat.view(1, 1, -1))

        made["YOLOX-nano"] = answered
    return made


def measured(size: int, onnx: str, step: bool, rounds: int) -> tuple[dict[str, float], dict[str, float]]:
    """Seconds of each victim; of each defence on each picture, less what the victim behind it takes."""
    shown = pictures(size)
    jobs: dict[str, Job] = {name: job(asked, shown["clean"], step) for name, asked in victims(onnx).items()}
    compared = list(jobs)
    for row in physadv_defenses():
        try:
            made = row.build(row.config()).around(FREE)
        except (BadOption, IncompatibleParts) as refused:  # needs options of its own, or a classifier
            print(f"{row.name} is left out: {refused}")
            continue
        for what, image in shown.items():
            jobs[f"{row.name}, {what}"] = job(made.outputs, image, step and made.access is AccessLevel.gradients)
    took = timed(jobs, rounds)
    nothing = took["none, clean"]
    return {name: took[name] for name in compared}, {
        name: took[name] - nothing for name in jobs if name not in compared
    }


def told(size: int, reference: Mapping[str, float], costs: Mapping[str, float]) -> None:
    """Print one table."""
    print(f"\n{size} px: " + ", ".join(f"{name} {1e3 * took:.1f} ms" for name, took in reference.items()))
    print(f"| defence | ms | {' | '.join(f'of {name}' for name in reference)} |")
    print("|---" * (2 + len(reference)) + "|")
    for name, took in costs.items():
        shares = " | ".join(f"{took / other:.2f}" for other in reference.values())
        print(f"| {name} | {1e3 * took:.1f} | {shares} |")


def remembered(size: int, onnx: str, rounds: int) -> None:
    """Print what a memory adds to a frame of a film in which a detector has something to report."""
    image = pictures(size)["clean"]
    rows = {row.name: row for row in physadv_victims()}
    asked = {"sign-nano": rows["sign-nano"].build(SignNanoConfig())}
    if onnx:
        asked["YOLOX-nano"] = rows["onnx"].build(OnnxConfig(path=onnx))
    for name, victim in asked.items():
        behind = {"none": victim, **{row.name: row.build(row.config()).around(victim) for row in memories()}}
        with torch.no_grad():
            found = len(victim.decide(victim.outputs(image))[0].scores)
            took = timed({kind: partial(reported, one, image) for kind, one in behind.items()}, rounds)
        more = ", ".join(f"{kind} {1e3 * (took[kind] - took['none']):+.2f} ms" for kind in took if kind != "none")
        print(f"{size} px, a frame with {found} reports: {name} {1e3 * took['none']:.1f} ms; {more}")


def reported(victim: Victim, image: Tensor) -> object:
    """The next frame, from picture to reports."""
    with torch.no_grad():
        return victim.decide(victim.outputs(image))


def main() -> None:
    """Print a table for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--onnx", default="", help="YOLOX-nano, to compare with")
    parser.add_argument("--sizes", type=int, nargs="+", default=[416, 640])
    parser.add_argument("--step", action="store_true", help="with the way back")
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    for size in args.sizes:
        told(size, *measured(size, args.onnx, args.step, args.rounds))
        if not args.step:
            remembered(size, args.onnx, args.rounds)


if __name__ == "__main__":
    main()
