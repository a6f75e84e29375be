"""Peak memory and CPU time of a step on several victims, beside each of them alone and beside one graph over all.

    python benchmarks/ensemble.py DETECTOR.onnx DETECTOR.onnx ... [--batch 8] [--side 416]

Without files: three detectors of torchvision with random weights. Every case runs in a process of its own, on one
thread; memory is the highest resident set while it steps, less that before the first step; time is process time.
Goal: peak at most 1.15 times that of the largest victim alone, time no more than that of the summed graph.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import statistics
import time
import warnings
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from step import VICTIMS, scene
from torch import Tensor

from physadv.core.problem.objective import Member, Objective
from physadv.core.protocols import Victim
from physadv.parts.goals.detection import Hide
from physadv.parts.goals.options import HideConfig
from physadv.parts.patches.entries import physadv_patches
from physadv.parts.patches.options import RasterConfig
from physadv.parts.render.entries import build_renderer
from physadv.parts.render.options import EotConfig, JitterConfig, LightConfig

RANDOM = [f"torchvision/{name}" for name in (
    "ssdlite320_mobilenet_v3_large", "ssd300_vgg16", "fasterrcnn_mobilenet_v3_large_320_fpn"
)]  # fmt: skip
GOAL = 1.15


def victim(name: str) -> Victim:
    """From a file, or torchvision's with random weights."""
    entry = VICTIMS["onnx" if name.endswith(".onnx") else name]
    made: Victim = entry.build(entry.config(path=name) if name.endswith(".onnx") else entry.config(weights="random"))
    return made


def summed(objective: Objective) -> Callable[[Tensor, object], Tensor]:
    """All victims in one graph, as it is usually written."""

    def loss(images: Tensor, given: object) -> Tensor:
        terms = [m.goal.loss(m.victim.outputs(images), given) for m in objective.members]  # type: ignore[arg-type]
        return torch.stack(terms).mean(0)

    return loss


def measured(names: list[str], split: bool, batch: int, side: int, rounds: int) -> tuple[float, float, Tensor]:
    """Peak in MiB, seconds a step, and the gradient at the texels."""
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    victims = [victim(name) for name in names]
    objective = Objective(tuple(Member(v, Hide(HideConfig()).bound(v.labels)) for v in victims))
    patch = physadv_patches()[0].build(
        RasterConfig(width_mm=374, height_mm=374, px_per_100mm=80, init="random", seed=1)
    )
    renderer = build_renderer(EotConfig(jitter=JitterConfig(yaw_deg=[-20, 20]), light=LightConfig(contrast=[0.8, 1.2])))
    given, times = scene(side, batch), []
    plain = summed(objective)
    before = _forget_peak()
    for _ in range(rounds):
        begun = time.process_time()
        patch.zero_grad()
        images = renderer.render(given, patch(), renderer.sample(given, torch.Generator().manual_seed(0)))
        loss = objective.measure(images, given).loss if split else plain(images, given)
        loss.mean().backward()  # type: ignore[no-untyped-call]
        del images, loss
        times.append(time.process_time() - begun)
    gradient = next(patch.parameters()).grad
    return _kib("VmHWM") / 1024 - before, statistics.median(times[1:]), gradient


def _forget_peak() -> float:
    """Let the peak start again at what is resident now; that, in MiB."""
    with open("/proc/self/clear_refs", "w") as switch:
        switch.write("5")
    return _kib("VmRSS") / 1024


def _kib(key: str) -> int:
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(key))


def apart(*job: object) -> tuple[float, float, Tensor]:
    """:func:`measured` in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found: tuple[float, float, Tensor] = pool.apply(measured, job)
    return found


def main() -> None:
    """Print each case and the two ratios."""
    parser = argparse.ArgumentParser(description="memory and time of a step on several victims")
    parser.add_argument("detectors", nargs="*", default=RANDOM, help="ONNX files")
    parser.add_argument("--batch", type=int, default=8, help="images a step")
    parser.add_argument("--side", type=int, default=416, help="px of the images")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    size = (given.batch, given.side, given.rounds)
    alone = {name: apart([name], True, *size) for name in given.detectors}
    cases = {**alone, "all, summed graph": apart(given.detectors, False, *size)}
    cases["all, Objective"] = apart(given.detectors, True, *size)
    for name, (peak, seconds, _) in cases.items():
        print(f"{os.path.basename(name):44s} {peak:8.0f} MiB {1e3 * seconds:8.0f} ms")
    largest = max(peak for peak, _, _ in alone.values())
    (_, plain, theirs), (peak, ours, gradient) = cases["all, summed graph"], cases["all, Objective"]
    print(f"peak against the largest alone               {peak / largest:8.2f}  (goal: at most {GOAL})")
    print(f"time against the summed graph                {ours / plain:8.2f}  (goal: at most 1.05)")
    print(f"gradient's largest difference, relative      {(gradient - theirs).abs().max() / theirs.abs().max():8.1e}")


if __name__ == "__main__":
    main()
