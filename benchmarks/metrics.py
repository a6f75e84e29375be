"""Average precision beside faster-coco-eval and pycocotools in one process, and the bootstrap around it.

Task: random reports around random objects, ``--images`` of ``--found`` reports each. All three get what they start
from in memory: tables here, COCO dictionaries there, already indexed; the two libraries are asked for the like (all
areas, at most 100 reports). CPU time of one thread, median, interleaved. The values must agree to 1e-9.

    OMP_NUM_THREADS=1 python benchmarks/metrics.py [--images 5000] [--found 50] [--classes 80] [--resamples 1000]
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import io
import os
import resource
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pycocotools.coco
import torch
from faster_coco_eval import COCO, COCOeval_faster
from pycocotools.cocoeval import COCOeval
from timing import timed

from physadv.library.metrics import coco_format
from physadv.library.metrics.average_precision import own_precision, resampled_precision
from physadv.library.metrics.interval import resampled_weights
from physadv.library.metrics.tables import Findings, Truth


def tables(images: int, found: int, classes: int, seed: int = 0) -> tuple[Truth, Findings]:
    """About 7 objects an image; most reports are moved copies of one of them, the rest lie anywhere."""
    rng = np.random.default_rng(seed)
    view = np.repeat(np.arange(images), rng.integers(1, 14, images))
    corner = rng.random((len(view), 2)) * 500
    boxes = np.concatenate([corner, corner + 20 + rng.random((len(view), 2)) * 150], 1).round(2)
    category = rng.integers(0, classes, len(view))
    truth = Truth(
        np.arange(images), view, np.arange(len(view)), boxes, category,
        np.ones(len(view), dtype=np.bool_), np.zeros(len(view), dtype=np.bool_),
    )  # fmt: skip
    of_view = np.repeat(np.arange(images), found)
    first, count = np.searchsorted(view, of_view), np.bincount(view, minlength=images)[of_view]
    near = first + (rng.random(len(of_view)) * count).astype(np.int64)
    real = rng.random(len(of_view)) < 0.7
    moved = boxes[near] + rng.normal(0, 8, (len(near), 4))
    anywhere = rng.random((len(near), 2)) * 500
    spread = np.where(real[:, None], moved, np.concatenate([anywhere, anywhere + 60], 1)).round(2)
    spread[:, 2:] = np.maximum(spread[:, 2:], spread[:, :2] + 1)
    label = np.where(real & (rng.random(len(near)) < 0.9), category[near], rng.integers(0, classes, len(near)))
    return truth, Findings(of_view, spread, rng.random(len(near)).round(6), label)


def libraries(truth: Truth, findings: Findings, images: int, classes: int) -> dict[str, Any]:
    """Jobs that return (AP, AP50)."""
    names = [str(c) for c in range(classes)]
    ground = coco_format.ground_truth(truth, [f"{i}.png" for i in range(images)], [(640, 640)] * images, names)
    reports = coco_format.results(findings)
    fast = COCO(copy.deepcopy(ground))
    fast_found = fast.loadRes(copy.deepcopy(reports))
    with contextlib.redirect_stdout(io.StringIO()):
        slow = pycocotools.coco.COCO()
        slow.dataset = ground
        slow.createIndex()
        slow_found = slow.loadRes(reports)

    def evaluated(evaluation: Any) -> tuple[float, float]:
        evaluation.params.maxDets = [100]
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]], ["all"]
        with contextlib.redirect_stdout(io.StringIO()):
            evaluation.evaluate()
            evaluation.accumulate()
        precision = evaluation.eval["precision"][..., 0, 0]  # (T, R, K)
        return tuple(float(p[p > -1].mean()) for p in (precision, precision[:1]))  # type: ignore[return-value]

    return {
        "faster-coco-eval": lambda: evaluated(COCOeval_faster(fast, fast_found, iouType="bbox")),
        "pycocotools": lambda: evaluated(COCOeval(slow, slow_found, "bbox")),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name, default in (("images", 5000), ("found", 50), ("classes", 80), ("resamples", 1000), ("rounds", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    torch.set_num_threads(1)
    truth, findings = tables(args.images, args.found, args.classes)
    weights = resampled_weights(args.images, args.resamples, torch.Generator().manual_seed(0))
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    bootstrap = timed({"bootstrap": lambda: resampled_precision(truth, findings, weights)}, 1)["bootstrap"]
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - resident) / 1024

    def own() -> tuple[float, float]:
        values = own_precision(truth, findings)
        return float(values.mean()), float(values[0])

    jobs = {"physadv": own, **libraries(truth, findings, args.images, args.classes)}
    values = {name: job() for name, job in jobs.items()}
    for name, value in values.items():
        if np.abs(np.subtract(value, values["pycocotools"])).max() > 1e-9:
            raise SystemExit(f"{name} gives {value}, pycocotools {values['pycocotools']}")
    seconds = timed(jobs, args.rounds)
    print(
        f"{args.images} images x {args.found} reports, {args.classes} classes: AP {values['physadv'][0]:.6f}, all equal"
    )
    for name, time_s in seconds.items():
        print(f"{name:>18}  {time_s:7.2f} s  {time_s / seconds['physadv']:6.1f} x")
    print(f"bootstrap of {args.resamples}: {bootstrap:.1f} s, {grown:.0f} MiB more at its peak")


if __name__ == "__main__":
    main()
